"""Reads what an answer about the hat needs from the database, a few pieces of a table at a time."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from actions import register_draws
from actions.register_draws import PublicDraw
from rules.bundles import position
from web.hat import LEVEL, Answer, Index, Tree, index, is_code, line_facts, normal, reason_fact, ticket_facts
from web.site import Site

KEPT = 64  # indexes; each is about a hundred bytes for 1,000 subjects


async def ask(site: Site, draw: PublicDraw, typed: str) -> Answer:
    """The answer of an opened draw for a code as it was typed."""
    code = normal(typed)
    if not is_code(code):
        return Answer("form", code)
    try:
        return await _answer(site, draw, code)
    except (KeyError, IndexError, TypeError, ValueError):  # such files never came from rules/draw.py
        return Answer("none", code)


async def _answer(site: Site, draw: PublicDraw, code: str) -> Answer:
    committed = json.loads(draw.commitment)
    async with site.hat_lock:  # so that many questions at once build one index
        if draw.sequence not in site.hats:
            while len(site.hats) >= KEPT:
                site.hats.pop(next(iter(site.hats)))
            site.hats[draw.sequence] = await _index(site, draw)
    known: Index = site.hats[draw.sequence]
    pool, promised = known.trees["pool.tsv"], committed["pool"]
    at, block, first = await _find(site, draw, "pool.tsv", pool, code)
    if at >= 0:
        facts = line_facts("line", "pool.tsv", pool, block, at, promised)
        if not known.seed:
            return Answer("inside", code, facts)
        drawn, tickets = ticket_facts(known, block[at - first], promised["strata"])
        return Answer("drawn" if drawn else "reserve" if code in known.reserves else "missed", code, tickets + facts)
    if (excluded := known.trees.get("excluded.tsv")) and "excluded" in committed:
        out, rows, start = await _find(site, draw, "excluded.tsv", excluded, code)
        if out >= 0:
            facts = line_facts("line", "excluded.tsv", excluded, rows, out, committed["excluded"])
            return Answer("excluded", code, [reason_fact(rows[out - start]), *facts])
    facts = []
    for name, line in ("before", -2 - at), ("after", -1 - at):
        if 0 <= line < pool.size:
            start = line >> LEVEL << LEVEL
            rows = await _lines(site, draw, "pool.tsv", pool, start, start + (1 << LEVEL) - 1)
            facts += line_facts(name, "pool.tsv", pool, rows, line, promised)
    return Answer("absent", code, facts)


async def _index(site: Site, draw: PublicDraw) -> Index:
    trees: dict[str, Tree] = {}
    for name in ("pool.tsv", "excluded.tsv"):
        async with site.database.read() as session:
            parts = await register_draws.parts(session, draw.id, name)
        tree = Tree()
        for number, length in parts:
            async with site.database.read() as session:
                body = await register_draws.part(session, draw.id, name, number)
            if length:
                await asyncio.to_thread(tree.add, number, body.split(b"\n"), name == "pool.tsv")
        tree.close()
        if parts or name == "pool.tsv":
            trees[name] = tree
    async with site.database.read() as session:
        certificate = await register_draws.certificate(session, draw.id)
    told: dict[str, Any] = await asyncio.to_thread(json.loads, certificate or b"{}")
    return await asyncio.to_thread(index, trees, told)


async def _lines(site: Site, draw: PublicDraw, name: str, tree: Tree, first: int, last: int) -> list[bytes]:
    """The lines from first to last, as far as there are any."""
    rows: list[bytes] = []
    pieces = tree.pieces(first, last)
    for number, _ in pieces:
        async with site.database.read() as session:
            rows += (await register_draws.part(session, draw.id, name, number)).split(b"\n")
    skip = first - pieces[0][1] if pieces else 0
    return rows[skip : skip + last - first + 1]


async def _find(site: Site, draw: PublicDraw, name: str, tree: Tree, code: str) -> tuple[int, list[bytes], int]:
    """The line of an id, or -1 - n if it would be line n; its subtree's lines, and the number of the first."""
    start = tree.near(code.encode() + b"\t\xff")  # an id's own line comes before this
    end = next((first for _, first, _ in tree.starts if first > start), tree.size)
    rows = await _lines(site, draw, name, tree, start, end - 1) if tree.size else []
    at = position(rows, code)
    if at < 0:
        return at - start, [], 0
    first = start + at >> LEVEL << LEVEL
    return start + at, await _lines(site, draw, name, tree, first, first + (1 << LEVEL) - 1), first
