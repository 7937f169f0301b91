"""Rows that become entities in one step: for the few statements that every tap makes (docs/decisions/0009).

SQLAlchemy prepares anew, for each statement that it makes, how each column of each entity is read, which for a single
row takes ten times as long as the row itself. Here that is done once. What comes of it are the same entities of the
same session, with all their columns; only what they are related to is for the caller to say.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, FromClause, Table, bindparam, insert, inspect, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.attributes import instance_state, set_committed_value

from models.base import Base
from models.statements import Asked, Row, Statement, at_once


class Of:
    """An entity in a row: which columns are its own, and how they become it. `without` is what is left to be asked for.

    Where a table is in a statement more than once, each time but one under an alias, `table` says which one it is.
    """

    def __init__(self, entity: type[Base], table: FromClause | None = None, without: Collection[str] = ()) -> None:
        self.mapper: Mapper[Any] = inspect(entity)
        self.table = entity.__table__ if table is None else table
        self.without = without
        kept = [one for one in self.mapper.column_attrs if one.key not in without]
        self.names = [one.key for one in kept]
        self.columns: list[ColumnElement[Any]] = [self.table.c[one.columns[0].name] for one in kept]
        self.key = [self.names.index(self.mapper.get_property_by_column(one).key) for one in self.mapper.primary_key]
        into = cast("Table", entity.__table__)
        self.new = insert(into).returning(*into.primary_key, sort_by_parameter_order=True)
        self.one = Statement(self.new, [one.name for one in into.c if one not in set(into.primary_key)])
        self._change = update(into).where(*(one == bindparam(f"of_{one.name}") for one in into.primary_key))
        self._changes: dict[frozenset[str], Statement] = {}  # by what is changed

    def stand(self, session: AsyncSession, values: Sequence[Any], **related: Any) -> Any:
        """The entity of these values in a session, as it stands there if it does; None of an outer join's nothing.

        `related` is what it is related to, by the names of its relationships.
        """
        key = tuple([values[place] for place in self.key])
        if None in key:
            return None
        inside, identity = session.sync_session, self.mapper.identity_key_from_primary_key(key)
        if (there := inside.identity_map.get(identity)) is not None:
            for name, one in related.items():
                set_committed_value(there, name, one)
            return there
        entity = self.mapper.class_manager.new_instance()
        entity.__dict__.update(zip(self.names, values, strict=True), **related)
        state = instance_state(entity)
        state.key, state.session_id = identity, inside.hash_key
        inside.identity_map.add(state)
        if self.without:
            session.expire(entity, self.without)
        return entity

    def numbered(self, session: AsyncSession, rows: Sequence[dict[str, Any]], numbers: Sequence[Row]) -> list[Any]:
        """What was entered, with the numbers that it was given."""
        return [
            self.stand(session, [row.get(name, number) for name in self.names])
            for row, (number,) in zip(rows, numbers, strict=True)
        ]

    def changes(self, session: AsyncSession, entity: Any) -> list[Asked]:
        """What writes down all that has changed of an entity, for `at_once`; more than columns is left to a flush."""
        state = instance_state(entity)
        touched = state.committed_state.keys()
        if not touched or not touched <= state.dict.keys() & set(self.names):
            return []
        changed = {name: state.dict[name] for name in touched if state.dict[name] != state.committed_state[name]}
        state._commit_all(state.dict, session.sync_session.identity_map)
        if not changed:
            return []
        key = zip(self.table.primary_key, self.mapper.primary_key_from_instance(entity), strict=True)
        names = frozenset(changed)
        if names not in self._changes:
            self._changes[names] = Statement(self._change, names)
        return [(self._changes[names], changed | {f"of_{column.name}": one for column, one in key})]


async def enter_all(session: AsyncSession, *new: tuple[Of, Sequence[dict[str, Any]]]) -> list[list[Any]]:
    """New entities of several kinds, written at once; each row says every column but the number it is given."""
    if session.new:  # what was before them gets its numbers before them
        await session.flush()
    if all(len(rows) == 1 for _, rows in new):
        given = await at_once(session, *((kind.one, rows[0]) for kind, rows in new))
    else:
        given = [(await session.execute(kind.new, rows)).all() for kind, rows in new]
    return [kind.numbered(session, rows, numbers) for (kind, rows), numbers in zip(new, given, strict=True)]


class Side:
    """Entities side by side in each row of a statement."""

    def __init__(self, *kinds: Of) -> None:
        self.kinds = kinds
        self.columns = [column for one in kinds for column in one.columns]
        ends = [sum(len(one.columns) for one in kinds[: place + 1]) for place in range(len(kinds))]
        self.places = [slice(end - len(one.columns), end) for one, end in zip(kinds, ends, strict=True)]

    def stand(self, session: AsyncSession, row: Sequence[Any]) -> list[Any]:
        """The entities of a row, in order; what else is in the row comes after them."""
        return [one.stand(session, row[place]) for one, place in zip(self.kinds, self.places, strict=True)]
