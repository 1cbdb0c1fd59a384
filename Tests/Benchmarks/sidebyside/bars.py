"""The bars that these figures decide, each with its value, and whether it is met."""
import statistics

from .figures import against_better, figures, Step, share, steps_of

ADDED = {"orders": 1 / 15, "mariadb": 1 / 25, "pgbench-physical": 1 / 3, "pgbench": 1.0}
"""Bytes that a later day may add, as a share of what the smaller peer adds."""
FASTER = {"first day": 2.0, "later": 3.0, "unchanged": 3.0, "restore": 2.5}
"""How many times faster than the better peer a step has to be."""
FIRST_DAY_SIZE = 1.03
"""What the first day may store, as a share of what the smaller peer stores."""
MEMORY = 220_000_000
"""Peak memory in bytes, without the pages of the program's own file."""


class Bars:
    """Collects lines; each says itself whether it is met."""

    def __init__(self, document):
        self.document = document
        self.lines = []

    def add(self, bar, corpus, value, limit, met):
        self.lines.append(f"| {bar} | {corpus} | {value} | {limit} | {'met' if met else '**not met**'} |")

    def markdown(self):
        for corpus in self.document.corpora:
            self.added_on_later_days(corpus)
            self.speed_and_cpu(corpus)
            self.first_day_size(corpus)
            self.memory(corpus)
        return ["| bar | corpus | value | limit | |", "|---|---|---|---|---|", *self.lines]

    def added_on_later_days(self, corpus):
        """The worst day decides."""
        if corpus.days < 2:
            return
        ratios = {}
        for day in range(2, corpus.days + 1):
            own, peers, _ = self.document.rows(corpus, Step("", (f"day {day}",), corpus.sizes[day], True))
            smaller = min(statistics.median(peer.added) for peer in peers)
            ratios[day] = statistics.median(own.added) / smaller
        worst = max(ratios, key=ratios.get)
        limit = ADDED[corpus.name]
        met = ratios[worst] < 1 if limit == 1 else ratios[worst] <= limit
        self.add(
            "bytes added on each later day, lifeboat / smaller peer", corpus.name,
            f"{share(ratios[worst], 1)} on day {worst}, the worst", "less than 1" if limit == 1 else share(limit, 1), met)

    def speed_and_cpu(self, corpus):
        for step in steps_of(corpus):
            own, peers, _ = self.document.rows(corpus, step)
            wall, cpu = (against_better(own, peers, measure) for measure in ("walls", "cpus"))
            needed = FASTER[kind_of(step)]
            note = ""
            one_core = self.document.one_core_ratio(corpus) if step.title == "first day" else None
            if one_core is not None:
                note = f"; {one_core:.2f} times the one-core sum of the stages"
            self.add(
                f"{step.title}: times faster than the better peer", corpus.name,
                f"{wall.ratio.text()} ({wall.peer}){note}", f"at least {needed:g}", wall.ratio.middle >= needed)
            self.add(
                f"{step.title}: CPU seconds, better peer / lifeboat", corpus.name,
                f"{cpu.ratio.text()} ({cpu.peer})", "more than 1", cpu.ratio.middle > 1)

    def first_day_size(self, corpus):
        own, peers, _ = self.document.rows(corpus, steps_of(corpus)[0])
        ratio = statistics.median(own.added) / min(statistics.median(peer.added) for peer in peers)
        self.add(
            "first day: bytes stored, lifeboat / smaller peer", corpus.name, f"{ratio:.3f}",
            f"at most {FIRST_DAY_SIZE}", ratio <= FIRST_DAY_SIZE)

    def memory(self, corpus):
        rows = [
            figures(self.document.results, corpus, self.document.contenders[0], step) for step in steps_of(corpus)]
        owns = [row.own for row in rows if row.own is not None]
        if owns:
            self.add(
                "peak own memory in all steps", corpus.name, f"{max(owns) / 1e6:.0f} MB",
                f"at most {MEMORY / 1e6:.0f} MB", max(owns) <= MEMORY)


def kind_of(step):
    """The family of bars that a step belongs to."""
    if step.title.startswith("day"):
        return "later"
    return next(kind for kind in FASTER if step.title.startswith(kind))
