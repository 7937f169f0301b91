"""Says how likely an honest draw would look as odd as what was seen; arithmetic only, so that anybody can redo it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import exp, expm1, lgamma, log, log1p

ALARM = 1e-6  # a chance below this is no accident
ENOUGH = 5.0  # variance that a group needs to stand alone: Cochran's rule for chi-square tests (Biometrics 10, 1954)
NEGLIGIBLE = 1e-9  # of the largest variance: what is left of a dependent row after elimination


@dataclass(frozen=True)
class Verdict:
    """A chi-square test: its statistic, its degrees of freedom, and the chance of this or worse in an honest draw."""

    statistic: float
    freedom: int
    chance: float


def chance(statistic: float, freedom: int) -> float:
    """How likely a chi-square of this size or more is: Q(freedom / 2, statistic / 2), the incomplete gamma function.

    Its series where that converges fast (DLMF 8.7.1), else its continued fraction (DLMF 8.9.2) by Lentz's method.
    """
    a, x = freedom / 2, statistic / 2
    if freedom < 1 or x <= 0:
        return 1.0
    front = exp(a * log(x) - x - lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        n = a
        while term > total * 1e-17:
            n += 1
            term *= x / n
            total += term
        return max(0.0, 1 - front * total)
    b, tiny = x + 1 - a, 1e-300
    c, d = 1 / tiny, 1 / b
    fraction, k, step = d, 0, 0.0
    while abs(step - 1) > 1e-15 and k < 100_000:
        k += 1
        factor = k * (a - k)
        b += 2
        d, c = 1 / (factor * d + b or tiny), factor / c + b or tiny
        step = c * d
        fraction *= step
    return min(1.0, front * fraction)


def quadratic(difference: Sequence[float], covariance: Sequence[Sequence[float]]) -> tuple[float, int]:
    """dᵀ V⁻ d and the rank of V: what Pearson's statistic is where selections depend on each other.

    By Gaussian elimination, the largest variance first; rows that depend on the others add nothing.
    """
    d, v = list(difference), [list(row) for row in covariance]
    left, total, rank = list(range(len(d))), 0.0, 0
    least = NEGLIGIBLE * max((v[i][i] for i in left), default=0.0)
    while left:
        pivot = max(left, key=lambda i: v[i][i])
        if v[pivot][pivot] <= least:
            break
        left.remove(pivot)
        total += d[pivot] ** 2 / v[pivot][pivot]
        rank += 1
        for i in left:
            share = v[i][pivot] / v[pivot][pivot]
            d[i] -= share * d[pivot]
            for j in left:
                v[i][j] -= share * v[pivot][j]
    return total, rank


def gini(values: Sequence[float]) -> float:
    """The Gini coefficient of values that are not negative: 0 if all are equal, near 1 if one has everything."""
    ordered, total = sorted(values), sum(values)
    if not total:
        return 0.0
    ranked = sum(rank * value for rank, value in enumerate(ordered, 1))
    return max(0.0, 2 * ranked / (len(ordered) * total) - (len(ordered) + 1) / len(ordered))


def hazard(sizes: Mapping[int, int], drawn: int) -> float:
    """The level λ below which the least tickets of a stratum lie, if `drawn` of it are drawn; `sizes` by weight.

    A ticket is the least of w equal ones (docs/draw.md, Subjects), so that a subject of weight w is drawn with
    probability 1 - exp(-λ w); λ makes these sum to `drawn`. Exact where all weights are equal, else for large strata
    (B. Rosén, Asymptotic theory for order sampling, J. Stat. Plan. Inference 62, 1997).
    """
    share = drawn / sum(sizes.values())
    low, high = -log1p(-share) / max(sizes), -log1p(-share) / min(sizes)
    while high - low > 1e-15 * high:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if sum(-n * expm1(-middle * weight) for weight, n in sizes.items()) < drawn:
            low = middle
        else:
            high = middle
    return high


class Tally:
    """Selections by group (area, kind …) against what an honest draw gives, summed over strata and draws."""

    def __init__(self) -> None:
        self.sizes, self.seen = Counter[str](), Counter[str]()
        self.expected = defaultdict[str, float](float)
        self._alone = defaultdict[str, float](float)  # the variance of a group if all were drawn apart
        self._together = defaultdict[tuple[str, str], float](float)  # the covariance of two groups

    def add(self, sizes: Mapping[str, Mapping[int, int]], seen: Mapping[str, int]) -> None:
        """Take in a stratum: how many subjects each group has by weight, and how many of each group were drawn.

        The covariances are those of order sampling (Rosén, as above); with equal weights they are exactly those of
        drawing without putting back.
        """
        whole = Counter[int]()
        for name, weights in sizes.items():
            whole.update(weights)
            self.sizes[name] += sum(weights.values())
        self.seen.update(seen)
        drawn, size = sum(seen.values()), whole.total()
        if not 0 < drawn < size:
            for name in seen if drawn else ():
                self.expected[name] += seen[name]
            return
        level = hazard({weight: n for weight, n in whole.items() if n}, drawn)
        miss = {weight: exp(-level * weight) for weight in whole}
        variance, pull = dict[str, float](), dict[str, float]()
        for name, weights in sizes.items():
            self.expected[name] += sum(n * (1 - miss[weight]) for weight, n in weights.items())
            variance[name] = sum(n * (1 - miss[weight]) * miss[weight] for weight, n in weights.items())
            variance[name] *= size / (size - 1)
            pull[name] = sum(n * weight * miss[weight] for weight, n in weights.items())
            self._alone[name] += variance[name]
        all_variance, all_pull = sum(variance.values()), sum(pull.values())
        pull = {name: value / all_pull for name, value in pull.items()}
        for one in sizes:
            self._together[one, one] += variance[one]
            for other in sizes:
                self._together[one, other] += (
                    pull[one] * pull[other] * all_variance - pull[one] * variance[other] - pull[other] * variance[one]
                )

    def verdict(self) -> Verdict:
        """The chi-square test of all that was taken in; small groups are tested together as one."""
        cells = self._cells()
        if len(cells) < 2:  # all groups together were drawn as often as it was decided
            return Verdict(0.0, 0, 1.0)
        at = {name: number for number, names in enumerate(cells) for name in names}
        difference = [sum(self.seen[name] - self.expected[name] for name in names) for names in cells]
        covariance = [[0.0] * len(cells) for _ in cells]
        for (one, other), value in self._together.items():
            covariance[at[one]][at[other]] += value
        statistic, freedom = quadratic(difference, covariance)
        return Verdict(statistic, freedom, chance(statistic, freedom))

    def _cells(self) -> list[list[str]]:
        """The groups as they are tested: chosen by what was expected, never by what was seen."""
        ordered = sorted(self._alone, key=lambda name: (self._alone[name], name))
        parts = {small: list(names) for small, names in groupby(ordered, lambda name: self._alone[name] < ENOUGH)}
        few, many = parts.get(True, []), parts.get(False, [])
        if few and many and sum(self._alone[name] for name in few) < ENOUGH:
            few.append(many.pop(0))
        return [[name] for name in many] + [few] * bool(few)
