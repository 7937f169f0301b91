"""The rules of credit, as tables and as properties: what moves a class, what holds it, who is a key subject."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import credit, results
from rules.leads import OUTCOMES
from rules.strata import CLASSES, KEY_FLAGS

TODAY = date(2026, 11, 30)
CODES = sorted(credit.EFFECTS)
GOOD = [code for code in CODES if credit.EFFECTS[code].points > 0]
BAD = [code for code in CODES if credit.EFFECTS[code].points < 0]

days = st.dates(date(2020, 1, 1), date(2027, 12, 31))


@st.composite
def events(draw: st.DrawFn, codes: list[str] = CODES) -> list[credit.Happened]:
    made = [credit.happened(code, draw(days)) for code in draw(st.lists(st.sampled_from(codes), max_size=8))]
    return [one for one in made if one]


def graded(base: str, *codes: str) -> str:
    made = [credit.happened(code, TODAY) for code in codes]
    return credit.grade(credit.score(base, filter(None, made), TODAY), (), punished=False)


@pytest.mark.parametrize(
    ("base", "codes", "grade"),
    [
        ("A", (), "A"),
        ("", (), "B"),
        ("D", (), "D"),
        ("A", ("result.correction",), "A"),  # one small thing, mended
        ("A", ("result.correction", "result.correction"), "B"),
        ("B", ("result.correction",), "B"),
        ("B", ("result.unreachable",), "C"),
        ("B", ("outcome.case",), "C"),
        ("A", ("outcome.prosecution",), "C"),
        ("B", ("outcome.prosecution",), "D"),
        ("B", ("result.clean", "result.clean", "result.clean", "result.clean"), "A"),
        ("A", ("commitment.made", "commitment.broken"), "B"),
        ("B", ("warning.low",), "B"),
        ("B", ("warning.high",), "C"),
        ("A", ("outcome.no_case", "outcome.other", "result.closed"), "A"),  # nothing was held against it
    ],
)
def test_what_moves_a_class(base: str, codes: tuple[str, ...], grade: str) -> None:
    assert graded(base, *codes) == grade


@given(st.sampled_from(("", *CLASSES)), events(), st.sampled_from(BAD), days)
def test_a_bad_event_never_raises_and_a_good_one_never_lowers(
    base: str, held: list[credit.Happened], bad: str, today: date
) -> None:
    before = credit.score(base, held, today)
    worse, better = credit.happened(bad, today), credit.happened(GOOD[0], today)
    assert worse
    assert better
    assert 0 <= credit.score(base, [*held, worse], today) <= before <= credit.score(base, [*held, better], today) <= 100


@given(events(GOOD), days)
def test_good_conduct_cannot_buy_off_a_grave_violation(good: list[credit.Happened], today: date) -> None:
    grave = credit.happened("outcome.case", today)
    assert grave
    assert credit.score("A", [*good, grave], today) < credit.score("A", [], today)


@given(st.sampled_from(("", *CLASSES)), events(), days)
def test_what_ceased_to_count_moves_nothing(base: str, held: list[credit.Happened], today: date) -> None:
    counting = credit.counting(held, None, today)
    assert credit.score(base, held, today) == credit.score(base, counting, today)
    review = credit.next_review([one.until for one in counting], today)
    if review is None:
        assert counting == []
    else:
        assert credit.counting(counting, None, review - timedelta(days=1)) == counting
        assert len(credit.counting(counting, None, review)) < len(counting)


@given(st.sampled_from(("", *CLASSES)), events(), days)
def test_the_class_of_the_directory_holds_what_was_before(base: str, held: list[credit.Happened], today: date) -> None:
    later = [one for one in held if one.on >= today]
    assert credit.score(base, held, today, since=today) == credit.score(base, later, today)


@given(st.integers(0, 100), st.sets(st.sampled_from(credit.LISTS)), st.booleans())
def test_a_list_and_joint_punishment_hold_the_class_down(points: int, listed: set[str], punished: bool) -> None:
    grade = credit.grade(points, listed, punished=punished)
    assert grade >= credit.grade(points, (), punished=False)
    assert all(grade >= credit.AT_BEST[one] for one in listed)
    assert not punished or grade == "D"


@given(st.integers(0, 99), st.sets(st.sampled_from(credit.LISTS)))
def test_more_points_are_never_a_worse_class(points: int, listed: set[str]) -> None:
    assert credit.grade(points + 1, listed, punished=False) <= credit.grade(points, listed, punished=False)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.mark.parametrize(
    ("listed", "complaints", "warnings", "flags"),
    [
        ((), (), (), []),
        (("abnormal",), (), (), [("abnormal", "list.abnormal")]),
        (("serious", "abnormal"), (), (), [("abnormal", "list.abnormal"), ("serious", "list.serious")]),
        ((), (ago(1), ago(2)), (), []),
        ((), (ago(1), ago(2), ago(300)), (), [("complaints", "complaints")]),
        ((), (ago(1), ago(2), ago(366)), (), []),
        ((), (), (("high", ago(364)),), [("risk", "warning.high")]),
        ((), (), (("high", ago(366)),), []),
        ((), (), (("high", TODAY + timedelta(days=1)),), []),
        ((), (), (("medium", ago(1)),) * 2, []),
        ((), (), (("medium", ago(1)),) * 3, [("risk", "warning.medium")]),
        ((), (), (("low", ago(1)),) * 9, []),
    ],
)
def test_who_is_a_key_subject_by_rule(  # R3.2.2e, R3.3.2a
    listed: tuple[str, ...],
    complaints: tuple[date, ...],
    warnings: tuple[tuple[str, date], ...],
    flags: list[tuple[str, str]],
) -> None:
    reasons = credit.key_reasons(listed, complaints, warnings, TODAY)
    assert [(one.flag, one.cause) for one in reasons] == flags
    assert {flag for flag, _ in flags} <= set(KEY_FLAGS)


@given(st.lists(days, max_size=6), st.lists(st.tuples(st.sampled_from(credit.LEVELS), days), max_size=6), days)
def test_a_reason_holds_until_the_day_it_names(
    complaints: list[date], warnings: list[tuple[str, date]], today: date
) -> None:
    known = [day for day in complaints if day <= today], [one for one in warnings if one[1] <= today]
    for reason in credit.key_reasons((), *known, today):
        assert reason.until
        last = credit.key_reasons((), *known, reason.until - timedelta(days=1))
        after = credit.key_reasons((), *known, reason.until)
        assert (reason.flag, reason.cause) in {(one.flag, one.cause) for one in last}
        assert (reason.flag, reason.cause) not in {(one.flag, one.cause) for one in after}


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 11, 30), -36, date(2023, 11, 30)),
    ],
)
def test_months_are_counted_as_people_count_them(day: date, months: int, then: date) -> None:
    assert credit.months_after(day, months) == then


@pytest.mark.parametrize(
    ("word", "level"),
    [("高", "high"), ("红色", "high"), ("High", "high"), ("橙色预警", "medium"), ("低风险", "low"), ("紫", None)],
)
def test_levels_as_departments_write_them(word: str, level: str | None) -> None:
    assert credit.level_of_word(word) == level


def test_every_event_that_lowers_comes_of_something_that_exists() -> None:
    known = {f"result.{one}" for one in results.RESULTS} | {f"outcome.{one}" for one in OUTCOMES}
    known |= {f"warning.{one}" for one in credit.LEVELS} | {f"punishment.{one}" for one in credit.PUNISHMENTS}
    assert set(CODES) - known == {"complaint", "commitment.made", "commitment.broken"}
    assert set(credit.GROUNDS) <= set(results.RESULTS)
