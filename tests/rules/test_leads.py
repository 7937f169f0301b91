"""Where a lead may go, what its outcomes need, who is proposed, and a lot that anybody can draw again."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import people
from rules.corrections import MOVES as CORRECTION_MOVES
from rules.corrections import after_recheck
from rules.leads import MOVES, OPEN, OUTCOMES, OWNERS, check_move, check_outcome, kind_of_word, owner
from rules.lots import lot
from rules.people import department_of
from rules.refusal import Refusal
from rules.results import RESULTS
from rules.routing import STANDARD, proposed, with_standard


def test_every_open_state_has_an_owner_and_a_way_to_the_end() -> None:
    assert set(OWNERS) == set(OPEN)
    for state in OPEN:
        assert owner(state, office=False)
        assert owner(state, office=True) == "office"
        reached, new = {state}, {state}
        while new := {to for one in new for to in MOVES[one]} - reached:
            reached |= new
        assert {"resolved", "closed"} <= reached
    assert owner("resolved", office=True) == ""


def test_a_lead_that_is_over_goes_nowhere() -> None:
    for state in ("resolved", "closed"):
        for to in MOVES:
            with pytest.raises(Refusal):
                check_move(state, to)


@pytest.mark.parametrize(
    ("outcome", "text", "code"),
    [
        ("case", "义消立字〔2026〕31号", ""),
        ("case", "已经立案", "leads.case_number"),
        ("no_case", "情节轻微", ""),
        ("prosecution", "义乌市公安局，5 号", ""),
        ("prosecution", "Yiwu police, 5", ""),
        ("prosecution", "已移送 5 号", "leads.judicial_organ"),
        ("other", "  ", "reason_needed"),
        ("else", "x", "gone"),
    ],
)
def test_an_outcome_has_what_it_needs(outcome: str, text: str, code: str) -> None:  # R3.3.3b
    if not code:
        check_outcome(outcome, text)
        return
    with pytest.raises(Refusal) as refused:
        check_outcome(outcome, text)
    assert refused.value.code == code


def test_words_propose_a_department_and_an_own_table_comes_first() -> None:  # R3.3.3a
    assert proposed("疏散通道堆放气瓶", "", STANDARD)[0] == "消防救援"
    assert proposed("夜间油烟扰民，噪音大", "", STANDARD)[0] == "生态环境"
    assert proposed("一切正常", "", STANDARD) == []
    own = with_standard([("", ("气瓶",), "住建"), ("JH-1", (), "公安"), ("", ("充装",), "消防救援")])
    assert proposed("气瓶", "", own) == ["住建"]
    assert proposed("气瓶", "JH-1", own) == ["公安", "住建"]


@pytest.mark.parametrize(
    ("found", "organ"),
    [("占道经营、店外堆放", "义乌市综合行政执法局"), ("灭火器过期", "义乌市消防救援大队")],
)
def test_what_words_propose_is_a_department_that_organs_have(found: str, organ: str) -> None:  # R3.3.3a
    assert department_of(organ) in proposed(found, "", STANDARD)
    lines = {department for _, department in people._DEPARTMENTS}
    assert {department for _, _, department in STANDARD} <= lines


@given(st.text(max_size=40), st.sampled_from(["", "JH-1"]))
def test_only_departments_of_the_table_are_proposed_each_once(text: str, item: str) -> None:
    found = proposed(text, item, STANDARD)
    assert len(found) == len(set(found))
    assert set(found) <= {department for _, _, department in STANDARD}


@pytest.mark.parametrize(
    ("word", "kind"), [("投诉举报", "complaint"), ("移送", "handover"), ("监测预警", "warning"), ("闲话", None)]
)
def test_words_for_what_comes_from_outside(word: str, kind: str | None) -> None:  # R1.1
    assert kind_of_word(word) == kind


def test_a_lot_can_be_drawn_again_by_hand() -> None:
    names = ["330700021", "330700022", "330700023"]
    by_hand = sorted(names, key=lambda name: sha256(b"seed\n" + name.encode()).hexdigest())
    assert lot("seed", reversed(names)) == by_hand


@given(st.sets(st.text(min_size=1, max_size=6), min_size=1, max_size=8), st.text(max_size=8))
def test_a_lot_takes_everybody_once_whatever_their_order(names: set[str], seed: str) -> None:
    assert lot(seed, sorted(names)) == lot(seed, sorted(names, reverse=True))
    assert set(lot(seed, names)) == names


def test_a_recheck_ends_a_correction_or_takes_it_further() -> None:
    assert {after_recheck(one) for one in RESULTS} <= set(CORRECTION_MOVES["rechecking"])
    assert after_recheck("clean") == after_recheck("closed") == "closed"
    assert (after_recheck("correction"), after_recheck("obstructed")) == ("again", "failed")


def test_outcomes_are_the_five_of_the_chat() -> None:
    assert OUTCOMES == ("case", "no_case", "corrected", "prosecution", "other")
