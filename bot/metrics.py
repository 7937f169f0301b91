"""What a monitoring system asks of a process: how long turns take, what became of what was sent, and what waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from models.database import Database
from models.mail import waiting

FORWARDED = ("Forwarded", "X-Forwarded-For", "Via")  # what a proxy adds: figures are for inside the house


class Metrics:
    """The figures of one process, in the text format of Prometheus; what waits is asked of the database each time."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database, self._now = database, now
        self.registry = registry = CollectorRegistry()
        self.turns = Histogram(
            "suicha_turn_seconds",
            "From taking an update to its commit",
            ["outcome"],  # done; failed: rolled back; waits: Telegram must answer first
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
            registry=registry,
        )
        self.sent = Counter("suicha_sent", "Messages to people by what became of them", ["what", "outcome"],
                            registry=registry)  # fmt: skip
        self._waiting = Gauge("suicha_waiting", "Updates that are not handled, notices that are due", ["what"],
                              registry=registry)  # fmt: skip
        self._oldest = Gauge("suicha_oldest_seconds", "Age of the oldest of them", ["what"], registry=registry)

    async def page(self, request: web.Request) -> web.Response:
        """`GET /metrics`, for who asks from the same house: what came through a proxy finds nothing here."""
        if any(header in request.headers for header in FORWARDED):
            raise web.HTTPNotFound
        now = self._now()
        async with self._database.read() as session:
            queues = await waiting(session, now)
        for what, (number, since) in queues.items():
            self._waiting.labels(what).set(number)
            self._oldest.labels(what).set(max(0.0, (now - since).total_seconds()) if since else 0.0)
        headers = {"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"}
        return web.Response(body=generate_latest(self.registry), headers=headers)
