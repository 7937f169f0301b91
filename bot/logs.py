"""Logs that tell what happened and never a secret."""

from __future__ import annotations

import logging
import re
import sys
from types import TracebackType
from typing import Any

import structlog

from models.database import away

TOKEN = re.compile(r"(?<!\d)\d{5,}(?::|%3A)[\w-]{5,}", re.IGNORECASE)  # also right after `/bot`


class _Scrub(logging.Formatter):
    """Takes every bot token out of a finished line, tracebacks included."""

    def __init__(self, inner: logging.Formatter, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._inner = inner
        self._secrets = [secret for secret in secrets if secret]

    def format(self, record: logging.LogRecord) -> str:
        """The line of the inner formatter, scrubbed."""
        return scrub(self._inner.format(record), *self._secrets)


def scrub(text: str, *secrets: str) -> str:
    """The text without the given secrets and without anything that looks like a bot token."""
    for secret in secrets:
        text = text.replace(secret, "[secret]")
    return TOKEN.sub("[token]", text)


def tell(log: Any, what: str, error: Exception, **about: Any) -> None:
    """What failed: a word if only the database is away, which may pass; else with all that is known of it."""
    if away(error):
        log.warning(f"{what}: the database is away", error=str(error), **about)
    else:
        log.error(what, exc_info=error, **about)


def _last_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What ends the process is logged too: Python would print it unscrubbed."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        logging.getLogger("process").critical("stopped by an error", exc_info=(kind, error, trace))


def set_up(level: str, *secrets: str) -> None:
    """Send all logs, ours and the libraries', to standard error as one line each."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(sort_keys=False, bool_as_flag=False),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Scrub(formatter, secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    sys.excepthook = _last_words
    for chatty in ("httpx", "httpcore", "aiohttp.access", "alembic"):
        logging.getLogger(chatty).setLevel("WARNING")
    logging.getLogger("apscheduler").setLevel("ERROR")  # a tick that is still at work is not run twice: no news
