"""An administrator brings in the directories and invites people, in the chat."""

from __future__ import annotations

import io

import pytest
import xlsxwriter
from sqlalchemy import func, select

from models.people import Chat, Person
from models.subjects import Subject
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
    told = await administrator.sees("共 3 行：新增 2")
    assert "第 3 行" in told.text
    assert "坏码公司" not in {one.name for one in await town.rows(select(Subject))}
    await administrator.sends_file(SUBJECTS.encode(), name="企业.csv")
    await administrator.sees("新增 0，更新 0，无变化 2，未导入 1")


async def test_staff_come_in_by_a_workbook_and_are_invited_by_a_code_that_is_scanned(town: Town) -> None:
    administrator = town["管理员小周"]
    header = ["工号", "姓名", "单位", "区域", "角色", "执法证号", "执法证有效期"]
    row = ["330700099", "孙新来", "义乌市市场监督管理局", "义乌市", "执法人员", "浙G099", "2028-12-31"]
    await administrator.sends_file(workbook([header, row]), name="人员.xlsx")
    await administrator.sees("新增 1")
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
