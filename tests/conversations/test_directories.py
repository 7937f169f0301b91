"""An administrator brings in the directories and invites people, in the chat."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select, text, update

from bot.clerk import Clerk
from models.changes import Import
from models.journal import JournalEntry
from models.people import Chat, Person
from models.subjects import Subject
from rules.subjects import check_digit
from simulator import Fault
from tests.conversations.conftest import Town

SUBJECTS = """统一社会信用代码,企业名称,注册地址
91330782609786576E,义乌农商银行,浙江省义乌市福田街道城北路677号
913307837045849130,坏码公司,浙江省东阳市六石街道
91330783147522663T,东阳针织机械,浙江省东阳市吴宁西路
"""


def workbook(rows: list[list[str]]) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return file.getvalue()


@pytest.mark.usefixtures("either")
async def test_subjects_come_in_by_a_file_and_a_second_time_changes_nothing(town: Town) -> None:
    administrator = town["管理员小周"]
    await administrator.sends_file(SUBJECTS.encode("gb18030"), name="企业.csv")
    told = await administrator.sees("共 3 行：新增 2", button="确认")
    assert "第 3 行" in told.text
    before = len(await town.rows(select(Subject)))
    await administrator.presses("确认")
    await administrator.sees("已导入")
    names = {one.name for one in await town.rows(select(Subject))}
    assert len(names) == before + 2
    assert "坏码公司" not in names
    await administrator.sends_file(SUBJECTS.encode(), name="企业.csv")
    await administrator.sees("没有可导入的新内容", button="取消")


async def test_refused_rows_come_back_as_a_file_and_are_sent_mended(town: Town) -> None:
    administrator = town["管理员小周"]
    await administrator.sends_file(SUBJECTS.encode(), name="企业.csv")
    sent = await administrator.sees("改好后把这个文件发回来")
    assert sent.document
    rows = CalamineWorkbook.from_filelike(io.BytesIO(sent.document)).get_sheet_by_index(0).to_python()
    assert rows[0] == ["统一社会信用代码", "企业名称", "注册地址", "未导入原因"]
    assert rows[1][:2] == ["913307837045849130", "坏码公司"]
    assert "校验码" in rows[1][3]
    await administrator.says("确认")  # the same as the button
    await administrator.sees("已导入")
    rows[1][0] = "913307837045849137"
    rows[1][0] = rows[1][0][:17] + check_digit(rows[1][0][:17])
    await administrator.sends_file(workbook(rows), name="未导入原因.xlsx")
    await administrator.sees("共 1 行：新增 1", button="确认")
    await administrator.presses("取消")
    await administrator.sees("没有导入，什么也没变")
    assert "坏码公司" not in {one.name for one in await town.rows(select(Subject))}


async def test_a_whole_directory_ends_subjects_only_after_the_number_is_confirmed(town: Town) -> None:
    administrator = town["管理员小周"]
    await administrator.sends_file(SUBJECTS.encode(), name="全部企业.csv")
    await administrator.sees("新增 2", button="这是完整名录")
    await administrator.presses("这是完整名录")
    await administrator.sees("文件里没有的有 12 个", button="确认，移出 12 个")
    active = select(func.count()).select_from(Subject).where(Subject.status == "active")
    assert await town.rows(active) == [12]
    await administrator.presses("确认，移出 12 个")
    await administrator.sees("已导入")
    assert await town.rows(active) == [2]
    (job,) = await town.rows(select(Import).where(Import.name == "全部企业.csv"))
    assert (job.state, job.ends, job.counts["ended"]) == ("done", 12, 12)
    (entry,) = await town.rows(select(JournalEntry).where(JournalEntry.verb == "import"))
    assert entry.person_id == town.ids["管理员小周"]


async def test_what_cannot_be_read_says_why_and_changes_nothing(town: Town) -> None:
    administrator = town["管理员小周"]
    await administrator.sends_file(b"PK\x03\x04 nothing", name="坏.xlsx")
    await administrator.sees("文件无法读取")
    await administrator.sends_file(b"a,b\n1,2\n", name="别的.csv")
    await administrator.sees("没有找到表头")


async def test_a_file_whose_card_never_came_does_not_keep_the_next_ones_waiting(town: Town) -> None:
    administrator = town["管理员小周"]
    town.telegram.fail(Fault.bad_request(method="sendMessage", chat=administrator.user_id))
    await administrator.sends_file(SUBJECTS.encode(), name="没有卡片.csv")
    await administrator.settles()
    await administrator.sends_file(SUBJECTS.encode(), name="下一个.csv")
    await administrator.sees("共 3 行：新增 2", button="确认")


async def test_a_file_that_breaks_the_import_is_given_up_and_the_next_one_is_taken(town: Town) -> None:
    administrator = town["管理员小周"]
    await administrator.sends_file(SUBJECTS.encode(), name="出错的.csv")
    await administrator.sees("共 3 行：新增 2", button="确认")
    async with town.app.database.write() as session:
        broken = "BEGIN SELECT RAISE(ABORT, 'no more subjects'); END"
        await session.execute(text(f"CREATE TRIGGER full BEFORE INSERT ON subjects {broken}"))
    await administrator.presses("确认")
    await administrator.sees("系统出了点问题")
    async with town.app.database.write() as session:
        await session.execute(text("DROP TRIGGER full"))
    await administrator.sends_file(SUBJECTS.encode(), name="下一个.csv")
    await administrator.sees("共 3 行：新增 2", button="确认")
    assert [job.state for job in await town.rows(select(Import).order_by(Import.id))] == ["refused", "ready"]


@pytest.mark.usefixtures("either")
async def test_two_processes_that_find_the_same_file_bring_it_in_once(town: Town) -> None:
    administrator, app = town["管理员小周"], town.app
    await administrator.sends_file(SUBJECTS.encode(), name="企业.csv")
    await administrator.sees("共 3 行：新增 2", button="确认")
    others = [Clerk(app.database, app.sender, app.desk.evidence, town.clock, town.clock.zone) for _ in range(2)]
    async with app.database.write() as session:
        await session.execute(update(Import).values(state="doing"))
    await asyncio.gather(*(one.work() for one in others))
    await administrator.sees("已导入")
    await asyncio.sleep(1)  # whoever came second is through too
    (job,) = await town.rows(select(Import))
    assert (job.state, job.counts["added"]) == ("done", 2)
    assert len(await town.rows(select(JournalEntry).where(JournalEntry.verb == "import"))) == 1


@pytest.mark.city
async def test_every_real_spreadsheet_is_answered_in_the_chat(town: Town, shared_data: Path) -> None:
    administrator = town["管理员小周"]
    for path in sorted((shared_data / "spreadsheets").iterdir()):
        await administrator.sends_file(path.read_bytes(), name=path.name)
        if path.name.startswith("jinhua_300"):
            await administrator.sees(f"{path.name}\n检查对象名录库\n共 300 行")
        else:
            job = await _refused(town, path.name)
            assert job.counts == {}
    assert await town.rows(select(func.count()).select_from(Subject)) == [12]


async def _refused(town: Town, name: str) -> Import:
    for _ in range(600):
        found = await town.rows(select(Import).where(Import.name == name, Import.state == "refused"))
        if found:
            return found[0]
        await asyncio.sleep(0.1)
    raise AssertionError(f"{name} was not answered")


async def test_staff_come_in_by_a_workbook_and_are_invited_by_a_code_that_is_scanned(town: Town) -> None:
    administrator = town["管理员小周"]
    header = ["工号", "姓名", "单位", "区域", "角色", "执法证号", "执法证有效期"]
    row = ["330700099", "孙新来", "义乌市市场监督管理局", "义乌市", "执法人员", "浙G099", "2028-12-31"]
    await administrator.sends_file(workbook([header, row]), name="人员.xlsx")
    await administrator.sees("新增 1", button="确认")
    await administrator.presses("确认")
    await administrator.sees("已导入")
    await administrator.says("/invite 330700099")
    code = await administrator.sees("绑定邀请")
    phone = town.telegram.phone("孙新来", user_id=3001, language="zh-hans")
    await phone.scans(code)
    await phone.sees("孙新来", button="是我，绑定")
    await phone.presses("是我，绑定")
    await phone.sees("已绑定")
    (person,) = await town.rows(select(Person).where(Person.staff_no == "330700099"))
    assert [chat.id for chat in await town.rows(select(Chat).where(Chat.person_id == person.id))] == [3001]


async def test_only_administrators_import_and_invite(town: Town) -> None:
    inspector = town["李娜"]
    before = await town.rows(select(func.count()).select_from(Subject))
    await inspector.sends_file(SUBJECTS.encode(), name="企业.csv")
    await inspector.sees("不知道放到哪里")
    await inspector.says("/invite 330700010")
    await inspector.sees("这要管理员来办")
    await inspector.says("/import")
    await inspector.sees("这要管理员来办")
    assert await town.rows(select(func.count()).select_from(Subject)) == before


async def test_the_product_speaks_english_too(town: Town) -> None:
    inspector = town["李娜"]
    await inspector.says("/lang")
    await inspector.sees("哪种语言", button="English")
    await inspector.presses("English")
    await inspector.sees("No visits to do", button="My visits")
    await inspector.says("/help")
    await inspector.sees("How this works")
