"""Every table in one place, for migrations and for tests: importing this fills `Base.metadata`."""

from models import draws, items, journal, leads, mail, people, plans, publication, subjects, visits
from models.base import Base

__all__ = [
    "Base",
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
