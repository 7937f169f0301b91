"""Who is drawn more, less, and not at all."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import strata
from rules.bundles import quota
from rules.refusal import Refusal


@pytest.mark.parametrize(
    ("credit", "flags", "name", "weight"),
    [
        ("A", (), "A", 1),
        ("", (), "B", 1),
        ("B", (), "B", 1),
        ("C", ("something else",), "C", 1),
        ("D", (), "D", 1),
        ("E", (), "B", 1),
        ("K", (), "B", 1),
        ("A", ("food_drug",), "K", 1),
        ("A", ("food_drug", "complaints", "unknown"), "K", 2),
        ("D", ("serious",), "K", 2),
        ("", tuple(sorted(strata.KEY_FLAGS)), "K", 7),
    ],
)
def test_stratum_and_weight(credit: str, flags: tuple[str, ...], name: str, weight: int) -> None:
    assert strata.stratum(credit, flags) == name
    assert strata.weight(credit, flags) == weight


def test_r3_2_2e_a_flag_with_a_factor_of_its_own_is_a_stratum_of_its_own() -> None:
    factors = strata.table({"food_drug": "8", "K": "3"})
    assert strata.stratum("A", ("food_drug", "complaints"), factors) == "food_drug"
    assert strata.stratum("A", ("complaints",), factors) == "K"
    assert strata.stratum("C", (), factors) == "C"
    assert strata.ratios(Decimal(3), None, factors)["food_drug"] == Fraction(24, 100)
    milder = strata.table({"complaints": "2"})
    assert strata.stratum("", ("complaints", "serious"), milder) == "K"
    assert strata.stratum("", ("complaints",), milder) == "complaints"


@pytest.mark.parametrize(
    ("own", "refusal"),
    [
        ({"A": "0"}, "strata.range"),
        ({"D": "101"}, "strata.range"),
        ({"A": "2"}, "strata.order"),  # low risk more than the others
        ({"C": "0.9"}, "strata.order"),  # higher risk less
        ({"serious": "0.5"}, "strata.order"),
        ({"E": "1"}, "strata.unknown"),
    ],
)
def test_r3_2_2c_a_table_that_turns_risk_upside_down_is_refused(own: dict[str, str], refusal: str) -> None:
    with pytest.raises(Refusal, match=refusal):
        strata.table(own)


def test_r3_1_2c_general_items_never_pass_their_ceiling() -> None:
    shares = strata.ratios(Decimal(3), Decimal(5))
    assert shares == {
        "A": Fraction(15, 1000),
        "B": Fraction(3, 100),
        "C": Fraction(5, 100),
        "D": Fraction(5, 100),
        "K": Fraction(5, 100),
    }


def test_r3_1_2b_key_items_have_no_ceiling_and_may_be_order_only() -> None:
    assert strata.ratios(Decimal(60), None)["D"] == 1
    assert strata.ratios(Decimal(60), None)["A"] == Fraction(30, 100)
    assert set(strata.ratios(Decimal(100), None).values()) == {Fraction(1)}


@pytest.mark.parametrize("ratio", [Decimal(0), Decimal(-1), Decimal("100.1")])
def test_a_ratio_outside_its_range_is_refused(ratio: Decimal) -> None:
    with pytest.raises(ValueError, match="ratio"):
        strata.ratios(ratio, None)


def test_no_class_may_be_lowered_to_zero() -> None:
    with pytest.raises(ValueError, match="factor"):
        strata.ratios(Decimal(5), None, {"A": Decimal(0)})


@given(
    st.decimals("0.01", "100", places=2),
    st.none() | st.decimals("0.01", "100", places=2),
    st.integers(0, 10_000),
)
def test_ratios_keep_their_bounds(ratio: Decimal, ceiling: Decimal | None, size: int) -> None:
    shares = strata.ratios(ratio, ceiling)
    assert shares["A"] <= shares["B"] <= shares["C"] <= shares["D"]
    for share in shares.values():
        assert 0 < share <= (1 if ceiling is None else Fraction(ceiling) / 100)
        assert quota(share, size) >= min(1, size)  # lowered, but never zero
        assert quota(share, size) <= size


@pytest.mark.parametrize(
    ("credit", "flags", "status", "visits", "reason"),
    [
        ("A", (), "active", 1, ""),
        ("A", (), "active", 2, "annual-cap"),
        ("A", (), "active", 3, "annual-cap"),
        ("B", (), "active", 9, ""),
        ("", (), "active", 9, ""),
        ("A", ("complaints",), "active", 2, ""),  # a key subject is not of low risk
        ("A", ("hold",), "cancelled", 2, "dead"),
        ("D", (), "revoked", 0, "dead"),
        ("D", (), "moved", 0, "dead"),
        ("A", ("hold",), "active", 2, "hold"),
        ("D", ("hold", "serious"), "active", 0, "hold"),
    ],
)
def test_r3_2_2d_exclusions(credit: str, flags: tuple[str, ...], status: str, visits: int, reason: str) -> None:
    assert strata.exclusion(credit, flags, status, visits) == reason
    assert reason in ("", *strata.EXCLUSIONS)
