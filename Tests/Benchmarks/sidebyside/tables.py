"""The Markdown document."""
import statistics

from .figures import Spread, against, against_better, figures, megabytes, share, steps_of, verdict
from .machine import MEGABYTE


class Document:
    """Turns results into tables. `contenders` begins with lifeboat."""

    def __init__(self, results, corpora, contenders, limits):
        self.results, self.corpora, self.contenders, self.limits = results, corpora, contenders, limits

    def rows(self, corpus, step):
        """The figures of all contenders that have the step, and those of the peers among them."""
        found = [(contender, figures(self.results, corpus, contender, step)) for contender in self.contenders]
        found = [(contender, row) for contender, row in found if row is not None]
        own = next((row for contender, row in found if contender is self.contenders[0]), None)
        peers = [row for contender, row in found if contender.is_peer and contender is not self.contenders[0]]
        return own, peers, [row for _, row in found]

    def summary(self):
        """The one table: lifeboat beside the better peer, per corpus and step."""
        lines = [
            "| corpus | step | wall s | better peer's wall s | times faster | CPU s | times less CPU "
            "| own memory MB (RSS) | stored MB | smaller peer's stored MB | stored, lifeboat / smaller peer | faster |",
            "|---|---|---|---|---|---|---|---|---|---|---|---|"]
        for corpus in self.corpora:
            for step in steps_of(corpus):
                own, peers, _ = self.rows(corpus, step)
                lines.append(self.summary_line(corpus, step, own, peers))
        return lines

    @staticmethod
    def summary_line(corpus, step, own, peers):
        wall, cpu = (against_better(own, peers, measure) for measure in ("walls", "cpus"))
        fastest = next(peer for peer in peers if peer.contender == wall.peer)
        stored = ["–", "–", "–"]
        if step.stores:
            added = statistics.median(own.added)
            smaller = min(peers, key=lambda peer: statistics.median(peer.added))
            other = statistics.median(smaller.added)
            stored = [megabytes(added, 2), f"{megabytes(other, 2)} ({smaller.contender})", share(added, other)]
        return (
            f"| {corpus.name} | {step.title} | {Spread.of(own.walls).text()} "
            f"| {Spread.of(fastest.walls).text()} ({wall.peer}) | **{wall.ratio.text()}** | {Spread.of(own.cpus).text()} "
            f"| {cpu.ratio.text()} ({cpu.peer}) | {megabytes(own.own, 0)} ({megabytes(own.rss, 0)}) | {stored[0]} "
            f"| {stored[1]} | {stored[2]} | {verdict(own, peers)} |")

    def details(self, corpus):
        """Every contender on one corpus. Ratios stand in the peers' rows, those to the better peer in lifeboat's."""
        lines = [
            "| step | contender | wall s | MB/s | CPU s | peak RSS MB | own memory MB | stored MB | local cache MB "
            "| written beside the repository MB | wall, peer / lifeboat | CPU, peer / lifeboat | stored, lifeboat / peer |",
            "|---|---|---|---|---|---|---|---|---|---|---|---|---|"]
        for step in steps_of(corpus):
            own, peers, rows = self.rows(corpus, step)
            for row in rows:
                wall, cpu = (
                    (against_better(own, peers, measure) if row is own else against(own, row, measure))
                    for measure in ("walls", "cpus"))
                stored = min(peers, key=lambda peer: statistics.median(peer.added)) if row is own else row
                ratio = share(statistics.median(own.added), statistics.median(stored.added)) if step.stores else "–"
                name = [f" ({part})" if row is own else "" for part in (wall.peer, cpu.peer, stored.contender)]
                lines.append(
                    f"| {step.title} | {row.contender} | {Spread.of(row.walls).text()} "
                    f"| {row.bytes / statistics.median(row.walls) / MEGABYTE:.0f} | {Spread.of(row.cpus).text()} "
                    f"| {megabytes(row.rss, 0)} | {megabytes(row.own, 0)} "
                    f"| {megabytes(statistics.median(row.added), 2) if step.stores else '–'} "
                    f"| {megabytes(row.cached)} | {megabytes(row.cache_written)} "
                    f"| {wall.ratio.text()}{name[0]} | {cpu.ratio.text()}{name[1]} "
                    f"| {ratio}{name[2] if step.stores else ''} |")
        return lines

    def days(self, corpus):
        """What each day added and how long it took."""
        lines = [
            "| MB added (wall s) | " + " | ".join(f"day {day}" for day in corpus.paths) + " | in all MB |",
            "|---|" + "---|" * (corpus.days + 1)]
        for contender in self.contenders:
            if contender.first_day_only:
                continue
            cells = []
            for day in corpus.paths:
                samples = self.results.of(corpus.name, contender.name, f"day {day}")
                added = statistics.median(sample.added for sample in samples)
                wall = statistics.median(sample.usage.wall for sample in samples)
                cells.append(f"{megabytes(added, 2)} ({wall:.2f})")
            total = statistics.median(sample.stored for sample in samples)
            lines.append(f"| {contender.name} | " + " | ".join(cells) + f" | {megabytes(total)} |")
        return lines

    def physical(self, corpus):
        """The limits on the first day's dump."""
        lines = [
            f"| {corpus.name}: {megabytes(corpus.sizes[1])} MB | wall s | MB/s | CPU s | MB out "
            "| wall, lifeboat's / this |", "|---|---|---|---|---|---|"]
        own = {"zstd -d": figures(self.results, corpus, self.contenders[0], steps_of(corpus)[-1])}
        first = figures(self.results, corpus, self.contenders[0], steps_of(corpus)[0])
        for (name, program), usages in self.limits.usages.items():
            if name != corpus.name:
                continue
            walls = [usage.wall for usage in usages]
            mine = statistics.median(own.get(program, first).walls)
            step = "restore of day 1" if program in own else "first day"
            lines.append(
                f"| {program} | {Spread.of(walls).text()} | {corpus.sizes[1] / statistics.median(walls) / MEGABYTE:.0f} "
                f"| {Spread.of([usage.cpu for usage in usages]).text()} "
                f"| {megabytes(self.limits.outputs.get((corpus.name, program)))} "
                f"| {mine / statistics.median(walls):.2f} ({step}) |")
        return lines

    def stages(self, corpus):
        """lifeboat's stages on one core: MB/s over the rounds, and sums."""
        reports = self.limits.reports.get(corpus.name, [])
        if not reports:
            return []
        lines = [f"| {corpus.name}, one core | CPU s | MB/s | MB in | MB out |", "|---|---|---|---|---|"]
        for part in ("stages", "sums"):
            for index, item in enumerate(reports[0][part]):
                seconds = [report[part][index]["seconds"] for report in reports]
                lines.append(
                    f"| {item['name']} | {Spread.of(seconds).text(3)} "
                    f"| {item['bytes'] / max(statistics.median(seconds), 1e-9) / MEGABYTE:.0f} "
                    f"| {megabytes(item['bytes'])} | {megabytes(item['output'])} |")
        return lines

    def one_core_ratio(self, corpus):
        """How many times faster the first day is than the sum of its stages on one core; None if not measured.

        The stages run on the second day's dump, so rates are compared and not seconds.
        """
        reports = self.limits.reports.get(corpus.name, [])
        if not reports:
            return None
        first = figures(self.results, corpus, self.contenders[0], steps_of(corpus)[0])
        sums = [report["sums"][0]["bytes"] / report["sums"][0]["seconds"] for report in reports]
        return first.bytes / statistics.median(first.walls) / statistics.median(sums)
