"""A real round of drand quicknet is accepted, everything else is not."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from actions import beacons
from rules.draw import QUICKNET

SHARED = Path(__file__).parents[2].parent / "shared" / "draw" / "example-drand" / "certificate.json"
ROUND_1000 = {  # public: any drand relay shows it under /{chain}/public/1000
    "kind": "drand",
    "chain": QUICKNET,
    "round": 1000,
    "randomness": "fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd",
    "signature": "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39",
}


def relay(**changes: Any) -> bytes:
    answer = {key: ROUND_1000[key] for key in ("round", "randomness", "signature")}
    return json.dumps(answer | changes).encode()


def with_signature(signature: str, **changes: Any) -> dict[str, Any]:
    """A forgery whose randomness at least fits its signature."""
    randomness = sha256(bytes.fromhex(signature)).hexdigest()
    return ROUND_1000 | {"signature": signature, "randomness": randomness} | changes


def negated(signature: str) -> str:
    return f"{int(signature, 16) ^ 1 << 381:096x}"


def outside_the_subgroup(signature: str) -> str:
    """The real signature plus a point of small order: the pairing cannot tell them apart."""
    beacons.load_curve()
    from py_ecc.bls.point_compression import compress_G1, decompress_G1
    from py_ecc.optimized_bls12_381 import add, curve_order, is_inf, multiply

    x = 1
    while True:
        try:
            point = multiply(decompress_G1((1 << 383) + x), curve_order)
        except ValueError:
            point = None
        if point and not is_inf(point):
            return f"{compress_G1(add(decompress_G1(int(signature, 16)), point)):096x}"
        x += 1


def test_the_real_round_is_accepted() -> None:
    beacons.check(ROUND_1000)


@pytest.mark.skipif(not SHARED.exists(), reason="needs the example bundles")
def test_the_round_of_the_example_is_accepted() -> None:
    assert json.loads(SHARED.read_bytes())["entropy"] == ROUND_1000


def test_checking_leaves_the_recursion_limit_alone() -> None:
    """Otherwise nested JSON from a stranger would kill the process once a beacon had been checked."""
    code = (
        "import json, sys\n"
        "from actions import beacons\n"
        f"beacons.check({ROUND_1000!r})\n"
        "assert sys.getrecursionlimit() == 1000, sys.getrecursionlimit()\n"
        "try: json.loads('[' * 500_000)\n"
        "except RecursionError: print('alive')\n"
    )
    root = Path(beacons.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=root, timeout=120
    )
    assert (done.returncode, done.stdout.strip()) == (0, "alive"), done.stderr


def test_the_chain_is_the_hash_of_its_parameters() -> None:
    parameters = beacons.PERIOD.to_bytes(4, "big") + beacons.GENESIS.to_bytes(8, "big")
    parameters += bytes.fromhex(beacons.PUBLIC_KEY) + bytes.fromhex(beacons.GROUP_HASH) + b"quicknet"
    assert sha256(parameters).hexdigest() == QUICKNET


@pytest.mark.parametrize(
    ("entropy", "code"),
    [
        (with_signature(str(ROUND_1000["signature"]), round=1001), "signature"),
        (with_signature(negated(str(ROUND_1000["signature"]))), "signature"),
        (with_signature("c" + "0" * 95), "signature"),  # the point at infinity
        (with_signature("0" * 96), "signature"),
        (with_signature("9a" + "f" * 94), "signature"),  # not below the field's modulus
        (with_signature(outside_the_subgroup(str(ROUND_1000["signature"]))), "signature"),
        (ROUND_1000 | {"randomness": "0" * 64}, "randomness"),
        (ROUND_1000 | {"signature": str(ROUND_1000["signature"]).upper()}, "answer"),
        (ROUND_1000 | {"signature": str(ROUND_1000["signature"]) + "00"}, "answer"),
        (ROUND_1000 | {"signature": None}, "answer"),
        (ROUND_1000 | {"extra": 1}, "answer"),
        (ROUND_1000 | {"kind": "witness"}, "answer"),
        ({}, "answer"),
        (ROUND_1000 | {"chain": "0" * 64}, "chain"),
        (ROUND_1000 | {"round": True}, "round"),
        (ROUND_1000 | {"round": "1000"}, "round"),
        (ROUND_1000 | {"round": 0}, "round"),
        (ROUND_1000 | {"round": 1 << 64}, "round"),
    ],
)
def test_a_tampered_round_is_refused(entropy: dict[str, Any], code: str) -> None:
    with pytest.raises(beacons.BeaconRefused) as refused:
        beacons.check(entropy)
    assert refused.value.code == code


def test_without_the_subgroup_check_a_round_would_have_many_signatures() -> None:
    """The forgery is not refused for being no point or no signature, but for its group alone."""
    forged = with_signature(outside_the_subgroup(str(ROUND_1000["signature"])))
    with pytest.raises(beacons.BeaconRefused, match="not in the group"):
        beacons.check(forged)


def test_rounds_and_times() -> None:
    assert beacons.time_of(1) == datetime.fromtimestamp(1692803367, UTC)
    assert beacons.time_of(1000) == datetime(2023, 8, 23, 15, 59, 24, tzinfo=UTC)
    for shift, number in ((-1, 999), (0, 1000), (2, 1000), (3, 1001)):
        assert beacons.round_at(beacons.time_of(1000) + timedelta(seconds=shift)) == number
    assert beacons.round_at(datetime(2020, 1, 1, tzinfo=UTC)) == 0
    with pytest.raises(beacons.BeaconRefused):
        beacons.time_of(0)


@pytest.mark.parametrize("microseconds", [0, 1, 999_999, 1_000_000, 2_000_000, 2_999_999])
def test_the_round_that_a_commitment_names_is_a_minute_away(microseconds: int) -> None:
    now = beacons.time_of(5_000_000) + timedelta(microseconds=microseconds)
    wait = beacons.time_of(beacons.round_after(now)) - now
    assert timedelta(seconds=60) <= wait < timedelta(seconds=63)


def test_before_the_chain_began_its_first_round_is_named() -> None:
    assert beacons.round_after(datetime(2020, 1, 1, tzinfo=UTC)) == 1


def test_a_relays_answer_becomes_entropy() -> None:
    assert beacons.parse_relay_json(relay(previous_signature="00"), 1000) == ROUND_1000


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "answer"),
        (b"\xff\xfe", "answer"),
        (b"[" * 100_000, "answer"),
        (b"[]", "answer"),
        (b"null", "answer"),
        (b"<html>502</html>", "answer"),
        (relay(round=1001), "round"),
        (relay(round=1000.0), "round"),
        (relay(randomness="0" * 64), "randomness"),
        (relay(signature=7), "answer"),
        (b" " * 10_000 + relay(), "answer"),
    ],
)
def test_a_broken_answer_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(beacons.BeaconRefused) as refused:
        beacons.parse_relay_json(data, 1000)
    assert refused.value.code == code


def lie() -> bytes:
    forged = with_signature(negated(str(ROUND_1000["signature"])))
    return relay(signature=forged["signature"], randomness=forged["randomness"])


def test_two_relays_that_agree_are_enough_among_liars_and_ruins() -> None:
    answers = [b"", lie(), relay(), lie(), lie(), relay(), b"{}"]
    assert beacons.agree(answers, 1000) == ROUND_1000


@pytest.mark.parametrize("answers", [[], [relay()], [relay(), lie()], [lie(), lie(), lie()], [b"", b"{}", relay()]])
def test_one_relay_or_liars_alone_are_not_enough(answers: list[bytes]) -> None:
    with pytest.raises(beacons.BeaconRefused) as refused:
        beacons.agree(answers, 1000)
    assert refused.value.code == "relays"
