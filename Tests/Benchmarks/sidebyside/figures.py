"""Medians, quartiles and ratios over the rounds."""
import statistics
from typing import NamedTuple

from .machine import MEGABYTE
from .rounds import FIRST, UNCHANGED, restore_of

TIE = 0.10
"""Wall times that differ by less are a tie, which CPU seconds decide."""


class Spread(NamedTuple):
    """A median with its quartiles."""

    low: float
    middle: float
    high: float

    @staticmethod
    def of(values):
        if len(values) == 1:
            return Spread(values[0], values[0], values[0])
        return Spread(*statistics.quantiles(values, n=4, method="inclusive"))

    def text(self, digits=2):
        return f"{self.middle:.{digits}f} ({self.low:.{digits}f}–{self.high:.{digits}f})"


class Figures(NamedTuple):
    """One contender's figures for one step; lists have one value a round. Bytes are per step."""

    contender: str
    bytes: int
    walls: list
    cpus: list
    rss: int
    own: int | None
    added: list
    cached: float
    cache_written: float | None


class Step(NamedTuple):
    """A line of the tables: one measured step or several added up, with the bytes that went through."""

    title: str
    names: tuple
    bytes: int
    stores: bool


def steps_of(corpus):
    """The lines of a corpus's table."""
    last = corpus.days
    steps = [Step("first day", (FIRST,), corpus.sizes[1], True)]
    if last > 1:
        later = range(2, last + 1)
        title = f"days 2 to {last}" if last > 2 else "day 2"
        names = tuple(f"day {day}" for day in later)
        steps.append(Step(title, names, sum(corpus.sizes[day] for day in later), True))
    steps.append(Step("unchanged dump again", (UNCHANGED,), corpus.sizes[last], True))
    for day in sorted({1, last}, reverse=True):
        steps.append(Step(restore_of(day), (restore_of(day),), corpus.sizes[day], False))
    return steps


def figures(results, corpus, contender, step):
    """A contender's figures for a step, its parts added up round by round; None if it has no such step."""
    parts = [results.of(corpus.name, contender.name, name) for name in step.names]
    if not parts or not all(parts):
        return None
    samples = [sample for part in parts for sample in part]
    owns = [sample.usage.own for sample in samples if sample.usage.own is not None]
    writes = [[sample.cache_written for sample in turn] for turn in zip(*parts)]
    known = [sum(turn) for turn in writes if None not in turn]
    return Figures(
        contender.name, step.bytes,
        [sum(sample.usage.wall for sample in turn) for turn in zip(*parts)],
        [sum(sample.usage.cpu for sample in turn) for turn in zip(*parts)],
        max(sample.usage.rss for sample in samples), max(owns, default=None),
        [sum(sample.added for sample in turn) for turn in zip(*parts)],
        statistics.median(sample.cached for sample in parts[-1]),
        statistics.median(known) if known else None)


class Comparison(NamedTuple):
    """lifeboat against one peer in one measure: the peer's name and how many times more it takes."""

    peer: str
    ratio: Spread


def against(own, peer, measure):
    """Round by round, the peer's figure over lifeboat's."""
    pairs = zip(getattr(peer, measure), getattr(own, measure))
    return Comparison(peer.contender, Spread.of([other / max(mine, 1e-9) for other, mine in pairs]))


def against_better(own, peers, measure):
    """Against the peer whose median is the lowest in this very measure."""
    return against(own, min(peers, key=lambda peer: statistics.median(getattr(peer, measure))), measure)


def verdict(own, peers):
    """Who is faster, by the rule for ties."""
    wall, cpu = (against_better(own, peers, measure) for measure in ("walls", "cpus"))
    if abs(wall.ratio.middle - 1) >= TIE:
        return "lifeboat" if wall.ratio.middle > 1 else wall.peer
    return f"tie, by CPU {'lifeboat' if cpu.ratio.middle > 1 else cpu.peer}"


def share(numerator, denominator):
    """A share as people say it: 0.97, or 1/24.3."""
    if denominator <= 0 or numerator <= 0:
        return "–"
    value = numerator / denominator
    return f"1/{1 / value:.1f}" if value < 0.5 else f"{value:.3f}"


def megabytes(value, digits=1):
    """Bytes in MB, a dash where unknown."""
    return "–" if value is None else f"{value / MEGABYTE:.{digits}f}"
