"""Draws docs/house.svg, the house in one picture, from the imports that are really there (python docs/house.py)."""

from __future__ import annotations

import sys
from pathlib import Path

import grimp

FLOORS = (  # from the top; rooms of one floor do not import each other
    (("bot", "process, inbox, outbox"),),
    (("handlers", "what people can say"), ("jobs", "what the clock says"), ("web", "what the public sees")),
    (("actions", "use cases: one verb each"),),
    (("models", "tables and named queries"),),
    (("rules", "the regulation, pure"), ("locales", "every word"), ("documents", "what is printed")),
)
BESIDE = (("demo", "a made-up city"), ("simulator", "a local Telegram"))
WIDTH, HEIGHT, GAP, STEP, MARGIN = 188, 54, 16, 104, 24
STYLE = """
  text { font: 13px system-ui, sans-serif; text-anchor: middle; fill: #1c2733 }
  .name { font-weight: 600; font-size: 15px }
  .room { fill: #f3f6f9; stroke: #5b7083 }
  .way { stroke: #8a9bab; fill: none; marker-end: url(#tip) }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .room { fill: #1b2530; stroke: #8a9bab } .way { stroke: #62758a }
  }
"""


def ways(names: list[str]) -> set[tuple[str, str]]:
    """Which room imports which, by the code as it stands; without what follows from other ways."""
    graph = grimp.build_graph(*names, cache_dir=None)
    found = set()
    for module in graph.modules:
        for used in graph.find_modules_directly_imported_by(module):
            pair = module.split(".")[0], used.split(".")[0]
            if pair[0] != pair[1]:
                found.add(pair)
    return {(a, c) for a, c in found if not any((a, b) in found and (b, c) in found for b in names)}


def picture() -> str:
    """The SVG."""
    widest = max(map(len, FLOORS))
    inner = widest * WIDTH + (widest - 1) * GAP
    places: dict[str, tuple[float, float]] = {}
    rooms = []
    for level, floor in enumerate(FLOORS):
        left = MARGIN + (inner - len(floor) * WIDTH - (len(floor) - 1) * GAP) / 2
        for number, (name, about) in enumerate(floor):
            places[name] = left + number * (WIDTH + GAP), MARGIN + level * STEP
            rooms.append((name, about))
    for level, (name, about) in enumerate(BESIDE):
        places[name] = MARGIN + inner + 3 * GAP, MARGIN + (level + 1) * STEP
        rooms.append((name, about))
    lines = []
    for above, below in sorted(ways([name for name, _ in rooms])):
        (x, y), (u, v) = places[above], places[below]
        if v > y:
            start, end = (x + WIDTH / 2, y + HEIGHT), (u + WIDTH / 2, v - 5)
        else:
            start, end = (x + (WIDTH if u > x else 0), y + HEIGHT / 2), (u + (0 if u > x else WIDTH), v + HEIGHT / 2)
        bend = (start[1] + end[1]) / 2
        lines.append(
            f'<path class="way" d="M{start[0]:.0f} {start[1]:.0f} C{start[0]:.0f} {bend:.0f} '
            f'{end[0]:.0f} {bend:.0f} {end[0]:.0f} {end[1]:.0f}"/>'
        )
    boxes = []
    for name, about in rooms:
        x, y = places[name]
        middle = f"{x + WIDTH / 2:.0f}"
        boxes += [
            f'<rect class="room" x="{x:.0f}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>',
            f'<text class="name" x="{middle}" y="{y + 23:.0f}">{name}/</text>',
            f'<text x="{middle}" y="{y + 42:.0f}">{about}</text>',
        ]
    wide = inner + 2 * MARGIN + 3 * GAP + WIDTH
    high = (len(FLOORS) - 1) * STEP + HEIGHT + 2 * MARGIN
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" '
        'role="img" aria-label="The floors of the house and which imports which">'
        f"<style>{STYLE}</style>"
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 L8 4 L0 8 z" fill="#8a9bab"/></marker></defs>'
    )
    return "\n".join([head, *lines, *boxes, "</svg>\n"])


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    Path(__file__).with_name("house.svg").write_text(picture())
