"""Every table in one place, for migrations and for tests: importing this fills `Base.metadata`."""

from models import documents, draws, items, journal, leads, mail, people, plans, publication, subjects, visits
from models.base import Base

__all__ = [
    "Base",
    "documents",
    "draws",
    "items",
    "journal",
    "leads",
    "mail",
    "people",
    "plans",
    "publication",
    "subjects",
    "visits",
]
