"""Who works here: areas, organs, people, and the chats in which we meet them (R3.1.3a, R3.1.3d)."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    FromClause,
    LargeBinary,
    String,
    UniqueConstraint,
    and_,
    bindparam,
    func,
    literal,
    not_,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.orm.attributes import set_committed_value

from models.base import Base, has_tag
from models.database import on_sqlite
from models.rows import Of, Side
from models.statements import Statement
from rules.people import BARRED, on_leave


class Area(Base):
    """An administrative area (行政区) by its GB/T 2260 code."""

    __tablename__ = "areas"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    parent: Mapped[str | None] = mapped_column(ForeignKey("areas.code"))
    neighbours: Mapped[tuple[str, ...]] = mapped_column(default=())  # names of areas, R3.2.2b


class Organ(Base):
    """A department of an area: `department` is its line (市场监管), `name` its full name (义乌市市场监督管理局)."""

    __tablename__ = "organs"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    department: Mapped[str] = mapped_column(index=True)
    area_code: Mapped[str] = mapped_column(ForeignKey("areas.code"))
    area: Mapped[Area] = relationship(lazy="selectin")  # there are few, and a session has most of them at once


class Person(Base):
    """Somebody of the staff; `roles` are inspector, supervisor, liaison, administrator, expert, office (联席办).

    A leave of which the days are known is `leave_from` and `leave_until`, both included, either perhaps unknown; the
    `status` stays active, so that nobody has to end it (动态管理, R3.1.3a).
    """

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_no: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    organ_id: Mapped[int] = mapped_column(ForeignKey("organs.id"), index=True)
    area_code: Mapped[str] = mapped_column(ForeignKey("areas.code"))
    roles: Mapped[tuple[str, ...]] = mapped_column(default=())
    certificate: Mapped[str] = mapped_column(default="")
    certificate_until: Mapped[date | None]
    specialties: Mapped[tuple[str, ...]] = mapped_column(default=())
    phone: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default="active")  # of rules.people; leave: nobody knows until when
    leave_from: Mapped[date | None]
    leave_until: Mapped[date | None]
    organ: Mapped[Organ] = relationship(lazy="joined", innerjoin=True)
    area: Mapped[Area] = relationship(lazy="selectin")

    @property
    def barred(self) -> bool:
        """Whether the person may do nothing here: suspended, or not of the staff any more."""
        return self.status in BARRED

    def there(self, day: date) -> bool:
        """Whether the person is at work that day: active and not on leave."""
        return self.status == "active" and not on_leave(self.leave_from, self.leave_until, day)

    def leaves(self, day: date) -> bool:
        """Whether the person is not there, or will go on leave later."""
        return not self.there(day) or (self.leave_from or day) > day


class Chat(Base):
    """A private chat: whose it is, and what free text or photo it waits for (`awaiting`)."""

    __tablename__ = "chats"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), unique=True)
    language: Mapped[str] = mapped_column(default="zh_CN")
    awaiting: Mapped[dict[str, Any] | None]
    bound_at: Mapped[datetime | None]
    unreachable_at: Mapped[datetime | None]
    person: Mapped[Person | None] = relationship(lazy="joined")


class Card(Base):
    """The one living message about a thing in a chat (`about` is `visit:12`), so that it can be edited later."""

    __tablename__ = "cards"

    chat_id: Mapped[int] = mapped_column(ForeignKey("chats.id"), primary_key=True)
    about: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[int]


class Invitation(Base):
    """A one-time link that binds a chat to a person; only the token's SHA-256 is kept."""

    __tablename__ = "invitations"
    __table_args__ = (UniqueConstraint("token_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)


def at_work(day: date) -> ColumnElement[bool]:
    """`Person.there` as a condition: who may be drawn, appointed or keep a seat that day."""
    known = or_(Person.leave_from.is_not(None), Person.leave_until.is_not(None))
    begun, lasts = func.coalesce(Person.leave_from, day) <= day, func.coalesce(Person.leave_until, day) >= day
    return and_(Person.status == "active", not_(and_(known, begun, lasts)))


# How a tap reads a person (`models.rows`): with organ and areas, beside what names them.
areas, organs, people, chats = (one.__table__ for one in (Area, Organ, Person, Chat))
area_of_organ, _area_of_person = areas.alias(), areas.alias()
ORGAN, AREA_OF_ORGAN = Of(Organ), Of(Area, area_of_organ)
PERSON = Side(Of(Person), ORGAN, AREA_OF_ORGAN, Of(Area, _area_of_person))


def with_person(start: FromClause, person_id: ColumnElement[Any]) -> FromClause:
    """A table, and for each row the person that it names, if any."""
    return (
        start.outerjoin(people, people.c.id == person_id)
        .outerjoin(organs, organs.c.id == people.c.organ_id)
        .outerjoin(area_of_organ, area_of_organ.c.code == organs.c.area_code)
        .outerjoin(_area_of_person, _area_of_person.c.code == people.c.area_code)
    )


def whose(person: Person | None, organ: Organ, of_organ: Area, area: Area) -> Person | None:
    """A person as they stand in a row of `PERSON`, with their organ and areas."""
    if person is not None:
        set_committed_value(organ, "area", of_organ)
        set_committed_value(person, "organ", organ)
        set_committed_value(person, "area", area)
    return person


THE_CHAT, CARD = Of(Chat), Of(Card)
CHAT = Side(THE_CHAT, *PERSON.kinds)
THIS_CHAT = Statement(
    select(*CHAT.columns)
    .select_from(with_person(chats, chats.c.person_id))
    .where(chats.c.id == bindparam("chat"))
    .with_for_update(of=chats)
)
THIS_CARD = Statement(
    select(*CARD.columns).where(CARD.table.c.chat_id == bindparam("chat"), CARD.table.c.about == bindparam("about"))
)


async def chat_at_hand(session: AsyncSession, chat_id: int) -> Chat | None:
    """A chat with whoever is bound to it, locked for a turn; None if it never spoke."""
    row = await THIS_CHAT.row(session, chat=chat_id)
    return chat_in(session, row) if row else None


def chat_in(session: AsyncSession, row: Sequence[Any]) -> Chat:
    """The chat of a row of `CHAT`, with whoever is bound to it."""
    chat: Chat
    chat, *person = CHAT.stand(session, row)
    set_committed_value(chat, "person", whose(*person))
    return chat


async def card_about(session: AsyncSession, chat_id: int, about: str) -> Card | None:
    """The living card about a thing in a chat, if there is one."""
    row = await THIS_CARD.row(session, chat=chat_id, about=about)
    return CARD.stand(session, row) if row else None


async def remember_card(session: AsyncSession, chat_id: int, about: str, message_id: int) -> None:
    """From now on this message is the card about a thing.

    The chat is locked first, as every turn does: two that write the same card would else wait for each other.
    """
    insert = sqlite_insert if on_sqlite(session) else postgresql_insert
    columns = Chat.id, literal(about, String), literal(message_id, BigInteger)
    locked = select(*columns).where(Chat.id == chat_id).with_for_update()
    card = insert(Card).from_select(["chat_id", "about", "message_id"], locked)
    new = {"message_id": card.excluded.message_id}
    await session.execute(card.on_conflict_do_update(index_elements=["chat_id", "about"], set_=new))


async def chat_of(session: AsyncSession, person_id: int) -> Chat | None:
    """The chat that is bound to a person, if there is one."""
    chat: Chat | None = await session.scalar(select(Chat).where(Chat.person_id == person_id))
    return chat


async def with_role(session: AsyncSession, role: str, organ_id: int | None = None) -> list[Person]:
    """Active people who hold a role, of one organ or of all, by staff number."""
    query = select(Person).where(Person.status == "active", has_tag(Person.roles, role))
    if organ_id is not None:
        query = query.where(Person.organ_id == organ_id)
    return list(await session.scalars(query.order_by(Person.staff_no)))


async def office_of(session: AsyncSession, area_code: str) -> list[Person]:
    """Who acts for the joint conference office (联席会议办公室, R3.2.1a, R4.1) of an area, by staff number.

    The office is whoever holds the role `office`, often a desk of the market supervision bureau, in an organ of that
    area. An area without one is looked after by the area above; nobody there either: an empty list.
    """
    held = await with_role(session, "office")
    code = await nearest(session, area_code, {one.organ.area_code for one in held})
    return [one for one in held if one.organ.area_code == code]


async def nearest(session: AsyncSession, area_code: str | None, among: Container[str]) -> str | None:
    """An area itself or the next above it that is among some."""
    code = area_code
    while code and code not in among:
        area = await session.get(Area, code)
        code = area.parent if area else None
    return code
