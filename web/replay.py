"""What the page of an opened draw says while it replays the draw in the browser (web/static/check.js)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from locales import Words

SCRIPTS = ("sha256.js", "bundle.js", "commitment.js", "replay.js", "hat.js")  # in this order, in the worker
CHECKS = (
    *("files", "tables", "roots", "strata", "secret", "drand", "witnesses", "subjects", "inspectors"),
    *("certificate", "sealed", "chain"),
)
STEPS = ("download", "tables", "roots", "tickets", "inspectors", "comparing")
WHY = (
    *("missing", "unknown", "json", "field", "text", "order", "row", "repeated", "excluded", "size", "root"),
    *("quota", "strata", "secret", "entropy", "early", "visit", "reserves", "seat", "replay", "sealed"),
    *("number", "gap", "chain", "clock"),
)
OUTCOMES = ("right", "gap", "wrong")
ANSWERS = ("drawn", "reserve", "missed", "inside", "excluded", "absent", "form", "none")
LABELS = ("line", "before", "after", "proof", "ticket", "last", "chance", "reason")
FACTS = (
    *("line_of", "proof_holds", "proof_fails", "ticket_one", "ticket_best", "ticket_smaller", "ticket_greater"),
    *("chance_all", "chance_equal", "chance_weighted"),
    *("reason_dead", "reason_annual_cap", "reason_hold", "reason_other"),
)
GAPS = (
    *("where", "reason", "code", "place", "size", "file", "steps", "weight", "stratum", "quota", "percent"),
    *("total", "subjects", "visits", "seconds", "wrong", "before"),
)
KEYS = (
    *(f"step.{one}" for one in STEPS),
    *(f"why.{one}" for one in WHY),
    *(f"verdict.{one}{part}" for one in OUTCOMES for part in ("", ".words")),
    *(f"hat.{one}{part}" for one in ANSWERS for part in ("", ".words")),
    *(f"hat.label.{one}" for one in LABELS),
    *(f"hat.{one}" for one in FACTS),
    *("sign.good", "sign.bad", "sign.unknown", "took", "failed", "hat.wait", "hat.show"),
)


def words(t: Words) -> Iterator[tuple[str, str]]:
    """The words that the scripts need, by key, with the gaps still open: {code}."""
    open_gaps: dict[str, Any] = {name: f"{{{name}}}" for name in GAPS}
    for key in KEYS:
        yield key, t(f"web.replay.{key}", **open_gaps)


def filled(gaps: dict[str, Any]) -> dict[str, Any]:
    """Gaps with numbers as people read them."""
    return {name: f"{value:,}" if isinstance(value, int) else value for name, value in gaps.items()}
