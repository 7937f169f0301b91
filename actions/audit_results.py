"""What an audit of the draws finds, in figures that name neither a subject nor an inspector."""

from __future__ import annotations

from dataclasses import dataclass, field

from rules.fairness import ALARM, Verdict


@dataclass(frozen=True)
class Group:
    """A group of subjects: how many there were to draw from, how many were drawn, how many an honest draw gives."""

    name: str
    size: int
    observed: int
    expected: float


@dataclass(frozen=True)
class Stratum:
    """A stratum of one draw, its areas tested against each other."""

    draw: int
    name: str
    size: int
    quota: int
    observed: int
    groups: list[Group]
    verdict: Verdict


@dataclass(frozen=True)
class Pooled:
    """All strata of all draws together, by one grouping."""

    groups: list[Group]
    verdict: Verdict


@dataclass(frozen=True)
class Load:
    """How the visits of a department are spread over its inspectors, those without any included."""

    department: str
    inspectors: int
    visits: int
    gini: float
    least: int
    median: float
    most: int


@dataclass(frozen=True)
class Coverage:
    """Subjects of an area visited for an item, and how many its largest pool had."""

    item: str
    area: str
    visited: int
    pool: int


@dataclass
class Audit:
    """What the draws look like together. `unlisted` are random visits that their certificate does not name."""

    draws: int = 0
    unlisted: int = 0
    strata: list[Stratum] = field(default_factory=list)
    pooled: dict[str, Pooled] = field(default_factory=dict)
    visits_per_subject: dict[int, int] = field(default_factory=dict)  # so many visits: so many subjects
    loads: list[Load] = field(default_factory=list)
    repeat_pairs: dict[str, int] = field(default_factory=dict)  # by mode of the later seat
    seats: dict[str, dict[str, int]] = field(default_factory=dict)  # department: kind: number
    coverage: list[Coverage] = field(default_factory=list)

    @property
    def alarms(self) -> list[str]:
        """What no honest draw would show: groupings, strata as `draw:stratum`, `unlisted`."""
        found = [name for name, one in self.pooled.items() if one.verdict.chance < ALARM]
        found += [f"{one.draw}:{one.name}" for one in self.strata if one.verdict.chance < ALARM]
        return found + ["unlisted"] * bool(self.unlisted)
