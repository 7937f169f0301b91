"""Items, checklists and plans that an administrator sends as documents: recognised, shown, confirmed, kept."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from models.items import Checklist, Item
from models.plans import Plan
from tests.actions.importing import as_csv
from tests.conversations.conftest import Town
from tests.conversations.test_directories import workbook

LISTS: dict[str, tuple[str, list[list[str]], Any, str]] = {
    "items": (
        "随机抽查事项清单",
        [
            ["事项编码", "抽查事项", "抽查主体", "事项类别", "比例上限", "检查表", "生效日期"],
            ["XF-01", "宾馆消防", "消防救援", "重点", "", "餐饮服务食品安全", "2026-12-01"],
            ["SP-09", "网络餐饮", "义乌市市场监督管理局", "一般", "12.5%", "", "2026-12-01"],
        ],
        select(Item.name).where(Item.code.in_(("XF-01", "SP-09"))).order_by(Item.code.desc()),
        "宾馆消防 网络餐饮",
    ),
    "checklists": (
        "检查表",
        [
            ["检查表", "序号", "检查要点", "拍照"],
            ["宾馆消防", "1", "疏散通道畅通", "必拍"],
            ["", "2", "灭火器在有效期内", "不拍"],
        ],
        select(Checklist.name).where(Checklist.name == "宾馆消防"),
        "宾馆消防",
    ),
    "plans": (
        "年度抽查计划",
        [
            ["计划名称", "任务名称", "牵头部门", "抽查事项", "比例", "开始", "结束"],
            ["2027年餐饮计划", "春季餐饮", "义乌市市场监督管理局", "JH-FOOD-01", "20", "2027-03-01", "2027-05-31"],
            ["", "秋季餐饮", "义乌市市场监督管理局", "餐饮服务食品安全抽查", "10%", "2027-09-01", "2027-11-30"],
        ],
        select(Plan.name),
        "2027年餐饮计划",
    ),
}


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("kind", LISTS)
async def test_a_list_is_recognised_shown_and_taken_in_after_a_yes(town: Town, kind: str, form: str) -> None:
    title, lines, query, names = LISTS[kind]
    administrator = town["管理员小周"]
    data = as_csv(*lines) if form == "csv" else workbook(lines)
    await administrator.sends_file(data, name=f"资料.{form}")
    told = await administrator.sees("共 2 行：新增 2", button="确认")
    assert title in told.text
    assert await town.rows(query) == [], "nothing is changed before the yes"
    await administrator.presses("确认")
    await administrator.sees("已导入")
    assert await town.rows(query) == names.split()
    await administrator.sends_file(data, name=f"资料.{form}")
    await administrator.sees("没有可导入的新内容")
