"""Finds subjects by their names among millions, in milliseconds, in either database.

How it is used: `find_subjects` gives subjects by name, part of a name, or code; `by_name` and `by_code` give ids, the
best first, for queries that have more to ask. All are right at any moment: names that the index does not have yet are
looked through one by one.

How it works: the index has the names of all subjects up to `SearchState.up_to` by pairs of characters (`rules.search`):
in SQLite an FTS5 table without content, in PostgreSQL arrays under GIN. New subjects are taken in by `catch_up`, some
thousands at a time, because a first import of a city would else take twice as long. Whoever changes a name calls
`renamed`. Neither database knows these tables as ours (`OURS`), because they are not the same ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, event, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.database import on_sqlite
from models.subjects import Subject
from rules.search import pairs as pairs_of
from rules.search import plain, wanted

OURS = "subject_search"  # how the names of the index's tables begin
CREATE = {
    "sqlite": (
        "CREATE VIRTUAL TABLE IF NOT EXISTS subject_search USING fts5("
        "pairs, content='', columnsize=0, detail=none, tokenize='ascii')",
    ),
    "postgresql": (
        "CREATE TABLE IF NOT EXISTS subject_search (subject_id bigint PRIMARY KEY, pairs text[] NOT NULL)",
        "CREATE INDEX IF NOT EXISTS ix_subject_search_pairs ON subject_search USING gin (pairs)",
    ),
}
DROP = "DROP TABLE IF EXISTS subject_search"
CANDIDATES = 200  # names that have all pairs, of which most really contain the words
MOST = 5_000  # names that are taken in at once


class SearchState(Base):
    """One row: the largest id of a subject whose name is in the index. Imports hold it locked."""

    __tablename__ = "subject_search_state"

    id: Mapped[int] = mapped_column(primary_key=True)
    up_to: Mapped[int] = mapped_column(default=0)


def create(connection: Connection) -> None:
    """Make the index, if it is not there."""
    for statement in CREATE[connection.dialect.name]:
        connection.execute(text(statement))


@event.listens_for(Subject.__table__, "after_create")
def _with_subjects(_table: Table, connection: Connection, **_: Any) -> None:
    create(connection)


@event.listens_for(Subject.__table__, "before_drop")
def _with_them(_table: Table, connection: Connection, **_: Any) -> None:
    connection.execute(text(DROP))


async def find_subjects(session: AsyncSession, words: str, limit: int = 20) -> list[Subject]:
    """Subjects whose code is or begins with the words, then those whose name contains them, the best first."""
    ids = await by_code(session, words, limit)
    if len(ids) < limit:
        ids = list(dict.fromkeys(ids + await by_name(session, words, limit)))[:limit]
    found = {one.id: one for one in await session.scalars(select(Subject).where(Subject.id.in_(ids)))}
    return [found[one] for one in ids]


async def by_name(session: AsyncSession, words: str, limit: int) -> list[int]:
    """Ids of subjects whose name contains the words: first who is called so, then whose name begins so, then others.

    A single character is looked for at the beginning only (a surname).
    """
    sought = plain(words)
    up_to = await session.scalar(select(SearchState.up_to)) or 0
    found: dict[int, None] = {}
    for ends in ((True, True), (True, False), (False, False)):
        if len(found) < limit and (pairs := wanted(words, begins=ends[0], ends=ends[1])):
            for subject, name in await _candidates(session, pairs, max(CANDIDATES, 2 * limit)):
                if sought in plain(name) and subject <= up_to:
                    found.setdefault(subject)
    if sought and len(found) < limit:
        late = Subject.name.icontains(words.strip(), autoescape=True)
        query = select(Subject.id).where(Subject.id > up_to, late).order_by(Subject.name, Subject.id)
        found |= dict.fromkeys(await session.scalars(query.limit(limit)))
    return list(found)[:limit]


async def by_words(session: AsyncSession, words: Sequence[str], limit: int) -> list[int]:
    """Ids of subjects whose name contains each of the words; of one word alone as `by_name`, else by name."""
    if len(words) == 1:
        return await by_name(session, words[0], limit)
    sought = [plain(one) for one in words]
    up_to = await session.scalar(select(SearchState.up_to)) or 0
    found: list[int] = []
    if pairs := list(dict.fromkeys(pair for one in words for pair in wanted(one))):
        for subject, name in await _candidates(session, pairs, max(CANDIDATES, 2 * limit)):
            if subject <= up_to and all(one in plain(name) for one in sought):
                found.append(subject)
    if len(found) < limit:
        late = (Subject.name.icontains(one, autoescape=True) for one in words)
        query = select(Subject.id).where(Subject.id > up_to, *late).order_by(Subject.name, Subject.id)
        found += await session.scalars(query.limit(limit))
    return list(dict.fromkeys(found))[:limit]


async def same_named(session: AsyncSession, name: str) -> list[int]:
    """Ids of the subjects that are called exactly so."""
    called = plain(name)
    ids = await by_name(session, name, CANDIDATES)
    rows = await session.execute(select(Subject.id, Subject.name).where(Subject.id.in_(ids)))
    return [subject for subject, other in rows if plain(other) == called]


async def by_code(session: AsyncSession, words: str, limit: int) -> list[int]:
    """Ids of subjects whose code is what was typed, or begins so (4 characters or more), by code."""
    code = "".join(words.split()).upper()
    if not (code.isascii() and len(code) >= 4):
        return []
    begins = Subject.code.between(code, code + "Z" * 20)
    return list(await session.scalars(select(Subject.id).where(begins).order_by(Subject.code).limit(limit)))


async def lock(session: AsyncSession) -> None:
    """Keep others from adding subjects until this transaction ends."""
    if await session.scalar(select(SearchState).with_for_update()) is None:
        session.add(SearchState(id=1, up_to=0))
        await session.flush()


async def is_behind(session: AsyncSession) -> bool:
    """Whether there are names that the index does not have."""
    up_to = await session.scalar(select(SearchState.up_to)) or 0
    return await session.scalar(select(Subject.id).where(Subject.id > up_to).limit(1)) is not None


async def catch_up(session: AsyncSession, most: int = MOST) -> int:
    """Take some new names into the index; how many there were. Call it again while it is not 0."""
    await lock(session)
    up_to = await session.scalar(select(SearchState.up_to)) or 0
    rows = select(Subject.id, Subject.name).where(Subject.id > up_to).order_by(Subject.id).limit(most)
    new = [(subject, name) for subject, name in await session.execute(rows)]
    if new:
        await _add(session, new)
        await session.execute(update(SearchState).values(up_to=new[-1][0]))
    return len(new)


async def renamed(session: AsyncSession, names: Sequence[tuple[int, str, str]]) -> None:
    """The names of subjects have changed: id, old and new name. Who is not in the index yet is left out."""
    up_to = await session.scalar(select(SearchState.up_to)) or 0
    known = [one for one in names if one[0] <= up_to and one[1] != one[2]]
    if not known:
        return
    if on_sqlite(session):
        forget = "INSERT INTO subject_search (subject_search, rowid, pairs) VALUES ('delete', :id, :pairs)"
        await session.execute(text(forget), [{"id": subject, "pairs": _terms(old)} for subject, old, _ in known])
    await _add(session, [(subject, new) for subject, _, new in known])


async def _candidates(session: AsyncSession, pairs: list[str], limit: int) -> Sequence[tuple[int, str]]:
    if on_sqlite(session):
        query = (
            "SELECT s.id, s.name FROM subject_search x JOIN subjects s ON s.id = x.rowid "
            "WHERE subject_search MATCH :pairs LIMIT :limit"
        )
        sought: Any = " ".join(f'"{_term(pair)}"' for pair in pairs)
    else:
        query = (
            "SELECT s.id, s.name FROM subject_search x JOIN subjects s ON s.id = x.subject_id "
            "WHERE x.pairs @> CAST(:pairs AS text[]) LIMIT :limit"
        )
        sought = pairs
    rows = await session.execute(text(query), {"pairs": sought, "limit": limit})
    return sorted(((row[0], row[1]) for row in rows), key=lambda row: (row[1], row[0]))


async def _add(session: AsyncSession, names: Sequence[tuple[int, str]]) -> None:
    if on_sqlite(session):
        add = "INSERT INTO subject_search (rowid, pairs) VALUES (:id, :pairs)"
        rows: list[dict[str, Any]] = [{"id": subject, "pairs": _terms(name)} for subject, name in names]
    else:
        add = (
            "INSERT INTO subject_search (subject_id, pairs) VALUES (:id, :pairs) "
            "ON CONFLICT (subject_id) DO UPDATE SET pairs = excluded.pairs"
        )
        rows = [{"id": subject, "pairs": pairs_of(name)} for subject, name in names]
    await session.execute(text(add), rows)


def _term(pair: str) -> str:
    """A pair as a word that no tokenizer takes apart."""
    return f"{ord(pair[0]):x}x{ord(pair[1]):x}"


def _terms(name: str) -> str:
    return " ".join(map(_term, pairs_of(name)))
