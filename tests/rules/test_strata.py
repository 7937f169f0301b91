"""Who is drawn more, less, and not at all."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import strata
from rules.bundles import quota


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
        ("", tuple(sorted(strata.KEY_FLAGS)), "K", 6),
    ],
)
def test_stratum_and_weight(credit: str, flags: tuple[str, ...], name: str, weight: int) -> None:
    assert strata.stratum(credit, flags) == name
    assert strata.weight(credit, flags) == weight


def test_r3_1_2c_general_items_never_pass_their_ceiling() -> None:
    shares = strata.ratios("general", Decimal(3), Decimal(5))
    assert shares == {
        "A": Fraction(15, 1000),
        "B": Fraction(3, 100),
        "C": Fraction(5, 100),
        "D": Fraction(5, 100),
        "K": Fraction(5, 100),
    }


def test_r3_1_2b_key_items_have_no_ceiling_and_may_be_order_only() -> None:
    assert strata.ratios("key", Decimal(60), Decimal(5))["D"] == 1
    assert strata.ratios("key", Decimal(60), None)["A"] == Fraction(30, 100)
    assert set(strata.ratios("key", Decimal(100), None).values()) == {Fraction(1)}


@pytest.mark.parametrize("ratio", [Decimal(0), Decimal(-1), Decimal("100.1")])
def test_a_ratio_outside_its_range_is_refused(ratio: Decimal) -> None:
    with pytest.raises(ValueError, match="ratio"):
        strata.ratios("key", ratio, None)


def test_no_class_may_be_lowered_to_zero() -> None:
    with pytest.raises(ValueError, match="factor"):
        strata.ratios("key", Decimal(5), None, {"A": Decimal(0)})


@given(
    st.sampled_from(["general", "key"]),
    st.decimals("0.01", "100", places=2),
    st.decimals("0.01", "100", places=2),
    st.integers(0, 10_000),
)
def test_ratios_keep_their_bounds(kind: str, ratio: Decimal, ceiling: Decimal, size: int) -> None:
    shares = strata.ratios(kind, ratio, ceiling)
    assert shares["A"] <= shares["B"] <= shares["C"] <= shares["D"]
    for share in shares.values():
        assert 0 < share <= (Fraction(ceiling) / 100 if kind == "general" else 1)
        assert quota(share, size) >= min(1, size)  # lowered, but never zero
        assert quota(share, size) <= size


@pytest.mark.parametrize(
    ("credit", "flags", "status", "visits", "held", "reason"),
    [
        ("A", (), "active", 1, False, ""),
        ("A", (), "active", 2, False, "annual-cap"),
        ("A", (), "active", 3, False, "annual-cap"),
        ("B", (), "active", 9, False, ""),
        ("", (), "active", 9, False, ""),
        ("A", ("complaints",), "active", 2, False, ""),  # a key subject is not of low risk
        ("A", (), "cancelled", 2, True, "dead"),
        ("D", (), "revoked", 0, False, "dead"),
        ("D", (), "moved", 0, False, "dead"),
        ("A", (), "active", 2, True, "hold"),
        ("D", (), "active", 0, True, "hold"),
    ],
)
def test_r3_2_2d_exclusions(
    credit: str, flags: tuple[str, ...], status: str, visits: int, held: bool, reason: str
) -> None:
    assert strata.exclusion(credit, flags, status, visits, held=held) == reason
    assert reason in ("", *strata.EXCLUSIONS)
