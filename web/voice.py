"""What the page behind a visit code offers to the subject once the visit is over: to object, and to rate (R1.2)."""

from __future__ import annotations

import asyncio
from typing import Any

from actions import appeals, ratings
from actions.calendars import deadline
from actions.register import VisitCode
from web.site import Site


async def context(site: Site, token: str, visit: VisitCode) -> dict[str, Any]:
    """The objections made so far, whether one more may be made, and the key for a slip where one can be taken."""
    async with site.database.read() as session:
        made = await appeals.of_code(session, token)
    return {
        "appeals": made,
        "may_object": visit.result is not None and appeals.may_make(made),
        "answer_by": deadline("appeal", site.today, visit.organ_id),
        "key": await _key(site, token) if visit.finished else None,
    }


async def _key(site: Site, token: str) -> ratings.Key | None:
    """This quarter's key of the organ, made where there is none yet; None if the slip of the visit was taken."""
    async with site.database.read() as session:
        organ = await ratings.organ_of_code(session, token)
        key = await ratings.key_for(session, organ, site.today) if organ else None
    if organ is None or key:
        return key
    fresh = await asyncio.to_thread(ratings.new_key)
    now = site.now().astimezone(site.zone)
    async with site.database.write() as session:
        await ratings.add_key(session, organ, fresh, now)
        return await ratings.key_for(session, organ, site.today)
