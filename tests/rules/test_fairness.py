"""The arithmetic of the audit against printed tables, exact probabilities and simulated draws."""

from __future__ import annotations

import random
from collections import Counter
from itertools import permutations
from math import exp, expm1

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.fairness import ALARM, Tally, Verdict, chance, gini, hazard, quadratic

COUNTS = st.lists(st.integers(0, 50), min_size=1, max_size=20)
GROUPS = st.dictionaries(
    st.sampled_from("ABCDEFGH"),
    st.dictionaries(st.integers(1, 8), st.integers(1, 40), min_size=1, max_size=3),
    min_size=2,
    max_size=6,
)


@pytest.mark.parametrize(
    ("statistic", "freedom", "expected"),
    [  # NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.4
        (3.841459, 1, 0.05),
        (6.634897, 1, 0.01),
        (10.827566, 1, 0.001),
        (5.991465, 2, 0.05),
        (18.307038, 10, 0.05),
        (29.588298, 10, 0.001),
        (43.772972, 30, 0.05),
        (124.342113, 100, 0.05),
        (149.449253, 100, 0.001),
        (77.929465, 100, 0.95),
        (0.554298, 5, 0.99),
    ],
)
def test_the_chi_square_table(statistic: float, freedom: int, expected: float) -> None:
    assert chance(statistic, freedom) == pytest.approx(expected, rel=1e-5)


@given(st.floats(0, 2000))
def test_two_degrees_of_freedom_are_an_exponential(statistic: float) -> None:
    assert chance(statistic, 2) == pytest.approx(exp(-statistic / 2), rel=1e-9, abs=1e-300)


@given(st.floats(0.01, 500), st.floats(0.01, 100), st.integers(1, 300))
def test_a_larger_statistic_is_less_likely(statistic: float, more: float, freedom: int) -> None:
    assert 0 <= chance(statistic + more, freedom) <= chance(statistic, freedom) + 1e-12 <= 1 + 1e-12


def test_nothing_to_test_is_no_alarm() -> None:
    assert chance(0, 5) == chance(3, 0) == 1
    assert Tally().verdict().chance == 1
    assert quadratic([], []) == (0, 0)


def test_one_group_has_nothing_to_compare_with() -> None:
    tally = Tally()
    for size in (7, 11, 1000):
        tally.add({"甲": {1: size, 3: size}}, {"甲": size // 3})
    assert tally.verdict() == Verdict(0.0, 0, 1.0)


def test_the_statistic_is_pearsons_where_selections_are_independent() -> None:
    """60 throws of a die: V = n (diag p - p pᵀ), of rank 5, gives Σ (seen - expected)² / expected."""
    seen, n = [5, 8, 9, 8, 10, 20], 60
    covariance = [[n * ((i == j) / 6 - 1 / 36) for j in range(6)] for i in range(6)]
    statistic, freedom = quadratic([one - 10 for one in seen], covariance)
    assert (statistic, freedom) == (pytest.approx(13.4), 5)
    assert chance(statistic, freedom) == pytest.approx(0.01991, rel=1e-3)


def test_gini_of_known_spreads() -> None:
    assert gini([]) == gini([0, 0]) == gini([3, 3, 3]) == 0
    assert gini([0, 0, 0, 12]) == pytest.approx(0.75)
    assert gini([1, 2, 3, 4]) == pytest.approx(0.25)


@given(COUNTS, st.integers(2, 9))
def test_gini_is_the_mean_difference(values: list[int], factor: int) -> None:
    differences = sum(abs(one - other) for one in values for other in values)
    mean = sum(values) * len(values) * 2
    assert gini(values) == pytest.approx(differences / mean if mean else 0, abs=1e-9)
    assert gini([one * factor for one in values]) == pytest.approx(gini(values), abs=1e-9)


@given(st.dictionaries(st.integers(1, 60), st.integers(1, 1000), min_size=1, max_size=6), st.data())
def test_the_chances_of_a_stratum_sum_to_what_is_drawn(sizes: dict[int, int], data: st.DataObject) -> None:
    drawn = data.draw(st.integers(0, sum(sizes.values()) - 1))
    level = hazard(sizes, drawn)
    assert sum(-n * expm1(-level * weight) for weight, n in sizes.items()) == pytest.approx(drawn, abs=1e-6)


@given(GROUPS, st.data())
def test_as_many_are_expected_as_are_seen(sizes: dict[str, dict[int, int]], data: st.DataObject) -> None:
    seen = {name: data.draw(st.integers(0, sum(weights.values()))) for name, weights in sizes.items()}
    tally = Tally()
    tally.add(sizes, seen)
    assert sum(tally.expected.values()) == pytest.approx(sum(seen.values()), abs=1e-6)
    verdict = tally.verdict()
    assert 0 <= verdict.chance <= 1
    assert verdict.statistic >= 0
    assert verdict.freedom < len(sizes)


def test_equal_weights_have_the_variance_of_drawing_without_putting_back() -> None:
    """Two groups of 30 and 70, 40 drawn: the hypergeometric variance is 40 · 0.3 · 0.7 · 60 / 99."""
    tally = Tally()
    tally.add({"A": {1: 30}, "B": {1: 70}}, {"A": 20, "B": 20})
    verdict = tally.verdict()
    assert tally.expected == {"A": pytest.approx(12), "B": pytest.approx(28)}
    assert (verdict.statistic, verdict.freedom) == (pytest.approx(8**2 / (40 * 0.21 * 60 / 99)), 1)


def test_weights_come_near_the_exact_chances() -> None:
    """Ten subjects, three drawn: expected by weight, within 5 % of enumerating every order."""
    weights = (1, 1, 1, 1, 2, 2, 2, 3, 3, 4)
    exact = Counter[int]()
    for outcome in permutations(range(10), 3):
        left, share = sum(weights), 1.0
        for one in outcome:
            share *= weights[one] / left
            left -= weights[one]
        for one in outcome:
            exact[weights[one]] += share  # type: ignore[assignment]
    tally = Tally()
    tally.add({str(weight): {weight: n} for weight, n in Counter(weights).items()}, {"1": 3})
    assert {int(name): value for name, value in tally.expected.items()} == pytest.approx(exact, rel=0.05)


def order_sample(pool: list[tuple[str, int]], drawn: int, chooser: random.Random) -> list[str]:
    """The least of `weight` uniform tickets for each, the least of all first: as docs/draw.md draws."""
    tickets = [(min(chooser.random() for _ in range(weight)), group) for group, weight in pool]
    return [group for _, group in sorted(tickets)[:drawn]]


def test_chances_of_honest_draws_are_spread_evenly() -> None:
    """500 tallies of 8 draws: as many chances in each fifth as there should be, with weights and a small group."""
    chooser = random.Random(5)
    groups = (("A", 60, 1), ("B", 45, 3), ("C", 25, 5), ("D", 3, 2))
    pool = [(group, 1 + number % weights) for group, size, weights in groups for number in range(size)]
    sizes: dict[str, Counter[int]] = {}
    for group, weight in pool:
        sizes.setdefault(group, Counter())[weight] += 1
    fifths = Counter[int]()
    for _ in range(500):
        tally = Tally()
        for _ in range(8):
            tally.add(sizes, Counter(order_sample(pool, 20, chooser)))
        fifths[min(4, int(tally.verdict().chance * 5))] += 1
    assert chance(sum((fifths[fifth] - 100) ** 2 / 100 for fifth in range(5)), 4) > 1e-3


def test_a_favour_is_seen_and_forgiven_only_where_the_weights_say_so() -> None:
    chooser = random.Random(6)
    pool = [("favoured", 2)] * 200 + [("others", 1)] * 800
    said, hidden = Tally(), Tally()
    for _ in range(20):
        seen = Counter(order_sample(pool, 50, chooser))
        said.add({"favoured": {2: 200}, "others": {1: 800}}, seen)
        hidden.add({"favoured": {1: 200}, "others": {1: 800}}, seen)
    assert said.verdict().chance > 0.001
    assert hidden.verdict().chance < ALARM


def test_who_must_be_drawn_tells_nothing() -> None:
    tally = Tally()
    tally.add({"A": {1: 3}, "B": {2: 4}}, {"A": 3, "B": 4})
    tally.add({"A": {1: 3}, "B": {2: 4}}, {})
    assert tally.expected == {"A": 3, "B": 4}
    assert tally.verdict().chance == 1
