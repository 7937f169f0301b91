"""Builds a small made-up city in the middle of its work, so that each shown phone has something to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from actions import imports, leads, people
from actions.areas import ensure_areas
from actions.calendars import official
from demo import pictures, plans
from demo.campaign import Camera, Campaign, Found, ends_of
from demo.directories import (
    INSPECTOR,
    LIAISON,
    SUPERVISOR,
    SUPERVISOR_OF_CITY,
    SUPERVISOR_OF_FIRE,
    staff,
    subjects,
)
from demo.items import CATERING, FIRE_EXITS, FOOD_SALE, ITEMS, LICENCE, LIFTS, add_items
from demo.more_items import MORE
from demo.plans import Planned
from models.journal import JournalEntry
from models.leads import Lead
from models.mail import Outbox
from models.people import Chat, Person
from models.subjects import Subject
from rules.deadlines import QUIET_FROM, QUIET_UNTIL

FIRST_CHAT = 1001
DAY = timedelta(days=1)
MORNING = time(10)
# What is found fails at points that need no photo, so that the city is the same where nobody can take one.
NO_TICKETS = Found("最近两批冻品没有进货票据，供货者许可未留底", pictures.licence())
WRONG_SIGN = Found("牌匾写的是转让前的旧店名，与登记名称不符", pictures.licence())
UNTRAINED = Found("两名员工不会用灭火器，说不清最近的安全出口", pictures.corridor())
NO_SELF_CHECK = Found("本月自查表只填到 5 日，食品安全员说不清自查内容", pictures.kitchen())
DIRTY_FLUE = Found("风管半年没有清洗记录，与楼上居民共用烟道", pictures.corridor())


@dataclass(frozen=True)
class City:
    """How many of each there are, for whoever started it."""

    people: int
    subjects: int


async def is_empty(session: AsyncSession) -> bool:
    """Whether nobody has put anything into the database."""
    return not (await session.scalar(select(Person.id).limit(1)) or await session.scalar(select(Subject.id).limit(1)))


async def build(
    session: AsyncSession, now: datetime, authority: str, camera: Camera | None, *, bound: str = ""
) -> City:
    """Build the city; the caller commits. `camera` keeps photos (None: there are none).

    With `bound` everybody has a chat in this language already, numbered from 1001 in the order of the staff list.
    """
    await ensure_areas(session)
    long_ago = min(now - 40 * DAY, now.replace(month=3, day=2, hour=9, minute=0))
    await add_items(session, long_ago, (*ITEMS, *MORE))
    came = await imports.bring_in(session, [imports.KINDS["inspectors"]], staff(), "人员名录.csv", long_ago, None)
    here = await imports.bring_in(session, [imports.KINDS["subjects"]], subjects(), "对象名录.csv", long_ago, None)
    assert not came.refused
    assert not here.refused
    if bound:
        await _bind(session, long_ago, bound)
    await plans.publish(session, _planned(now), now.year, long_ago + timedelta(hours=1))
    campaign = Campaign(session, authority, camera)
    licences, lead = await _months_ago(campaign, now)
    await _under_way(campaign, now)
    await _closed(campaign, now, licences, lead)
    await session.execute(  # what was told in those weeks was told then
        update(Outbox)
        .where(Outbox.created_at < now - timedelta(hours=12))
        .values(ended_at=Outbox.due_at, outcome="dropped")
    )
    return City(came.added, here.added)


def _planned(now: datetime) -> list[Planned]:
    """What this year's plans announce of what is drawn below; what reaches into another year stays out of them."""

    def window(days: int, length: int) -> tuple[date, date]:
        starts = _on(now, days, 9).date()
        return starts, ends_of(starts, length)

    yiwu, fire = (plans.OF_MARKET, "义乌市"), "人员密集场所消防安全"
    found = [
        Planned(plans.OF_CITY, "营业执照规范使用检查", (LICENCE,), "金华市", "1.6", *window(36, 18)),
        Planned(plans.OF_FIRE, f"{fire}检查", (FIRE_EXITS,), "义乌市", "15", *window(18, 14)),
        Planned(plans.OF_FIRE, f"{fire}全覆盖检查", (FIRE_EXITS,), "义乌市", "100", *window(1, 26)),
        Planned(yiwu[0], "餐饮服务食品安全检查", (CATERING,), yiwu[1], "12", *window(9, 21)),
        Planned(yiwu[0], "营业执照规范使用检查", (LICENCE,), yiwu[1], "3", *window(3, 25)),
        Planned(yiwu[0], "餐饮和消防联合检查", (CATERING, FIRE_EXITS), yiwu[1], "2", *window(1, 25), "消防救援"),
        Planned(yiwu[0], "食品销售单位重点检查", (FOOD_SALE,), yiwu[1], "10", *window(1, 28), later=True),
    ]
    return [one for one in found if one.starts.year == one.ends.year == now.year]


async def _bind(session: AsyncSession, at: datetime, language: str) -> None:
    everybody = list(await session.scalars(select(Person).order_by(Person.id)))
    for number, person in enumerate(everybody, FIRST_CHAT):
        token = await people.invite(session, person.staff_no, at, None)
        await session.flush()
        chat = Chat(id=number, language=language)
        chat.person = None
        session.add(chat)
        await session.flush()
        invitation = await people.invitation_for(session, token, chat, at)
        assert invitation
        await people.bind(session, chat, invitation.id, at)
    await session.flush()
    session.expunge_all()


async def _months_ago(campaign: Campaign, now: datetime) -> tuple[int, int]:
    """Two campaigns that are over, and a lead: the draw that will be opened, the lead that will be answered."""
    licences = await campaign.commit(
        LICENCE, "金华市", "1.6", SUPERVISOR_OF_CITY, _on(now, 36, 9), 18, contributed=_on(now, 36, 15)
    )
    await campaign.run(licences, _on(now, 35, 9))
    seen = await campaign.release(licences, _on(now, 35, 10))
    await campaign.published(seen, _on(now, 32, 9), SUPERVISOR_OF_CITY, {3: WRONG_SIGN})
    exits = await campaign.commit(
        FIRE_EXITS, "义乌市", "15", SUPERVISOR_OF_FIRE, _on(now, 18, 9), 14, contributed=_on(now, 18, 14)
    )
    await campaign.run(exits, _on(now, 17, 9))
    seen = await campaign.release(exits, _on(now, 17, 10))
    await campaign.published(seen[:4], _on(now, 15, 14), SUPERVISOR_OF_FIRE, {8: UNTRAINED})
    lead = await campaign.hand_over(seen[1], "住建", "三楼外窗加装了固定栅栏，楼道改作仓库", _on(now, 13, 16))
    return licences, lead


async def _closed(campaign: Campaign, now: datetime, licences: int, lead_id: int) -> None:
    """What was finished of late; told last, because a draw is never dated before anything that is done."""
    session = campaign.session
    lead = await session.get_one(Lead, lead_id)
    liaison = await campaign.person("330782501")
    await leads.accept(session, lead, liaison, _on(now, 12, 9))
    await leads.resolve(session, lead, "corrected", "已责令拆除并清空楼道，复查合格", liaison, _on(now, 6, 11))
    await session.flush()
    session.expunge_all()
    await campaign.open(licences, _on(now, 4, 9))


async def _under_way(campaign: Campaign, now: datetime) -> None:
    """The campaign of these days: what is done, half done, to be reviewed, to be answered, and to be drawn."""
    catering = await campaign.commit(
        CATERING, "义乌市", "12", SUPERVISOR, _on(now, 9, 9), 21, contributed=_on(now, 9, 14)
    )
    await campaign.run(catering, _on(now, 8, 9))
    drawn = await campaign.release(catering, _on(now, 8, 10))
    mine = [visit for visit in drawn if INSPECTOR in await campaign.holders(visit)]
    half_done = mine[0]
    others = [visit for visit in drawn if visit != half_done]
    await campaign.published(others[:3], _on(now, 6, 9), SUPERVISOR, {9: NO_TICKETS})
    for visit in (half_done, *others[3:6]):
        await campaign.accept(visit, _on(now, 7, 16))

    licences = await campaign.commit(
        LICENCE, "义乌市", "3", SUPERVISOR, _on(now, 3, 11), 25, contributed=_on(now, 3, 15)
    )
    await campaign.run(licences, _on(now, 2, 9))
    joint = await campaign.commit(
        CATERING,
        "义乌市",
        "2",
        SUPERVISOR,
        _on(now, 1, 9),
        25,
        contributed=_on(now, 1, 10),
        partner=(FIRE_EXITS, SUPERVISOR_OF_FIRE),
    )
    await campaign.run(joint, _on(now, 1, 11))
    exits = await campaign.commit(
        FIRE_EXITS, "义乌市", "100", SUPERVISOR_OF_FIRE, _on(now, 1, 12), 26, contributed=_on(now, 1, 13)
    )
    lifts = await campaign.commit(LIFTS, "义乌市", "10", SUPERVISOR, _on(now, 1, 13), 24, contributed=_on(now, 1, 14))
    await campaign.commit(  # drawn by whoever plays the supervisor
        FOOD_SALE, "义乌市", "10", SUPERVISOR, _on(now, 1, 15), 28, contributed=now - timedelta(minutes=58)
    )
    await campaign.begin(others[3], _on(now, 1, 16), {16: NO_SELF_CHECK})
    await campaign.begin(others[4], _on(now, 1, 16), {13: DIRTY_FLUE})
    await campaign.begin(half_done, _on(now, 1, 16), {}, upto=6)
    wanted = ((CATERING, "餐饮服务食品安全检查", "15"), (LICENCE, "营业执照规范使用检查", "3"))
    await plans.wait(campaign.session, now.year + 1, wanted, now - timedelta(minutes=52))
    await campaign.finish(others[3], now - timedelta(minutes=50))
    await campaign.hand_over(
        others[4], "消防救援", "后厨与楼上居民共用烟道，疏散通道堆放 4 只气瓶", now - timedelta(minutes=34)
    )
    # Two departments have drawn the same houses, and could go together (综合查一次): they are asked just now.
    await campaign.run(exits, now - timedelta(minutes=32))
    await campaign.run(lifts, now - timedelta(minutes=28))
    await campaign.release(joint, now - timedelta(minutes=16))
    await campaign.release(licences, now - timedelta(minutes=12))


def _on(now: datetime, days: int, hour: int) -> datetime:
    """So many days before, at an hour."""
    return datetime.combine(now.date() - days * DAY, time(hour), now.tzinfo)


async def clock_for(session: AsyncSession, real: Callable[[], datetime]) -> timedelta:
    """By how much the demo's clock differs from the real one: at night and on days off it is a working morning.

    A demo whose notices wait for the morning shows nothing. The clock never goes back behind what was done.
    """
    now = real()
    done = await session.scalar(select(func.max(JournalEntry.at)))
    floor = done.astimezone(now.tzinfo) if done else now - 365 * DAY
    begin = max(now, floor)
    if _at_work(begin):
        return begin - now
    if _at_work(floor):
        return floor - now
    morning = datetime.combine(begin.date(), MORNING, now.tzinfo)
    while morning > begin or not official().works(morning.date()):
        morning -= DAY
    while morning < floor or not official().works(morning.date()):
        morning += DAY
    return morning - now


def _at_work(moment: datetime) -> bool:
    hour_of_rest = timedelta(hours=2)
    last = (datetime.combine(moment.date(), QUIET_FROM) - hour_of_rest).time()
    return official().works(moment.date()) and time(moment.hour) > QUIET_UNTIL and moment.time() < last


async def shown(session: AsyncSession) -> dict[str, Person]:
    """The three people whose phones are shown, by staff number; fewer where this is not the made-up city."""
    wanted = (INSPECTOR, SUPERVISOR, LIAISON)
    found = {one.staff_no: one for one in await session.scalars(select(Person).where(Person.staff_no.in_(wanted)))}
    return {staff_no: found[staff_no] for staff_no in wanted if staff_no in found}
