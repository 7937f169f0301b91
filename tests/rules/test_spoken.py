"""What is typed instead of tapped, under photos too."""

from datetime import date

import pytest

from rules import methods, results
from rules.spoken import Said, caption, said
from rules.typed import day


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("到场", Said("here")),
        ("我已到场。", Said("here")),
        ("提交", Said("sign")),
        ("确认", Said("sign")),
        ("返回", Said("back")),
        ("上一项", Said("previous")),
        ("保存", Said("save")),
        ("结果 2", Said("choose", "2")),
        ("结果 未发现问题", Said("choose", "未发现问题")),
        ("事项2 结果 迁出", Said("choose", "迁出", number=2)),
        ("item 2 result moved", Said("choose", "moved", number=2)),
        ("限期 10", Said("days", number=10)),
        ("限期10个工作日", Said("days", number=10)),
        ("方式 书面", Said("method", methods.WRITTEN)),
        ("方式 委托 金华市食品检验院", Said("method", methods.COMMISSIONED, "金华市食品检验院")),
        ("材料 全部", Said("material", "", "seen")),
        ("材料 缺 健康证", Said("material", "健康证", "missing")),
        ("陈述 下周就换", Said("statement", "下周就换")),
        ("拒签 理由 见证人 李四", Said("refused", "理由", "李四")),
        ("拒签 老板不在", Said("refused", "老板不在")),
        ("处理 当场改正", Said("disposal", "当场改正")),
        ("接受", Said("accept")),
        ("回避 店主是我表哥", Said("leaving", "店主是我表哥", "recusal")),
        ("请假：病假", Said("leaving", "病假", "leave")),
        ("通知书", Said("letter")),
        ("通知 12月3日", Said("letter", "12月3日")),
        ("检查通知书 后天 紧急", Said("letter", "后天", "urgent")),
        ("同行电话", Said("phones")),
        ("Sign and submit", Said("sign")),
        ("refused no time witness Li Si", Said("refused", "no time", "Li Si")),
    ],
)
def test_words_for_taps(text: str, step: Said) -> None:
    assert said(text) == step


@pytest.mark.parametrize("text", ["3 不符合 过期", "全部符合", "随便", "提交了吗", "到场晚了", "结果", "5.5", ""])
def test_other_words_are_no_steps(text: str) -> None:
    assert said(text) is None or said(text) == Said("result")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("3 灭火器过期", (3, "灭火器过期")),
        ("第3项：灭火器过期", (3, "灭火器过期")),
        ("3", (3, "")),
        ("3 箱牛奶过期", None),
        ("2026 年 9 月到期", None),
        ("灭火器过期", None),
    ],
)
def test_a_caption_names_a_point_or_counts_things(text: str, named: tuple[int, str] | None) -> None:
    assert caption(text) == named


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("12月3日", date(2026, 12, 3)),
        ("12-03", date(2026, 12, 3)),
        ("12/3号", date(2026, 12, 3)),
        ("1月4日", date(2027, 1, 4)),
        ("2.29", date(2028, 2, 29)),
        ("11月30日", date(2026, 11, 30)),
        ("2026年12月3日", date(2026, 12, 3)),
        ("2025-12-03", date(2025, 12, 3)),
        ("今天", date(2026, 11, 30)),
        ("Tomorrow", date(2026, 12, 1)),
        ("后天", date(2026, 12, 2)),
        ("周一", date(2026, 11, 30)),
        ("周三", date(2026, 12, 2)),
        ("下周三", date(2026, 12, 9)),
        ("下星期天", date(2026, 12, 13)),
        ("2月30日", None),
        ("13-01", None),
        ("当事人已到", None),
        ("", None),
    ],
)
def test_a_day_is_named_as_people_name_days(text: str, named: date | None) -> None:
    assert day(text, date(2026, 11, 30)) == named  # a Monday


def test_the_gravest_result_stands_for_all_and_clean_only_for_clean() -> None:
    assert sorted(results.GRAVITY) == sorted(results.RESULTS)
    assert results.gravest([]) == results.gravest([results.CLEAN, results.CLEAN]) == results.CLEAN
    for one in results.RESULTS:
        assert results.gravest([results.CLEAN, one]) == one
    assert results.gravest([results.CORRECTION, results.PENDING]) == results.PENDING


@pytest.mark.parametrize(
    ("name", "note", "kinds", "wrong"),
    [
        ("on_site", "", (), []),
        ("written", "", ("photo",), ["method_document"]),
        ("written", "", ("document",), []),
        ("network", "", (), ["method_picture"]),
        ("network", "", ("photo",), []),
        ("commissioned", "", (), ["method_document", "method_body"]),
        ("commissioned", "检验院", ("document",), []),
        ("other_department", "", ("document",), ["method_source"]),
        ("court", "（2026）浙0782民初1号", ("document",), []),
    ],
)
def test_each_method_needs_its_evidence(name: str, note: str, kinds: tuple[str, ...], wrong: list[str]) -> None:
    assert methods.problems(name, note, kinds) == wrong
