"""The made-up city's annual plans: this year's are public, and what was drawn was planned; next year's waits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import annual, imports
from demo.directories import (
    ADMINISTRATOR,
    CITY_MARKET,
    OFFICE,
    SUPERVISOR,
    SUPERVISOR_OF_CITY,
    SUPERVISOR_OF_FIRE,
    YIWU_FIRE,
    YIWU_MARKET,
    table,
)
from models.people import Person
from models.plans import Plan
from rules.plans import months

HEADER = (
    *("计划名称", "任务名称", "牵头部门", "抽查事项", "比例", "开始", "结束"),
    *("参与部门", "区域", "变更原因"),
)
OF_CITY, OF_MARKET, OF_FIRE = CITY_MARKET, YIWU_MARKET, YIWU_FIRE
HEADS = {OF_CITY: SUPERVISOR_OF_CITY, OF_MARKET: SUPERVISOR, OF_FIRE: SUPERVISOR_OF_FIRE}
DAY = timedelta(days=1)


class Planned(NamedTuple):
    """A task of a plan; `later` came in with the second edition."""

    lead: str
    name: str
    items: tuple[str, ...]
    area: str
    ratio: str
    starts: date
    ends: date
    partner: str = ""
    later: bool = False


async def publish(session: AsyncSession, planned: Sequence[Planned], year: int, now: datetime) -> None:
    """All plans of a year, from the file to the public page; one of them has changed since."""
    for lead in HEADS:
        first = [one for one in planned if one.lead == lead and not one.later]
        if first:
            await _through(session, lead, year, first, now)
        more = [one for one in planned if one.lead == lead]
        if len(more) > len(first) > 0:
            await _through(session, lead, year, more, now + 2 * DAY, "群众投诉较多，增加一项")


async def wait(session: AsyncSession, year: int, items: Iterable[tuple[str, str, str]], now: datetime) -> None:
    """Next year's plan is submitted, and waits for the supervisor's approval; items are code, name and share."""
    first, last = months(year, 3, 6)
    planned = [Planned(OF_MARKET, name, (code,), "义乌市", ratio, first, last) for code, name, ratio in items]
    plan = await _drafted(session, OF_MARKET, year, planned, now, "")
    await annual.submit(session, plan, await _person(session, ADMINISTRATOR), now)
    await session.flush()


async def _through(
    session: AsyncSession, lead: str, year: int, planned: Sequence[Planned], now: datetime, why: str = ""
) -> None:
    plan = await _drafted(session, lead, year, planned, now, why)
    await annual.submit(session, plan, await _person(session, ADMINISTRATOR), now + timedelta(hours=1))
    for hours, staff_no in ((2, HEADS[lead]), (5, SUPERVISOR), (7, OFFICE)):
        person = await _person(session, staff_no)
        if plan.state == "submitted" and person.id in {
            one.id for one in await annual.deciders(session, plan, plan.stage)
        }:
            await annual.approve(session, plan, person, now + timedelta(hours=hours))
    head = await _person(session, HEADS[lead])
    await annual.file(
        session, plan, f"{head.organ.area.name}人民政府和上级{head.organ.department}部门", head, now + DAY
    )
    await annual.publish(session, plan, head, now + DAY)
    await session.flush()


async def _drafted(
    session: AsyncSession, lead: str, year: int, planned: Sequence[Planned], now: datetime, why: str
) -> Plan:
    name = f"{year}年度{lead}双随机抽查计划"
    rows = [
        (name, one.name, lead, ";".join(one.items), one.ratio, one.starts, one.ends, one.partner, one.area, why)
        for one in planned
    ]
    by = await _person(session, ADMINISTRATOR)
    came = await imports.bring_in(
        session, [imports.KINDS["plans"]], table(HEADER, [map(str, row) for row in rows]), "年度计划.csv", now, by
    )
    assert not came.refused
    query = select(Plan).where(Plan.name == name).order_by(Plan.edition.desc()).limit(1)
    return (await session.scalars(query)).one()


async def _person(session: AsyncSession, staff_no: str) -> Person:
    return (await session.scalars(select(Person).where(Person.staff_no == staff_no))).one()
