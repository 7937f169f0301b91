"""Slows down whoever posts too often: counted in memory, each process for itself, and forgotten after a while."""

from __future__ import annotations

from collections import OrderedDict, deque

REMEMBERED = 10_000  # posters; the one who was quiet longest is forgotten first


class Limiter:
    """At most `most` posts of one poster within `seconds`."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most, self.seconds = most, seconds
        self._posts: OrderedDict[str, deque[float]] = OrderedDict()

    def allows(self, poster: str, at: float) -> bool:
        """Whether somebody may post at a moment (in seconds of any clock); if so, it is counted."""
        posts = self._posts.setdefault(poster, deque())
        self._posts.move_to_end(poster)
        while posts and posts[0] <= at - self.seconds:
            posts.popleft()
        while len(self._posts) > REMEMBERED:
            self._posts.popitem(last=False)
        if len(posts) >= self.most:
            return False
        posts.append(at)
        return True
