"""Who blocks us is unreachable: their supervisor hears it, notices wait, and come when they write again."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from models.people import Chat
from simulator import Fault, Phone
from tests.conversations.conftest import Town
from tests.conversations.test_faults import all_is_well_again, notice, promised, said, told, town

pytestmark = pytest.mark.asyncio(loop_scope="module")
__all__ = ["all_is_well_again", "town"]


async def test_who_blocks_us_is_unreachable_their_supervisor_hears_it_and_notices_wait_for_them(town: Town) -> None:
    inspector, supervisor = town["王强"], town["赵主管"]
    await inspector.blocks()
    await supervisor.sees("王强")
    assert (await chat_of(town, inspector)).unreachable_at is not None
    await promised(town, inspector, "李娜", "403")
    await asyncio.sleep(0.6)
    assert (await notice(town, "403")).ended_at is None
    await inspector.unblocks()
    await inspector.sees("李娜 换了账号绑定")
    assert (await chat_of(town, inspector)).unreachable_at is None
    assert (await told(town, "403")).outcome == "sent"
    assert said(town, inspector, "李娜 换了账号绑定") == 1


async def chat_of(town: Town, phone: Phone) -> Chat:
    chat: Chat = (await town.rows(select(Chat).where(Chat.id == phone.user_id)))[0]
    return chat


async def test_a_forbidden_notice_comes_when_they_write_again(town: Town) -> None:
    inspector, supervisor = town["李娜"], town["赵主管"]
    town.telegram.fail(Fault.forbidden(chat=inspector.user_id, times=None))
    await promised(town, inspector, "王强", "forbidden")
    heard = await supervisor.sees("李娜")
    assert "李娜" in heard.text
    row = await notice(town, "forbidden")
    assert (row.ended_at, row.error) == (None, "forbidden")
    assert (await chat_of(town, inspector)).unreachable_at is not None
    await promised(town, inspector, "张伟", "forbidden-2")
    town.telegram.heal()
    await asyncio.sleep(0.4)
    assert (await notice(town, "forbidden-2")).ended_at is None  # not tried before they write
    await inspector.says("/start")
    await inspector.sees("李娜 ·")
    await inspector.sees("王强 换了账号绑定")
    await inspector.sees("张伟 换了账号绑定")
    await supervisor.sees_nothing_new()  # heard of it once today
    assert (await told(town, "forbidden")).outcome == "sent"


async def test_a_forbidden_reply_marks_them_too_and_the_next_message_is_answered(town: Town) -> None:
    liaison = town["陈消防"]
    town.telegram.fail(Fault.forbidden(chat=liaison.user_id))
    await liaison.says("/help")
    await liaison.settles()
    await liaison.sees_nothing_new()
    assert (await chat_of(town, liaison)).unreachable_at is not None
    await liaison.says("/help")
    await liaison.sees("怎么用")
    assert (await chat_of(town, liaison)).unreachable_at is None
