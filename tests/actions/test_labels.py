import pytest

from actions.labels import Filter, label_many
from models.database import Database
from rules.refusal import Refusal
from tests.actions.importing import NOW, everything, inspectors, subjects, uscc

ROWS = [
    [uscc(1, kind="92"), "老街面馆", "义乌市", "餐饮业"],
    [uscc(2, kind="92"), "新街面馆", "东阳市", "餐饮业"],
    [uscc(3), "木雕厂", "东阳市", "家具制造业"],
    [uscc(4), "停了的面馆", "义乌市", "餐饮业"],
]


async def label(database: Database, department: str, word: str, which: Filter, *, take: bool = False) -> int:
    async with database.write() as session:
        return await label_many(session, department, word, which, None, NOW, take=take)


async def test_many_subjects_are_labelled_by_a_filter(database: Database) -> None:
    await subjects(
        database, ["code", "name", "区域", "行业", "状态"], *[[*row, ""] for row in ROWS[:3]], [*ROWS[3], "注销"]
    )
    await inspectors(
        database, ["工号", "姓名", "单位", "区域", "角色"], ["1", "张三", "义乌市消防救援大队", "义乌市", "执法人员"]
    )
    assert await label(database, "消防救援", "高层", Filter(area="金华市", name="面馆")) == 2
    assert await label(database, "消防救援", "高层", Filter(industry="餐饮")) == 0  # they have it
    assert await label(database, "", "餐饮", Filter(area="东阳", kind="个体工商户")) == 1
    assert {code: one["labels"] for code, one in (await everything(database)).items()} == {
        uscc(1, kind="92"): ["高层"],
        uscc(2, kind="92"): ["餐饮", "高层"],
        uscc(3): [],
        uscc(4): [],
    }
    assert await label(database, "消防救援", "高层", Filter(area="义乌市"), take=True) == 1
    assert (await everything(database))[uscc(1, kind="92")]["labels"] == []


@pytest.mark.parametrize(
    ("department", "word", "which", "code"),
    [
        ("", "餐饮", Filter(), "labels.everything"),
        ("", "a;b", Filter(name="馆"), "labels.word"),
        ("", " ", Filter(name="馆"), "labels.word"),
        ("没有的部门", "高层", Filter(name="馆"), "labels.department"),
        ("", "高层", Filter(area="杭州市"), "labels.area"),
        ("", "高层", Filter(kind="什么"), "labels.kind"),
    ],
)
async def test_a_filter_or_label_that_says_nothing_is_refused(
    database: Database, department: str, word: str, which: Filter, code: str
) -> None:
    await subjects(database, ["code", "name"], ROWS[0][:2])
    with pytest.raises(Refusal) as refused:
        await label(database, department, word, which)
    assert refused.value.code == code
