"""2,000 small draws: everybody is chosen as often as they should be.

Each check is a chi-square test. A fair draw would fail one with a probability of at most ERROR = 1 in 100,000, some
ten checks together with 1 in 10,000; and because the seeds are fixed, a version of the draw passes always or never.
`test_the_checks_would_notice` shows that the checks are sharp enough to see small favours.
"""

from collections import Counter
from collections.abc import Callable, Hashable
from hashlib import sha256
from itertools import permutations
from math import exp, lgamma, log
from typing import Any

import pytest

from rules import draw
from rules.bundles import commitment, hexhash, public_inspector_id
from tests.rules.test_draw_examples import FIELDS, KEY, SECRET, SOURCES, code

DRAWS, ERROR = 2_000, 1e-5
EVEN = {code(n): 1 for n in range(12)}  # a stratum of equals, 3 drawn
HEAVY = {code(100 + n): weight for n, weight in enumerate((1, 1, 2, 3, 5))}  # one with weights, 2 drawn
QUOTAS = {"E": 3, "H": 2}
STAFF = sorted(public_inspector_id(KEY, str(n)) for n in range(9))
LOADED = dict(zip(STAFF, (0, 1, 2, 3, 4, 5, 6, 7, 9), strict=True))
CAP = 8  # the last one of LOADED is above it


def chance(statistic: float, freedom: int) -> float:
    """How likely a chi-square of this size or more is: 1 - P(freedom / 2, statistic / 2) by its series."""
    a, x = freedom / 2, statistic / 2
    term = total = 1 / a
    for n in range(1, 10_000):
        term *= x / (a + n)
        total += term
    return max(0.0, 1 - total * exp(a * log(x) - x - lgamma(a))) if x else 1.0


def fair(seen: Counter[Any], share: dict[Hashable, float], times: int) -> float:
    """The chance of counts like these or worse, if each of `times` independent choices has these shares."""
    assert abs(sum(share.values()) - 1) < 1e-9
    assert seen.total() == times
    assert seen.keys() <= {key for key, part in share.items() if part > 0}
    parts = {key: part for key, part in share.items() if part > 0}
    statistic = sum((seen[key] - times * part) ** 2 / (times * part) for key, part in parts.items())
    return chance(statistic, len(parts) - 1)


def run(loads: dict[str, int], recused: list[tuple[str, str]], secret: Callable[[int], bytes]) -> list[dict[str, Any]]:
    """The certificates of 2,000 draws of the same tables by different secrets."""
    rows = [(name, "E", weight) for name, weight in EVEN.items()] + [
        (name, "H", weight) for name, weight in HEAVY.items()
    ]
    tables = {
        "pool.tsv": sorted(f"{name}\t{stratum}\t{weight}\t东区\t".encode() for name, stratum, weight in rows),
        "inspectors.tsv": sorted(f"{name}\t市场\t东区\t{load}\t".encode() for name, load in loads.items()),
        "recusals.tsv": sorted(f"{subject}\t{name}".encode() for subject, name in recused),
    }
    slots = [{"organ": "市场", "qualified": False}] * 2
    rules = {"slots": slots, "cap": CAP, "neighbours": [], "reserves": 1}
    out = []
    for n in range(DRAWS):
        fields = FIELDS | {"rules": rules, "entropy": SOURCES["witness"], "secret_hash": hexhash(secret(n))}
        words = [{"witness": name, "text": str(n)} for name in SOURCES["witness"]["witnesses"]]
        entropy = {"kind": "witness", "contributions": words}
        out.append(draw.draw(commitment(tables, QUOTAS, **fields), tables, secret(n), entropy))
    return out


def secret(n: int) -> bytes:
    return sha256(SECRET + n.to_bytes(4, "big")).digest()


@pytest.fixture(scope="module")
def draws() -> list[dict[str, Any]]:
    """All inspectors with nothing to do at first."""
    return run(dict.fromkeys(STAFF, 0), [], secret)


@pytest.fixture(scope="module")
def uneven() -> list[dict[str, Any]]:
    """Inspectors who hold different numbers of visits; one may not check any subject."""
    return run(LOADED, [(name, STAFF[0]) for name in (*EVEN, *HEAVY)], secret)


def subjects(certificate: dict[str, Any], stratum: str) -> list[str]:
    return [visit["subject"] for visit in certificate["visits"] if visit["stratum"] == stratum]


def in_order(weights: dict[str, int], number: int) -> dict[Hashable, float]:
    """How likely each ordered outcome of drawing by weight without putting back is."""
    shares: dict[Hashable, float] = {}
    for outcome in permutations(weights, number):
        left, share = sum(weights.values()), 1.0
        for name in outcome:
            share *= weights[name] / left
            left -= weights[name]
        shares[outcome] = share
    return shares


def test_every_subject_of_a_stratum_is_drawn_equally_often(draws: list[dict[str, Any]]) -> None:
    first = Counter(subjects(certificate, "E")[0] for certificate in draws)
    assert fair(first, dict.fromkeys(EVEN, 1 / 12), DRAWS) > ERROR
    pairs = Counter(tuple(subjects(certificate, "E")[:2]) for certificate in draws)
    assert fair(pairs, in_order(EVEN, 2), DRAWS) > ERROR
    # All 3 places together: the counts of a draw without putting back vary less, by (1 - 3 / 12) · 12 / 11.
    seen = Counter(name for certificate in draws for name in subjects(certificate, "E"))
    expected = DRAWS * 3 / 12
    statistic = sum((seen[name] - expected) ** 2 for name in EVEN) / expected / (1 - 3 / 12) * 11 / 12
    assert chance(statistic, 11) > ERROR
    assert seen.total() == DRAWS * 3


def test_weights_count_exactly(draws: list[dict[str, Any]]) -> None:
    first = Counter(subjects(certificate, "H")[0] for certificate in draws)
    assert fair(first, {name: weight / 12 for name, weight in HEAVY.items()}, DRAWS) > ERROR
    both = Counter(tuple(subjects(certificate, "H")) for certificate in draws)
    assert fair(both, in_order(HEAVY, 2), DRAWS) > ERROR


def test_the_reserve_is_the_next_of_the_same_draw(draws: list[dict[str, Any]]) -> None:
    reserves = Counter((*subjects(certificate, "H"), *certificate["reserves"][1]["ids"]) for certificate in draws)
    assert fair(reserves, in_order(HEAVY, 3), DRAWS) > ERROR


def test_the_order_of_visits_mixes_the_strata(draws: list[dict[str, Any]]) -> None:
    """Tickets are compared over all strata: 12 of weight 1 and 12 of weights 1, 1, 2, 3, 5; the first is by weight."""
    first = Counter(certificate["visits"][0]["subject"] for certificate in draws)
    assert fair(first, {name: weight / 24 for name, weight in (EVEN | HEAVY).items()}, DRAWS) > ERROR


def seat(certificate: dict[str, Any], visit: int, number: int) -> str:
    return str(certificate["visits"][visit]["seats"][number]["inspector"])


def test_every_inspector_is_chosen_equally_often(draws: list[dict[str, Any]]) -> None:
    share: dict[Hashable, float] = dict.fromkeys(STAFF, 1 / 9)
    assert fair(Counter(seat(certificate, 0, 0) for certificate in draws), share, DRAWS) > ERROR
    assert fair(Counter(seat(certificate, 0, 1) for certificate in draws), share, DRAWS) > ERROR
    for visit in range(5):
        assert fair(Counter(seat(certificate, visit, 0) for certificate in draws), share, DRAWS) > ERROR
    pairs = Counter((seat(certificate, 0, 0), seat(certificate, 0, 1)) for certificate in draws)
    assert fair(pairs, in_order(dict.fromkeys(STAFF, 1), 2), DRAWS) > ERROR


def test_work_is_spread_and_nobody_meets_themselves(draws: list[dict[str, Any]]) -> None:
    for certificate in draws:
        held = Counter(seat["inspector"] for visit in certificate["visits"] for seat in visit["seats"])
        assert held.total() == 10
        assert max(held.values()) <= 3  # by a hat alone somebody would hold 4 or more in every fifth draw
        assert all(seat(certificate, visit, 0) != seat(certificate, visit, 1) for visit in range(5))


def test_the_one_with_fewer_visits_goes(uneven: list[dict[str, Any]]) -> None:
    """Of two names out of n the less busy: the k-th least busy (from 0) wins 2 (n - 1 - k) of n (n - 1) pairs.

    Who is recused or holds `cap` visits is out: 7 of 9 are left, and the busiest of them never wins here.
    """
    share: dict[Hashable, float] = {name: 2 * (6 - k) / 42 for k, name in enumerate(STAFF[1:8])}
    assert fair(Counter(seat(certificate, 0, 0) for certificate in uneven), share, DRAWS) > ERROR


def test_the_recused_and_the_overworked_are_never_chosen(uneven: list[dict[str, Any]]) -> None:
    chosen = {seat["inspector"] for certificate in uneven for visit in certificate["visits"] for seat in visit["seats"]}
    assert STAFF[0] not in chosen
    assert STAFF[8] not in chosen
    assert set(STAFF[1:7]) <= chosen


def test_the_checks_would_notice(draws: list[dict[str, Any]]) -> None:
    """If weights were taken for 1, or one inspector had half the others' chance, the checks would fail."""
    first = Counter(subjects(certificate, "H")[0] for certificate in draws)
    assert fair(first, dict.fromkeys(HEAVY, 1 / 5), DRAWS) < 1e-50
    assert fair(first, {name: weight / 13 for name, weight in zip(HEAVY, (1, 2, 2, 3, 5), strict=True)}, DRAWS) < 1e-9
    seats = Counter(seat(certificate, 0, 0) for certificate in draws)
    biased: dict[Hashable, float] = {name: (0.5 if name == STAFF[3] else 1) / 8.5 for name in STAFF}
    assert fair(seats, biased, DRAWS) < 1e-9


@pytest.mark.parametrize(
    ("statistic", "freedom", "expected"), [(3.841, 1, 0.05), (18.307, 10, 0.05), (23.513, 4, 1e-4), (50.795, 19, 1e-4)]
)
def test_the_chi_square_table(statistic: float, freedom: int, expected: float) -> None:
    assert abs(chance(statistic, freedom) / expected - 1) < 0.01
