"""What comes twice, too late or in another order counts once, and shows where one is."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from models.visits import Evidence
from tests.conversations.conftest import Town
from tests.conversations.test_campaign import photo
from tests.conversations.test_faults import all_is_well_again, answers, in_a_shop, said, town

pytestmark = pytest.mark.asyncio(loop_scope="module")
__all__ = ["all_is_well_again", "town"]


async def test_an_update_that_comes_twice_is_answered_once(town: Town) -> None:
    inspector = town["王强"]
    before = said(town, inspector, "怎么用")
    town.telegram.duplicate_next()
    await inspector.says("/help")
    await inspector.sees("怎么用")
    await inspector.settles()
    await inspector.sees_nothing_new(0.5)
    assert said(town, inspector, "怎么用") == before + 1


async def test_a_tap_and_a_photo_that_come_twice_are_entered_once(town: Town) -> None:
    inspector = town["王强"]
    visit = await in_a_shop(town, "王强")
    town.telegram.duplicate_next(2)
    await inspector.presses("❌ 不符合")
    await inspector.sees("发一张照片")
    await inspector.sends_photo(photo("navy"), caption="无证")
    await inspector.sees("已收到")
    await inspector.settles()
    await inspector.sees_nothing_new(0.5)
    assert await answers(town, visit) == {1: ("no", "无证", 2)}
    assert len(await town.rows(select(Evidence).where(Evidence.visit_id == visit.id))) == 1


async def test_answers_that_come_in_the_wrong_order_end_in_the_same_state(town: Town) -> None:
    inspector = town["王强"]
    visit = await in_a_shop(town, "王强")
    town.telegram.reorder_next(3)
    await inspector.says("1 符合")
    await inspector.says("2 不符合 冷藏超温")
    await inspector.says("3 符合")
    await inspector.settles()
    for _ in range(50):
        if len(await answers(town, visit)) == 3:
            break
        await asyncio.sleep(0.05)
    assert await answers(town, visit) == {1: ("yes", "", 1), 2: ("no", "冷藏超温", 1), 3: ("yes", "", 1)}
    await inspector.says("/tasks")
    await inspector.sees(visit.subject.name)


async def test_a_double_tap_counts_once_and_shows_where_one_is(town: Town) -> None:
    inspector = town["张伟"]
    visit = await in_a_shop(town, "张伟")
    card = next(one for one in reversed(inspector.messages) if "✅ 符合" in one.labels)
    data = next(button["callback_data"] for row in card.keyboard for button in row if "✅ 符合" in button["text"])
    await inspector.taps(card.id, data)
    await inspector.taps(card.id, data)
    await inspector.sees_toast("过期")
    await inspector.settles()
    assert "2/5" in inspector.message(card.id).text
    assert await answers(town, visit) == {1: ("yes", "", 1)}


async def test_a_stale_button_of_an_old_card_shows_the_present_state(town: Town) -> None:
    inspector = town["李娜"]
    visit = await in_a_shop(town, "李娜")
    old = next(one for one in reversed(inspector.messages) if "✅ 符合" in one.labels)
    data = next(button["callback_data"] for row in old.keyboard for button in row if "❌ 不符合" in button["text"])
    await inspector.says("1 符合")
    await inspector.sees("2/5")
    await inspector.settles()
    assert not inspector.message(old.id).labels  # the old card has no buttons any more
    await inspector.taps(old.id, data)
    await inspector.sees_toast("过期")
    await inspector.settles()
    assert await answers(town, visit) == {1: ("yes", "", 1)}
    cards = [one for one in inspector.messages if f":{visit.id}:" in str(one.keyboard)]
    assert len(cards) == 1
    assert "2/5" in cards[0].text
