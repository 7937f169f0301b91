"""What a photo is worth as proof that somebody was there then: its own time and place against those of the visit."""

from __future__ import annotations

from datetime import datetime, timedelta

NEAR = 300  # metres from the subject: a big market with a satellite fix between houses
BEFORE = timedelta(minutes=15)  # a photo of the front may be older than the tap on "I'm here"
CLOCK = timedelta(minutes=5)  # how wrong a phone's clock may be; those on a network are right to a second
SAME_VISIT = timedelta(hours=12)  # older than that before the visit is no slip: it is another day's photo

GOOD, FAR, EARLY, OLD, FUTURE = "good", "far", "early", "old", "future"
PLACE_ONLY, TIME_ONLY, UNKNOWN = "place_only", "time_only", "unknown"
GRADES = (GOOD, FAR, EARLY, OLD, FUTURE, PLACE_ONLY, TIME_ONLY, UNKNOWN)
DOUBTFUL = frozenset({FAR, EARLY, OLD, FUTURE})  # accepted, but said to the inspector and marked for the reviewer

WEIGHED = frozenset({"photo", "page", "position"})  # kinds that can say where and when
PICTURES = frozenset({"photo", "page"})  # kinds that a contact sheet can show
SHOWS = frozenset({"photo", "page", "video", "video_note"})  # kinds that do for a point that asks for a photo


def shows_refusal(kind: str, media: str) -> bool:
    """Whether a file can show that somebody refuses to sign: a recording, also sent as a file, or a photo."""
    return kind in {*SHOWS, "voice", "audio"} or media.startswith(("audio/", "video/"))


def grade(taken: datetime | None, metres: int | None, arrived: datetime | None, now: datetime) -> str:
    """What a photo is worth.

    `taken` is when it says it was taken, `metres` how far from the subject it says that was (None: it does not say,
    or nobody knows where the subject is), `arrived` when the visit began (None: not yet), `now` when it came in. A
    wrong time weighs more than a wrong place, because the words say the distance anyway.
    """
    if taken is not None:
        since = (arrived or now) - BEFORE
        if taken > now + CLOCK:
            return FUTURE
        if taken < since - SAME_VISIT:
            return OLD
        if taken < since:
            return EARLY
    if metres is not None and metres > NEAR:
        return FAR
    if taken is None:
        return UNKNOWN if metres is None else PLACE_ONLY
    return TIME_ONLY if metres is None else GOOD


def doubtful(grade: str, seen_before: int | None) -> bool:
    """Whether a reviewer should look twice: the wrong time or place, or the same bytes on another visit."""
    return grade in DOUBTFUL or seen_before is not None
