"""What is on paper: the record, its corrections, the proof; told by those who do it."""

from __future__ import annotations

import asyncio
import os
import re
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import select

from models.database import Database
from models.documents import Record
from models.journal import JournalEntry
from models.mail import LEASE, Inbox
from models.visits import Evidence, Visit
from rules.draw import canonical
from simulator import Phone
from tests import programs
from tests.conversations.conftest import Town
from tests.conversations.test_campaign import at_the_checklist, photo
from tests.conversations.test_left_behind import until
from tests.documents.reading import text_of

pytestmark = pytest.mark.usefixtures("either")


async def signed(town: Town) -> tuple[Visit, Phone, Phone]:
    """A visit with one failed point, signed by both."""
    visit, first, second = await at_the_checklist(town)
    await first.says('2 不符合 #read("/etc/passwd") *健康证* 过期 $x$ \\n')
    await first.sees("再发一张照片")
    await first.sends_photo(photo())
    await first.sees("已收到")
    await first.says("余下 符合")
    await first.sees("查完了", button="拒绝签字")
    await first.says("拒签 老板不在 见证人 李四")
    await first.sees("李四", button="签名提交")
    await first.presses("签名提交")
    await first.sees("等")
    await second.presses("确认签名", within=60)
    await second.sees("已提交", button="检查记录")
    return visit, first, second


async def pdf_of(phone: Phone, text: str, within: float = 60) -> str:
    message = await phone.sees(text, within=within)
    assert message.document
    assert message.document_name.endswith(".pdf")
    return text_of(message.document)


async def test_the_record_comes_and_can_be_checked(town: Town) -> None:
    visit, _, second = await signed(town)
    await second.presses("检查记录")
    text = await pdf_of(second, "检查记录表")
    (row,) = await town.rows(select(Record))
    (evidence,) = await town.rows(select(Evidence))
    assert sha256(canonical(row.content)).hexdigest() == row.hash
    wanted = [visit.subject.name, visit.subject.code, visit.task.number, row.hash, evidence.sha256, "第1版"]
    wanted += [f"浙G{number}" for number in ("330700021", "330700022") if number in str(row.content)]
    wanted += ['#read("/etc/passwd")*健康证*过期$x$\\n', "发现问题已责令改正", "食品安全法第一百一十条"]
    assert [one for one in wanted if one not in text] == []
    async with aiohttp.ClientSession() as web:
        page = await (await web.get(f"{town.app.address}/records/{row.token}")).text()
    assert "记录属实" in page
    assert row.hash[:8] in page
    assert visit.subject.name not in page


async def test_a_returned_visit_makes_a_second_version(town: Town) -> None:
    _, first, second = await signed(town)
    supervisor = town["赵主管"]
    await supervisor.sees("待审核", button="检查记录")
    await supervisor.presses("检查记录")
    await pdf_of(supervisor, "第 1 版")
    await supervisor.presses("退回")
    await supervisor.sees("要改什么")
    await supervisor.says("补上两人的姓名")
    await supervisor.sees("退回修改")
    await first.presses("打开任务", within=60)
    await first.sees("补上两人的姓名")
    await first.says("2 不符合 健康证过期两人：王某、刘某")
    await first.sees("王某、刘某", button="拒绝签字")  # what the subject was shown has changed
    await first.says("拒签 老板不在 见证人 李四")
    await first.sees("李四", button="签名提交")
    await first.presses("签名提交")
    await second.presses("确认签名", within=60)
    await second.sees("已提交", button="检查记录")
    await second.presses("检查记录")
    text = await pdf_of(second, "第 2 版")
    old, new = await town.rows(select(Record).order_by(Record.version))
    assert (old.version, new.version, new.reason) == (1, 2, "补上两人的姓名")
    assert "王某" not in str(old.content)
    assert "王某、刘某" in text
    assert old.hash in text
    assert "补上两人的姓名" in text
    printed = await town.app.sender.press.print({"kind": "record", "id": old.id, "language": "zh_CN"})
    assert "这是第1版，已被第2版代替" in text_of(printed.data)
    async with aiohttp.ClientSession() as web:
        page = await (await web.get(f"{town.app.address}/records/{old.token}")).text()
    assert "已有新版" in page


async def test_a_correction_is_written_below_and_nothing_is_rewritten(town: Town) -> None:
    visit, first, _ = await signed(town)
    before = (await town.rows(select(Record)))[0]
    supervisor = town["赵主管"]
    await supervisor.sees("待审核", button="更正记录")
    await supervisor.presses("更正记录")
    await supervisor.sees("哪里要更正")
    await supervisor.says("证号写错：应为 <b>12</b>，手误")
    await supervisor.sees("第 2 版")
    await first.sees("更正，现在是第 2 版", button="检查记录")
    await first.presses("检查记录")
    text = await pdf_of(first, "第 2 版")
    assert "证号写错：应为<b>12</b>，手误" in text
    old, new = await town.rows(select(Record).order_by(Record.version))
    assert old.content == before.content
    assert {**new.content, "amendments": [], "earlier": [], "version": 1} == old.content
    assert new.content["amendments"][0]["by"] == "赵主管"
    assert (await town.rows(select(Visit.state).where(Visit.id == visit.id))) == ["submitted"]


async def test_proof_of_duty_done_names_every_step(town: Town) -> None:
    _, first, second = await signed(town)
    supervisor = town["赵主管"]
    await supervisor.sees("待审核", button="通过并公示")
    await supervisor.presses("通过并公示")
    await supervisor.sees("已公示")
    await first.sees("已审核通过并公示", button="打开任务")
    await first.presses("打开任务")
    await first.sees("已公示", button="履职证明")
    await first.presses("履职证明")
    text = await pdf_of(first, "履职证明", within=60)
    (row,) = await town.rows(select(Record))
    (evidence,) = await town.rows(select(Evidence))
    (commitment,) = [
        one.after["commitment"] for one in await town.rows(select(JournalEntry).where(JournalEntry.verb == "commit"))
    ]
    (outcome,) = [
        one.after["outcome"] for one in await town.rows(select(JournalEntry).where(JournalEntry.verb == "draw"))
    ]
    wanted = [first.name, second.name, row.hash, evidence.sha256, commitment, outcome, f"{town.app.address}/draws/1"]
    wanted += ["抽取承诺", "收到任务通知", "到场", "填写要点", "提交证据", "签名", "形成记录", "审核公示"]
    assert [one for one in wanted if one not in text] == []


async def test_a_paper_that_cannot_be_printed_holds_up_nothing(town: Town) -> None:
    _, _, second = await signed(town)
    await second.presses("检查记录")
    await second.sees("检查记录表")
    async with town.app.database.write() as session:
        (row,) = await session.scalars(select(Record))
        row.content = {"broken": True}
    await second.presses("检查记录")
    await second.sees("文件没有做出来")
    await second.says("/start")
    await second.sees()
    assert re.fullmatch(r"[A-Za-z0-9_-]{24}", row.token)


async def test_a_paper_waits_while_the_database_is_away(town: Town, tmp_path: Path) -> None:
    _, _, second = await signed(town)
    press = town.app.sender.press
    away = Database(f"sqlite:///{tmp_path}/gone/suicha.db")
    there, press.database = press.database, away
    sent = await second.presses("检查记录")
    at_the_end = town.clock() + 2 * LEASE
    await until(town, int(sent), lambda row: row.retry_at > at_the_end)
    (row,) = await town.rows(select(Inbox).where(Inbox.update_id == sent))
    assert [reply["do"] for reply in row.replies] == ["paper"]  # the tap is answered, and the paper is not lost
    press.database = there
    await away.close()
    town.clock.moves_to(town.clock() + timedelta(minutes=2))
    await town.app.sender.catch_up()
    await pdf_of(second, "检查记录表")
    assert "文件没有做出来" not in second.transcript()


async def test_papers_are_exported_at_a_terminal(town: Town, tmp_path: Path) -> None:
    visit, first, _ = await signed(town)
    settings = town.app.settings
    environment = {**os.environ, "DATA_DIR": str(settings.data_dir), "DATABASE_URL": settings.database_url}

    async def export(*words: str) -> int:
        return (await asyncio.to_thread(programs.run, ("export", *words), environment)).returncode

    file = tmp_path / "paper.pdf"
    assert await export("record", str(visit.id), str(file), "--language", "en") == 0
    assert visit.subject.name in text_of(file.read_bytes())
    assert "Inspectionrecord" in text_of(file.read_bytes())
    staff_number = next(seat.person.staff_no for seat in visit.seats if seat.person and seat.person.name == first.name)
    assert await export("proof", str(visit.id), str(file), "--staff-number", staff_number) == 0
    assert "履职证明" in text_of(file.read_bytes())
    assert await export("notice", str(visit.id), str(file)) == 1
    assert await export("record", "999", str(file)) == 1
    assert await export("leads", str(file), "--staff-number", staff_number, "--language", "en") == 0
    assert file.read_bytes().startswith(b"PK")
    assert await export("leads", str(file), "--staff-number", staff_number, "--language", "fr") == 2
    assert await export("leads", str(file), "--staff-number", "nobody") == 1


async def test_a_correction_that_is_too_long_is_not_cut(town: Town) -> None:
    _, _, second = await signed(town)
    await second.presses("更正记录")
    await second.sees("哪里要更正")
    await second.says("错" * 1001)
    await second.sees("太长了：1001 字，最多 1000 字，没有记下")
    await second.says("健康证过期日期应为 9 月 1 日")
    await second.sees("已更正")
    assert "错错" not in str([one.reason for one in await town.rows(select(Record))])
