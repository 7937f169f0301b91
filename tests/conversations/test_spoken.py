"""A visit that is told instead of tapped, word by word: what waits for a signal can be typed, a tap cannot."""

from __future__ import annotations

from models.items import Checklist
from tests.conversations.conftest import Town
from tests.conversations.test_campaign import opened, photo, released, the_visit


async def test_everything_at_a_visit_can_be_said(town: Town) -> None:
    """Each of the words that stand for a tap does what the tap does (rules/spoken.py)."""
    async with town.app.database.write() as session:
        (await session.get_one(Checklist, 1)).materials = ["食品经营许可证", "健康证"]
    await released(town)
    visit, first, _ = await the_visit(town)
    await opened(first, visit)
    for said, seen in (
        ("同行电话", "的同行"),
        ("接受", "待检查"),
        ("通知书", "哪一天去查"),
        ("返回", "待检查"),
        ("开始检查", "到了请点"),
        ("亮码", "行政行为码"),
        ("到场", "1/5"),
        ("同伴没到 路上堵车", "没到场的原因"),
        ("材料", "已看 0/2"),
        ("材料 缺 健康证", "已看 0/2"),
        ("材料 许可证", "已看 1/2"),
        ("上一项", "1/5"),
        ("专家 浙师大 吴教授", "已请 浙师大 吴教授 协助"),
        ("2 不符合 健康证过期", "第 2 项不符合，再发一张照片"),  # no expert is called so, though one was asked for
    ):
        await first.says(said)
        await first.sees(seen)
    await first.sends_photo(photo())
    await first.sees("已收到")
    for said, seen in (
        ("余下 符合", "查完了"),
        ("处理 当场改正", "当场改正"),
        ("陈述 老板说马上办", "老板说马上办"),
        ("结果 发现问题已责令改正", "发现问题已责令改正"),
        ("限期 5 个工作日", "12月7日（周一）前改正"),
        ("签字页", "请当事人在记录上签字"),
        ("返回", "查完了"),
        ("扫码", "扫码确认"),
        ("保存", "已保存，5/5"),
    ):
        await first.says(said)
        await first.sees(seen)
