"""What a point asks for, and what an entry says."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.checklists import Entry, Kind, applies, kind, read, unasked
from rules.refusal import Refusal


@pytest.mark.parametrize(
    ("answer", "made"),
    [
        ("", Kind("yes_no")),
        ("是否", Kind("yes_no")),
        ("数值 2~8 ℃", Kind("number", Decimal(2), Decimal(8), "℃")),
        ("数值 ≤60", Kind("number", None, Decimal(60))),
        ("数值 ≥ 0.5 mg/L", Kind("number", Decimal("0.5"), None, "mg/L")),
        ("number -18~-12 ℃", Kind("number", Decimal(-18), Decimal(-12), "℃")),
        ("数值 ppm", Kind("number", unit="ppm")),
        ("选择 有；无*", Kind("choice", choices=("有", "无"), failing=frozenset({"无"}))),
        ("抽样", Kind("sample")),
        ("文字", Kind("text")),
    ],
)
def test_the_column_says_how_a_point_is_answered(answer: str, made: Kind) -> None:
    assert kind(answer) == made


@pytest.mark.parametrize("answer", ["随便", "选择 有", "选择 有*;无*", "选择 有;有", "抽样 5", "数字 3"])
def test_a_column_that_says_nothing_known_is_refused(answer: str) -> None:
    with pytest.raises(Refusal, match=r"checklists\.kind"):
        kind(answer)


@pytest.mark.parametrize(
    ("answer", "text", "least", "entry"),
    [
        ("数值 2~8 ℃", "5", 0, Entry("yes", "5 ℃")),
        ("数值 2~8 ℃", "8.0℃", 0, Entry("yes", "8.0 ℃")),
        ("数值 2~8 ℃", "8.1 ℃", 0, Entry("no", "8.1 ℃")),
        ("数值 ≥-18 ℃", "−20", 0, Entry("no", "-20 ℃")),
        ("选择 有;无*", "无", 0, Entry("no", "无")),
        ("抽样", "5", 2, Entry("yes", "5/0")),
        ("抽样", "5/1", 2, Entry("no", "5/1")),
        ("", "1 全部", 2, Entry("yes", "1/0*")),
        ("", "全部 1/1", 2, Entry("no", "1/1*")),
        ("文字", "后院有新搭的棚", 0, Entry("yes", "后院有新搭的棚")),
    ],
)
def test_what_was_typed_is_read(answer: str, text: str, least: int, entry: Entry) -> None:
    assert read(kind(answer), text, least) == entry


@pytest.mark.parametrize(
    ("answer", "text", "least", "refusal"),
    [
        ("数值 2~8 ℃", "五度", 0, "checklists.number"),
        ("数值 2~8 ℃", "5 kg", 0, "checklists.number"),
        ("选择 有;无*", "也许", 0, "checklists.choice"),
        ("抽样", "1", 2, "checklists.sample_small"),
        ("抽样", "2/3", 2, "checklists.sample"),
        ("抽样", "0 全部", 2, "checklists.sample_small"),
        ("", "好", 0, "checklists.yes_or_no"),
        ("文字", " ", 0, "checklists.yes_or_no"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_is_expected(answer: str, text: str, least: int, refusal: str) -> None:
    with pytest.raises(Refusal, match=refusal.replace(".", r"\.")):
        read(kind(answer), text, least)


def test_rest_all_yes_never_invents_a_measurement() -> None:
    assert unasked(kind("")) == Entry("yes", "")
    assert unasked(kind(""), 2) == Entry("yes", "2/0")
    assert unasked(kind("抽样")) == Entry("yes", "1/0")
    assert unasked(kind("文字")) == Entry("yes", "")
    assert unasked(kind("选择 有;无*")) == Entry("yes", "有")
    assert unasked(kind("选择 甲;乙;丙*")) is None
    assert unasked(kind("数值 2~8 ℃")) is None


def test_a_condition_looks_at_value_or_reading() -> None:
    assert applies("", {})
    assert applies("3=no", {3: ("no", "")})
    assert applies("3=有", {3: ("yes", "有")})
    assert not applies("3=no", {3: ("yes", "")})
    assert not applies("3=no", {})
    with pytest.raises(Refusal, match=r"checklists\.condition"):
        applies("看情况", {})


@given(st.decimals(-1000, 1000, places=2), st.decimals(-1000, 1000, places=2), st.decimals(-1000, 1000, places=2))
def test_a_number_conforms_exactly_within_its_limits(low: Decimal, high: Decimal, value: Decimal) -> None:
    how = kind(f"数值 {low:f}~{high:f} ℃")
    assert (how.low, how.high) == (low, high)
    assert (read(how, f"{value:f}").value == "yes") == (low <= value <= high)


@given(st.text(max_size=40), st.sampled_from(["", "数值 2~8 ℃", "选择 有;无*", "抽样", "文字"]), st.integers(0, 5))
def test_whatever_is_typed_is_read_or_refused_in_words(text: str, answer: str, least: int) -> None:
    try:
        entry = read(kind(answer), text, least)
    except Refusal:
        return
    assert entry.value in ("yes", "no")
    assert entry.reading
