"""What went over the wire, as Markdown."""
import statistics

from .bars import MEMORY
from .figures import Spread, megabytes, share
from .machine import MEGABYTE
from .remote import TO_FILES
from .transfers import DOWN, UP

UP_FASTER, DOWN_FASTER, NEAR = 1.5, 3.0, 1.10
"""How many times faster than restic; how much longer than the bare loop."""


def wall(transfer):
    return transfer.usage.wall


def ratios(above, below):
    """Round by round, the wall time of one row over that of another."""
    return Spread.of([wall(one) / max(wall(other), 1e-9) for one, other in zip(above, below)])


def busy(transfer, cores):
    """The share of the cores' time that client, store and proxy took together: near 1 the processor is the limit."""
    taken = transfer.usage.cpu + transfer.service.front + transfer.service.disk + (transfer.proxy or 0)
    return taken / max(wall(transfer) * cores, 1e-9)


def cells(transfers, cores):
    """The columns that all steps have: client, store, wire."""
    owns = [transfer.usage.own for transfer in transfers if transfer.usage.own is not None]
    proxies = [transfer.proxy for transfer in transfers if transfer.proxy is not None]

    def middle(value):
        return statistics.median(value(transfer) for transfer in transfers)

    return [
        Spread.of([wall(transfer) for transfer in transfers]).text(),
        Spread.of([transfer.usage.cpu for transfer in transfers]).text(),
        f"{middle(lambda transfer: transfer.service.front):.2f} + {middle(lambda transfer: transfer.service.disk):.2f}"
        + (f" + {statistics.median(proxies):.2f}" if proxies else ""),
        f"{100 * middle(lambda transfer: busy(transfer, cores)):.0f} %",
        f"{megabytes(max(owns, default=None), 0)} ({megabytes(max(transfer.usage.rss for transfer in transfers), 0)})",
        f"{middle(lambda transfer: transfer.service.requests):.0f}",
        megabytes(middle(lambda transfer: transfer.service.put), 2),
        megabytes(middle(lambda transfer: transfer.service.got), 2)]


HEAD = [
    "wall s", "client's CPU s", "store's CPU s: front + disk (+ proxy)", "cores busy", "own memory MB (RSS)",
    "requests", "MB sent", "MB received"]


def table(head, rows):
    return [f"| {' | '.join(head)} |", "|" + "---|" * len(head), *(f"| {' | '.join(row)} |" for row in rows)]


class PackTables:
    """The stream up and down. `own` is lifeboat's row; restic's rows and the loops' are told by their names."""

    def __init__(self, rounds, own, cores):
        self.rounds, self.results, self.own, self.cores = rounds, rounds.results, own, cores

    def of(self, network, row, step):
        return self.results.of(network, row, step)

    def family(self, step, beginning):
        return [row for row in self.rounds.rows(step) if row.startswith(beginning)]

    def fastest(self, network, step, beginning, keeps=False):
        """The row of a family that takes the least time; of loops one that keeps what it gets, or one that doesn't."""
        rows = [row for row in self.family(step, beginning) if row.endswith(TO_FILES) == keeps]
        return min(rows, key=lambda row: self.rounds.median(network, row, step, wall)) if rows else None

    def details(self, network):
        rows = []
        for step in (UP, DOWN):
            mine = self.of(network, self.own, step)
            for row in self.rounds.rows(step):
                found = self.of(network, row, step)
                middle = self.rounds.median(network, row, step, wall)
                ratio = "–" if row == self.own else ratios(found, mine).text()
                rate = f"{self.rounds.corpus.sizes[1] / middle / MEGABYTE:.0f}"
                rows.append([step, row, *cells(found, self.cores), rate, ratio])
        return table(["step", "contender", *HEAD, "MB of dump a second", "wall, this / lifeboat"], rows)

    def bars(self):
        lines = []
        for network in self.rounds.networks:
            for step, limit in ((UP, UP_FASTER), (DOWN, DOWN_FASTER)):
                lines += self.faster(network, step, limit)
                lines += self.near(network, step)
        return lines

    def faster(self, network, step, limit):
        peer = self.fastest(network, step, "restic")
        if peer is None:
            return []
        value = ratios(self.of(network, peer, step), self.of(network, self.own, step))
        return [bar(
            f"{step}: times faster than restic", network, f"{value.text()} ({peer})", f"at least {limit:g}",
            value.middle >= limit)]

    def near(self, network, step):
        """lifeboat's runs, and its copying of the very same objects, beside the faster bare loop that does the same
        with the bytes: a copy keeps them, a restore to /dev/null doesn't."""
        lines = []
        for row in self.family(step, "lifeboat"):
            loop = self.fastest(network, step, "boto3", keeps=step == DOWN and row != self.own)
            if loop is None:
                continue
            value = ratios(self.of(network, row, step), self.of(network, loop, step))
            lines.append(bar(
                f"{step}: wall of {row} / bare loop", network, f"{value.text()} ({loop})", f"at most {NEAR:g}",
                value.middle <= NEAR))
        return lines

    def memory(self):
        return memory_bar("stream", self.results)


class SeriesTables:
    """The days of the database."""

    def __init__(self, rounds, own, peer, cores):
        self.rounds, self.results, self.own, self.peer, self.cores = rounds, rounds.results, own, peer, cores
        self.days = [f"day {day}" for day in rounds.corpus.paths]

    def sent(self, network, row, step):
        return self.rounds.median(network, row, step, lambda transfer: transfer.service.put)

    def per_day(self, network):
        """MB sent each day, and the seconds."""
        rows = []
        for row in (self.own, self.peer):
            found = [
                f"{megabytes(self.sent(network, row, day), 2)} ({self.rounds.median(network, row, day, wall):.2f})"
                for day in self.days]
            total = sum(self.sent(network, row, day) for day in self.days)
            stored = self.rounds.median(network, row, self.days[-1], lambda transfer: transfer.stored)
            rows.append([row, *found, megabytes(total, 2), megabytes(stored, 2)])
        shares = [share(self.sent(network, self.own, day), self.sent(network, self.peer, day)) for day in self.days]
        rows.append(["lifeboat / restic, MB sent", *shares, share(*(
            sum(self.sent(network, row, day) for day in self.days) for row in (self.own, self.peer))), ""])
        faster = [
            ratios(self.results.of(network, self.peer, day), self.results.of(network, self.own, day)).text()
            for day in self.days]
        rows.append(["restic / lifeboat, seconds", *faster, "", ""])
        return table(["MB sent (wall s)", *self.days, "MB sent in all", "MB stored in the end"], rows)

    def details(self, network):
        rows = []
        for step in (*self.days, DOWN):
            mine = self.results.of(network, self.own, step)
            for row in (self.own, self.peer):
                found = self.results.of(network, row, step)
                title = f"restore of {self.days[-1]}" if step == DOWN else step
                ratio = "–" if row == self.own else ratios(found, mine).text()
                rows.append([title, row, *cells(found, self.cores), ratio])
        return table(["step", "contender", *HEAD, "wall, this / lifeboat"], rows)

    def outcomes(self):
        """What no bar is stated for: bytes of the later days, and the restore."""
        lines = []
        later = self.days[1:] or self.days
        when = later[0] if len(later) == 1 else f"{later[0]} to {later[-1]}"
        for network in self.rounds.networks:
            mine, others = (sum(self.sent(network, row, day) for day in later) for row in (self.own, self.peer))
            restored = ratios(*(self.results.of(network, row, DOWN) for row in (self.peer, self.own)))
            lines += [
                outcome(f"MB sent on {when}, lifeboat / restic", network, share(mine, others)),
                outcome(f"restore of {self.days[-1]}: times faster than restic", network, restored.text())]
        return lines

    def memory(self):
        return memory_bar("series", self.results)


def memory_bar(part, results):
    """The peak over lifeboat's own runs in either direction."""
    owns = [
        transfer.usage.own for (_, row, _), transfers in results.transfers.items() if row.startswith("lifeboat")
        for transfer in transfers if transfer.usage.own is not None]
    if not owns:
        return []
    return [line(
        f"peak own memory, up and down: {part}", "all", f"{megabytes(max(owns), 0)} MB",
        f"at most {megabytes(MEMORY, 0)} MB", max(owns) <= MEMORY)]


def outcome(what, network, value):
    return f"| {what} | {network.title} | {value} | – | |"


def bar(what, network, value, limit, met):
    return line(what, network.title, value, limit, met)


def line(what, network, value, limit, met):
    return f"| {what} | {network} | {value} | {limit} | {'met' if met else '**not met**'} |"
