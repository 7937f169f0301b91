"""Every table in one place, for migrations and for tests: importing this fills `Base.metadata`."""

from models import (
    calendars,
    documents,
    draws,
    items,
    journal,
    leads,
    mail,
    people,
    plans,
    publication,
    reminders,
    subjects,
    visits,
)
from models.base import Base

__all__ = [
    "Base",
    "calendars",
    "documents",
    "draws",
    "items",
    "journal",
    "leads",
    "mail",
    "people",
    "plans",
    "publication",
    "reminders",
    "subjects",
    "visits",
]
