"""Every table in one place, for migrations and for tests: importing this fills `Base.metadata`."""

from models import (
    calendars,
    changes,
    credit,
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
    subject_search,
    subjects,
    visits,
)
from models.base import Base

__all__ = [
    "Base",
    "calendars",
    "changes",
    "credit",
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
    "subject_search",
    "subjects",
    "visits",
]
