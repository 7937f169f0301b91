"""Was I in the hat? The answer of an opened draw for one subject, with its proofs (web/static/hat.js does the same)."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from rules.bundles import check_inclusion, inclusion_proof, ticket
from rules.draw import SUBJECT

LEVEL = 10  # proofs start from subtrees of 1024 lines
REASONS = ("dead", "annual-cap", "hold")


@dataclass
class Tree:
    """The Merkle tree of a table without its lines: the tops of its subtrees, and where each piece begins."""

    tops: list[bytes] = field(default_factory=list)
    starts: list[tuple[int, int, bytes]] = field(default_factory=list)  # piece, its first line's number and bytes
    size: int = 0
    weights: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    _open: list[bytes] = field(default_factory=list)

    def add(self, piece: int, lines: Sequence[bytes], weighed: bool) -> None:
        """Take in the next piece of the table; `weighed` counts the weights of each stratum."""
        if lines:
            self.starts.append((piece, self.size, lines[0]))
        self.size += len(lines)
        for line in lines:
            self._open.append(sha256(b"\0" + line).digest())
            if len(self._open) == 1 << LEVEL:
                self.close()
            if weighed and len(fields := line.split(b"\t")) == 5 and fields[2].isdigit():
                self.weights[fields[1].decode(errors="replace")][int(fields[2])] += 1

    def close(self) -> None:
        """Finish the last subtree."""
        if self._open:
            self.tops.append(_fold(self._open)[-1][0])
            self._open = []

    def pieces(self, first: int, last: int) -> list[tuple[int, int]]:
        """The pieces that hold the lines from first to last, each with the number of its first line."""
        ends = [start for _, start, _ in self.starts[1:]] + [self.size]
        around = zip(self.starts, ends, strict=True)
        return [(piece, start) for (piece, start, _), end in around if start <= last and end > first]

    def near(self, key: bytes) -> int:
        """A line at or before the place of a key: the first of its piece."""
        return max((start for _, start, line in self.starts if line < key), default=0)

    def proof(self, index: int, block: Sequence[bytes]) -> list[str]:
        """The audit path of a line; `block` are the lines of its subtree."""
        path = inclusion_proof(block, index % (1 << LEVEL))
        place = index >> LEVEL
        for level in _fold(self.tops)[:-1]:
            if place ^ 1 < len(level):
                path.append(level[place ^ 1].hex())
            place >>= 1
        return path


def _fold(level: list[bytes]) -> list[list[bytes]]:
    levels = [level]
    while len(level) > 1:
        odd = [level[-1]] if len(level) % 2 else []
        level = [sha256(b"\1" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)] + odd
        levels.append(level)
    return levels


@dataclass
class Index:
    """What is kept of an opened draw, so that a question reads only a few pieces of it."""

    trees: dict[str, Tree]
    seed: str
    last: dict[str, str]  # the last drawn ticket of each stratum
    reserves: set[str]


def index(trees: dict[str, Tree], certificate: dict[str, Any]) -> Index:
    """An index of a draw with this certificate."""
    last: dict[str, str] = {}
    for visit in certificate.get("visits", []):
        last[visit["stratum"]] = max(visit["ticket"], last.get(visit["stratum"], ""))
    reserves = {key for one in certificate.get("reserves", []) for key in one["ids"]}
    return Index(trees, certificate.get("seed", ""), last, reserves)


@dataclass
class Fact:
    """A line of the answer: a label, words with gaps, exact texts, and whether a proof held."""

    name: str
    words: str
    gaps: dict[str, Any]
    code: list[str] = field(default_factory=list)
    held: bool | None = None


@dataclass
class Answer:
    """What is said to a code."""

    answer: str
    code: str
    facts: list[Fact] = field(default_factory=list)


def normal(typed: str) -> str:
    """A code as the tables spell it, whatever way it was typed."""
    plain = unicodedata.normalize("NFKC", typed).strip()
    return plain.lower() if plain.startswith("~") else plain.upper()


def is_code(code: str) -> bool:
    """Whether a table could hold this id."""
    return SUBJECT.fullmatch(code.encode(errors="replace")) is not None


def percent(part: int, whole: int) -> str:
    """A share in percent, with as many digits as it needs."""
    share = 100 * part / whole
    return f"{share:.{1 if share >= 10 else 2 if share >= 1 else 4}f}"


def line_facts(
    name: str, file: str, tree: Tree, block: Sequence[bytes], line: int, promised: dict[str, Any]
) -> list[Fact]:
    """A line and the proof that the commitment counted it; `block` are the lines of its subtree."""
    row = block[line % (1 << LEVEL)]
    path = tree.proof(line, block)
    held = check_inclusion(promised["root"], promised["size"], line, row, path)
    gaps = {"place": line + 1, "size": tree.size, "file": file}
    shown = " · ".join(filter(None, row.decode(errors="replace").split("\t")))
    proof = Fact("proof", "proof_holds" if held else "proof_fails", {"steps": len(path)}, path, held)
    return [Fact(name, "line_of", gaps, [shown]), proof]


def ticket_facts(known: Index, row: bytes, strata: Sequence[dict[str, Any]]) -> tuple[bool, list[Fact]]:
    """Whether the subject of a line was drawn, its ticket beside the last drawn one, and its chance."""
    subject, name, weight, *_ = row.decode().split("\t")
    quota = next((s["quota"] for s in strata if s["name"] == name), 0)
    weights = known.trees["pool.tsv"].weights[name]
    size, total = sum(weights.values()), sum(held * count for held, count in weights.items())
    own, last = ticket(bytes.fromhex(known.seed), subject, int(weight)).hex(), known.last.get(name, "")
    drawn = own <= last
    words = "chance_all" if quota == size else "chance_equal" if len(weights) == 1 else "chance_weighted"
    gaps = {"quota": quota, "size": size, "stratum": name, "weight": int(weight), "total": total}
    return drawn, [
        Fact("ticket", "ticket_best" if int(weight) > 1 else "ticket_one", {"weight": int(weight)}, [own]),
        Fact("last", "ticket_smaller" if drawn else "ticket_greater", {"stratum": name}, [last] if last else []),
        Fact("chance", words, gaps | {"percent": percent(quota, size)}),
    ]


def reason_fact(row: bytes) -> Fact:
    """Why a subject was left out."""
    reason = row.decode(errors="replace").split("\t")[-1]
    words = f"reason_{reason.replace('-', '_')}" if reason in REASONS else "reason_other"
    return Fact("reason", words, {"reason": reason})
