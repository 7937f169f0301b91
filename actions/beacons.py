"""Proves that a round of drand is genuine, so that no relay has to be trusted (docs/draw.md, Randomness).

No network here: the top floor fetches, this floor judges. The chain is drand's *quicknet*, scheme
`bls-unchained-g1-rfc9380`: a signature in G1 of SHA-256(round as 8 bytes, big-endian) under a public key in G2.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from math import ceil
from typing import Any

from rules.draw import QUICKNET

# The chain's parameters, as relays publish them under /info; QUICKNET is the hash of them all.
GENESIS, PERIOD = 1692803367, 3
PUBLIC_KEY = (
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451"
    "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
)
GROUP_HASH = "f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd448d4279af331c5d3e"
DOMAIN = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"  # RFC 9380, the suite's name
WAIT = 60  # seconds between a commitment and the round that it names, at least
RELAYS_NEEDED = 2
LONGEST_ANSWER = 4096  # bytes; a round has some 300
_HEX32, _HEX48 = re.compile("[0-9a-f]{64}"), re.compile("[0-9a-f]{96}")


class BeaconRefused(ValueError):
    """A round that is not what it claims to be, or no answer that enough relays share; `code` is short and stable."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


def time_of(number: int) -> datetime:
    """When a round appears, in UTC. BeaconRefused (`round`) outside 1 to 2³²."""
    if not 1 <= number <= 1 << 32:
        raise BeaconRefused("round", str(number))
    return datetime.fromtimestamp(GENESIS, UTC) + timedelta(seconds=PERIOD * (number - 1))


def round_at(moment: datetime) -> int:
    """The last round that was public at a moment (aware); 0 before the chain began."""
    return max(0, int((moment.timestamp() - GENESIS) // PERIOD) + 1)


def round_after(moment: datetime) -> int:
    """The round that a commitment made at this moment names: the first that lies at least `WAIT` seconds later."""
    return max(1, ceil((moment.timestamp() + WAIT - GENESIS) / PERIOD) + 1)


def parse_relay_json(data: bytes, number: int) -> dict[str, Any]:
    """A relay's answer (`/{chain}/public/{round}`) for round `number` as the entropy of a certificate.

    Only its form, its round and randomness = SHA-256(signature) are checked here; `check` proves the signature.
    BeaconRefused: `answer`, `round`, `randomness`.
    """
    try:
        said = json.loads(data[:LONGEST_ANSWER].decode())
    except (ValueError, RecursionError):
        raise BeaconRefused("answer", "not JSON") from None
    if not isinstance(said, dict):
        raise BeaconRefused("answer", "not an object")
    answer = {"kind": "drand", "chain": QUICKNET} | {key: said.get(key) for key in ("round", "randomness", "signature")}
    _check_form(answer)
    if answer["round"] != number:
        raise BeaconRefused("round", f"asked for {number}, got {answer['round']}")
    return answer


def load_curve() -> None:
    """Import py_ecc: late, because it takes most of a second and few commands need it, and without its side effect.

    It raises the recursion limit of the whole process to 100,000, after which a deeply nested JSON from anybody
    (`json.loads`) no longer ends in a RecursionError but overflows the stack and kills the process.
    """
    limit = sys.getrecursionlimit()
    try:
        import py_ecc  # noqa: F401
    finally:
        sys.setrecursionlimit(limit)


def check(entropy: Mapping[str, Any]) -> None:
    """Prove that the entropy of a certificate is the real round of drand quicknet that it names.

    Takes some 3 seconds of one core, so callers in an event loop use a thread. BeaconRefused: `answer` (form),
    `chain`, `round`, `randomness` (not SHA-256 of the signature), `signature` (not by the chain).
    """
    _check_form(entropy)
    load_curve()
    from py_ecc.bls.hash_to_curve import hash_to_G1
    from py_ecc.bls.point_compression import decompress_G1, decompress_G2
    from py_ecc.bls.typing import G1Compressed, G2Compressed
    from py_ecc.optimized_bls12_381.optimized_curve import G2, curve_order, is_inf, multiply
    from py_ecc.optimized_bls12_381.optimized_pairing import pairing

    try:
        signature = decompress_G1(G1Compressed(int(entropy["signature"], 16)))
    except ValueError:
        raise BeaconRefused("signature", "not a point") from None
    # A point outside the subgroup would pass the pairing too, so that one round would have many "signatures".
    if is_inf(signature) or not is_inf(multiply(signature, curve_order)):
        raise BeaconRefused("signature", "not in the group")
    key = decompress_G2(G2Compressed((int(PUBLIC_KEY[:96], 16), int(PUBLIC_KEY[96:], 16))))
    message = hash_to_G1(sha256(entropy["round"].to_bytes(8, "big")).digest(), DOMAIN, sha256)  # type: ignore[arg-type]
    if pairing(G2, signature) != pairing(key, message):
        raise BeaconRefused("signature", "not by the chain")


def agree(answers: Iterable[bytes], number: int, needed: int = RELAYS_NEEDED) -> dict[str, Any]:
    """The entropy for round `number` that so many of the relays' answers share and the chain signed.

    Broken answers count for nothing, and liars cannot win by number because their signature fails.
    BeaconRefused (`relays`) if no genuine answer came from enough relays.
    """
    votes: Counter[str] = Counter()
    for data in answers:
        try:
            votes[parse_relay_json(data, number)["signature"]] += 1
        except BeaconRefused:
            continue
    for signature, count in votes.most_common():
        if count < needed:
            break
        randomness = sha256(bytes.fromhex(signature)).hexdigest()
        entropy = {
            "kind": "drand",
            "chain": QUICKNET,
            "round": number,
            "randomness": randomness,
            "signature": signature,
        }
        try:
            check(entropy)
        except BeaconRefused:
            continue
        return entropy
    raise BeaconRefused("relays", f"{votes.total()} usable answers, {len(votes)} different")


def _check_form(entropy: Mapping[str, Any]) -> None:
    if entropy.keys() != {"kind", "chain", "round", "randomness", "signature"} or entropy["kind"] != "drand":
        raise BeaconRefused("answer", "fields")
    if entropy["chain"] != QUICKNET:
        raise BeaconRefused("chain", str(entropy["chain"]))
    number, randomness, signature = entropy["round"], entropy["randomness"], entropy["signature"]
    if type(number) is not int or not 1 <= number <= 1 << 32:
        raise BeaconRefused("round", repr(number))
    for value, shape in ((randomness, _HEX32), (signature, _HEX48)):
        if not isinstance(value, str) or not shape.fullmatch(value):
            raise BeaconRefused("answer", "not lower-case hex of the right length")
    if sha256(bytes.fromhex(signature)).hexdigest() != randomness:
        raise BeaconRefused("randomness")
