"""A month's leads as a table, and one lead's story as text: the words for what is printed (R3.3.3a, R4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from documents.lead_list import Cell, workbook
from handlers.lead_talk import told
from locales import Words
from models.leads import Lead, LeadMove

COLUMNS = (
    *("number", "sent", "origin", "source", "reference", "subject", "code", "address", "text", "sender", "to"),
    *("state", "handler", "due", "returns", "outcome", "words", "resolved"),
)


def month_of(today: date, back: int) -> tuple[date, date]:
    """The first day of the month so many months ago, and of the one after it."""
    months = today.year * 12 + today.month - 1 - back
    return date(months // 12, months % 12 + 1, 1), date((months + 1) // 12, (months + 1) % 12 + 1, 1)


def table(words: Words, leads: Sequence[Lead], title: str) -> bytes:
    """The workbook of these leads."""
    header = [str(words(f"leads.column.{name}").unescape()) for name in COLUMNS]
    return workbook(title, header, [_row(words, one) for one in leads], "yyyy-mm-dd")


def _row(words: Words, lead: Lead) -> list[Cell]:
    def said(key: str) -> str:
        return str(words(key).unescape())

    def day(moment: datetime | None) -> date | None:
        return moment.astimezone(words.zone).date() if moment else None

    return [
        lead.id,
        day(lead.sent_at),
        said(f"lead.origin.{lead.origin}"),
        lead.source,
        lead.reference,
        lead.subject.name,
        lead.subject.code,
        lead.subject.address,
        lead.text,
        f"{lead.source_organ.name} {lead.sender.name}",
        lead.organ.name,
        said(f"lead.state.{lead.state}"),
        lead.handler.name if lead.handler else "",
        lead.due,
        lead.returns,
        said(f"outcome.{lead.outcome}") if lead.outcome else "",
        lead.outcome_text or lead.reason,
        day(lead.resolved_at),
    ]


def story(words: Words, lead: Lead, steps: Sequence[LeadMove]) -> str:
    """The whole story of a lead as plain text: who, when, what, from the first step to the last."""
    address = lead.subject.address or lead.subject.area.name
    lines = [
        words("lead.story", number=lead.id, name=lead.subject.name).striptags(),
        str(words("lead.about", name=lead.subject.name, address=address, text=lead.text).unescape()),
        *(str(told(words, one, most=2000).unescape()) for one in steps),
    ]
    return "\n".join(lines)


def as_data(lead: Lead, steps: Sequence[LeadMove]) -> dict[str, Any]:
    """A lead with its story, for programs."""
    return {
        "number": lead.id,
        "origin": lead.origin,
        "source": lead.source,
        "reference": lead.reference,
        "subject": {"code": lead.subject.code, "name": lead.subject.name},
        "from": lead.source_organ.name,
        "to": lead.organ.name,
        "text": lead.text,
        "state": lead.state,
        "due": lead.due.isoformat(),
        "outcome": lead.outcome,
        "outcome_text": lead.outcome_text,
        "steps": [
            {
                "at": one.at.isoformat(),
                "who": one.person.staff_no if one.person else None,
                "verb": one.verb,
                "organ": one.organ.name if one.organ else None,
                "person": one.to_person.staff_no if one.to_person else None,
                "lead": one.to_lead_id,
                "text": one.text,
                "due": one.due.isoformat() if one.due else None,
            }
            for one in steps
        ],
    }
