"""A month of one database: what every day adds, and what restores of old and new days take."""
import json
import os
import statistics
import tempfile
from typing import NamedTuple

from . import options as common
from .bars import MEMORY
from .figures import Spread, megabytes, share
from .machine import MEGABYTE, chill, digest_of, files_below, require_disk, warm
from .processes import say
from .rounds import backup
from .sources import OrdersSource

DESCRIPTION = """Stores many days of the order-processing database with lifeboat, restic and borg 1.4, side by side.

The database lives on day by day; each dump is deleted as soon as all have stored it. Then the first day, the last and
two between are restored to /dev/null, several times in turn, with the page cache warm and cold. What comes back is
checked by its SHA-256 in an untimed pass before. Prints a Markdown document."""

STORED, FLAT = 1 / 7, 1.25
"""The bars: bytes stored beside the smaller peer; seconds per byte of the last day beside the first."""


class Dump(NamedTuple):
    """What is kept of a day's dump."""

    bytes: int
    sha256: str


class Series:
    """The month: dumps' sizes, samples of backups by (contender, day), usages of restores by (cache, contender, day)."""

    def __init__(self, options, contenders):
        self.options, self.contenders = options, contenders
        self.dumps = {}
        self.backups = {}
        self.restores = {}
        self.chilling = ""
        self.server = ""

    @property
    def restored_days(self):
        """Days 1, 10, 20 and 30 of 30."""
        days = self.options.days
        return sorted({1, max(1, days // 3), max(1, 2 * days // 3), days})

    def live(self, base):
        """All days; the contenders take turns in going first."""
        with tempfile.TemporaryDirectory(prefix="orders.", dir=base) as folder:
            os.chmod(base, 0o755)
            os.chmod(folder, 0o755)
            dump = os.path.join(folder, "dump")
            with OrdersSource(self.options.scale, folder) as source:
                self.server = source.server.version()
                for day in range(1, self.options.days + 1):
                    source.to_next_day()
                    source.dump("plain", dump)
                    self.dumps[day] = Dump(os.path.getsize(dump), digest_of(dump))
                    turn = day % len(self.contenders)
                    for contender in self.contenders[turn:] + self.contenders[:turn]:
                        self.backups[contender.name, day] = backup(contender, f"day-{day}", dump)
                    os.remove(dump)
                    self.keep()

    def restore(self):
        """Checks every restored day once, then restores warm and cold in turn."""
        for contender in self.contenders:
            for day in self.restored_days:
                contender.check(f"day-{day}", self.dumps[day].sha256)
        for number in range(1, self.options.repeats + 1):
            for cache in ("warm", "cold"):
                for day in self.restored_days:
                    for contender in self.contenders:
                        self.bring(contender, cache)
                        usage = contender.restore(f"day-{day}")
                        self.restores.setdefault((cache, contender.name, day), []).append(usage)
            say(f"restores: repeat {number} of {self.options.repeats}")
            self.keep()

    def bring(self, contender, cache):
        """Warm: everything the contender has stored is in the page cache. Cold: nothing but its program is."""
        if cache == "cold":
            self.chilling = chill(contender.folder)
            contender.wake()
            return
        warm(*files_below(contender.repository))

    def keep(self):
        """Writes every figure so far as JSON where that was asked for."""
        if not self.options.raw:
            return
        with open(self.options.raw, "w", encoding="utf-8") as file:
            json.dump({
                "dumps": {day: dump._asdict() for day, dump in self.dumps.items()},
                "backups": [
                    {"contender": name, "day": day, **sample._asdict(), "usage": sample.usage._asdict()}
                    for (name, day), sample in self.backups.items()],
                "restores": [
                    {"cache": cache, "contender": name, "day": day, **usage._asdict()}
                    for (cache, name, day), usages in self.restores.items() for usage in usages]}, file)


class SeriesTables:
    """The month as Markdown."""

    def __init__(self, series):
        self.series = series
        self.own, *self.peers = [contender.name for contender in series.contenders]
        self.last = series.options.days

    def days(self):
        names = [self.own, *self.peers]
        lines = [
            "| day | dump MB | " + " | ".join(f"{name}: added MB | in all MB | wall s" for name in names)
            + " | lifeboat's local cache MB | written beside the repository MB |",
            "|---|---|" + "---|---|---|" * len(names) + "---|---|"]
        for day, dump in self.series.dumps.items():
            cells = []
            for name in names:
                sample = self.series.backups[name, day]
                cells += [megabytes(sample.added, 2), megabytes(sample.stored), f"{sample.usage.wall:.2f}"]
            own = self.series.backups[self.own, day]
            lines.append(
                f"| {day} | {megabytes(dump.bytes)} | {' | '.join(cells)} | {megabytes(own.cached)} "
                f"| {megabytes(own.cache_written)} |")
        return lines

    def restores(self):
        lines = [
            "| page cache | day | dump MB | contender | wall s | s per GB of dump | MB/s | CPU s | peak RSS MB "
            "| own memory MB | s per GB, this day / day 1 |", "|---|---|---|---|---|---|---|---|---|---|---|"]
        for (cache, name, day), usages in self.series.restores.items():
            size = self.series.dumps[day].bytes
            walls = [usage.wall for usage in usages]
            owns = [usage.own for usage in usages if usage.own is not None]
            lines.append(
                f"| {cache} | {day} | {megabytes(size)} | {name} | {Spread.of(walls).text()} "
                f"| {Spread.of([wall / size * 1e9 for wall in walls]).text()} "
                f"| {size / statistics.median(walls) / MEGABYTE:.0f} "
                f"| {Spread.of([usage.cpu for usage in usages]).text()} "
                f"| {megabytes(max(usage.rss for usage in usages), 0)} | {megabytes(max(owns, default=None), 0)} "
                f"| {self.steepness(cache, name, day).text()} |")
        return lines

    def steepness(self, cache, name, day):
        """Seconds per byte of a day over those of the first, repeat by repeat."""
        bytes_ = self.series.dumps
        return Spread.of([
            (late.wall / bytes_[day].bytes) / (early.wall / bytes_[1].bytes)
            for late, early in zip(self.series.restores[cache, name, day], self.series.restores[cache, name, 1])])

    def bars(self):
        total = {name: self.series.backups[name, self.last].stored for name in (self.own, *self.peers)}
        smaller = min(self.peers, key=total.get)
        ratio = total[self.own] / total[smaller]
        lines = [
            "| bar | value | limit | |", "|---|---|---|---|",
            bar(f"stored after {self.last} days, lifeboat / smaller peer",
                f"{share(total[self.own], total[smaller])}: {megabytes(total[self.own])} MB, {smaller} "
                f"{megabytes(total[smaller])} MB", "at most 1/7", ratio <= STORED)]
        for cache in ("warm", "cold"):
            value = self.steepness(cache, self.own, self.last)
            walls = [
                statistics.median(usage.wall for usage in self.series.restores[cache, self.own, day])
                for day in (1, self.last)]
            growth = self.series.dumps[self.last].bytes / self.series.dumps[1].bytes
            lines.append(bar(
                f"restore of day {self.last} / day 1, page cache {cache}, seconds per GB",
                f"{value.text()}; {walls[1] / walls[0]:.2f} in seconds, with a dump {growth:.2f} times as long",
                f"at most {FLAT}", value.middle <= FLAT))
        owns = [sample.usage.own for (name, _), sample in self.series.backups.items() if name == self.own]
        owns += [usage.own for (_, name, _), usages in self.series.restores.items() if name == self.own for usage in usages]
        peak = max((own for own in owns if own is not None), default=None)
        if peak is not None:
            lines.append(bar(
                "peak own memory in all runs", f"{megabytes(peak, 0)} MB", f"at most {megabytes(MEMORY, 0)} MB",
                peak <= MEMORY))
        return lines


def bar(what, value, limit, met):
    return f"| {what} | {value} | {limit} | {'met' if met else '**not met**'} |"


def main():
    parser = common.parser("series", DESCRIPTION, "size of the database; 1 begins with a dump of 370 MB (1)", days=30)
    parser.add_argument("--repeats", type=common.number(1), default=5, help="restores of each kind (5)")
    parser.add_argument("--raw", metavar="FILE", help="also write every figure as JSON, again and again")
    common.perform(work, parser.parse_args())


def work(options, base, cores):
    days, scale = options.days, options.scale
    growth = 1 + 0.02 * days
    # A server, one dump, and three repositories that each may take a third of every dump.
    needed = scale * (900e6 * growth + 370e6 * growth + 3 * days * 125e6 * (1 + growth) / 2) + 800e6
    require_disk([(base, needed, "a server, a dump and three repositories"), (options.corpora, 200e6, "borg 1.4")])
    own = common.lifeboat(base, options)
    (restic, _, borg), _ = common.peers(base, options)
    series = Series(options, [own, restic, borg])
    for contender in series.contenders:
        contender.prepare()
    series.live(base)
    series.restore()
    tables = SeriesTables(series)
    lines = common.header(
        f"{days} days of an order-processing database", options, series.contenders, cores,
        [series.server, f"restores: {options.repeats} interleaved repeats, medians (quartiles); cold: {series.chilling}; "
         "MB = 10^6 bytes"])
    if scale != 1:
        lines += [f"**A trial at scale {scale:g}: the bars are stated for scale 1.**", ""]
    lines += ["## Days", "", *tables.days(), "", "## Restores", "", *tables.restores(), "", "## Bars", "", *tables.bars()]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
