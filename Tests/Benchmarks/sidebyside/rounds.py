"""The rounds: in each, every contender in turn goes through all days of a corpus on a new repository."""
from typing import NamedTuple

from .machine import warm
from .processes import Usage, say

FIRST, UNCHANGED = "day 1", "unchanged"


class Sample(NamedTuple):
    """One step of one contender in one round. Bytes of the repository and the cache are after the step."""

    usage: Usage
    stored: int
    added: int
    cached: int
    cache_written: int | None


class Results:
    """All samples: by corpus, contender and step, one each round."""

    def __init__(self):
        self.samples = {}

    def add(self, corpus, contender, step, sample):
        self.samples.setdefault((corpus, contender, step), []).append(sample)

    def of(self, corpus, contender, step):
        return self.samples.get((corpus, contender, step), [])

    def plain(self):
        """Everything as values for JSON."""
        return [
            {"corpus": corpus, "contender": contender, "step": step, **sample._asdict(), "usage": sample.usage._asdict()}
            for (corpus, contender, step), samples in self.samples.items() for sample in samples]


def restore_of(day):
    """The name of the step that restores a day."""
    return f"restore of day {day}"


def run(corpus, contender, results):
    """All steps of one contender on one corpus: the days in sequence, the last dump again, restores. Leaves nothing."""
    try:
        contender.prepare()
        for day in range(1, (1 if contender.first_day_only else corpus.days) + 1):
            results.add(corpus.name, contender.name, f"day {day}", backup(contender, f"day-{day}", corpus.paths[day]))
        if contender.first_day_only:
            return
        again = backup(contender, "unchanged", corpus.paths[corpus.days])
        results.add(corpus.name, contender.name, UNCHANGED, again)
        for day in sorted({1, corpus.days}, reverse=True):
            # The pass that is checked comes first: it fills every contender's caches alike.
            contender.check(f"day-{day}", corpus.digests[day])
            usage = contender.restore(f"day-{day}")
            stored = contender.stored()
            results.add(corpus.name, contender.name, restore_of(day), Sample(usage, stored, 0, contender.cached(), None))
    finally:
        contender.remove()


def backup(contender, label, dump):
    """One measured backup with what it left on the disk."""
    warm(dump)
    before, cached_before = contender.stored(), contender.cached()
    usage = contender.backup(label, dump)
    stored, cached = contender.stored(), contender.cached()
    # All that a backup writes goes to the repository or stays on its host, and what grew there was written.
    elsewhere = None
    if usage.written is not None:
        elsewhere = max(0, usage.written - (stored - before), cached - cached_before)
    return Sample(usage, stored, stored - before, cached, elsewhere)


def all_rounds(corpora, contenders, limits, rounds, warm_up, after_round):
    """Interleaved rounds; returns the results without the warm-up. Who begins changes from round to round."""
    results = Results()
    for number in range(0 if warm_up else 1, rounds + 1):
        sink = results if number > 0 else Results()
        for corpus in corpora:
            turn = number % len(contenders)
            for contender in contenders[turn:] + contenders[:turn]:
                run(corpus, contender, sink)
                say(f"round {number} of {rounds}: {corpus.name}, {contender.name}")
            if number > 0:
                limits.round(corpus)
        after_round(results)
    return results
