"""Drills at three sizes, and what lifeboat says of others before they are drilled, as one Markdown document."""
import json
import os
import random
import sqlite3
import subprocess

from . import options as common
from .machine import MEGABYTE, describe, require_disk
from .processes import Problem, measure, output, quiet, say

DESCRIPTION = """Backs up a SQLite database of three sizes and drills it five times, then asks `lifeboat drill estimate`
for two other sizes, one between those and one beyond them, drills these as well, and compares: the estimate, its interval,
and the time to recover that the drill's record has. Prints a Markdown document."""

LEARNT = (100, 400, 200, 400, 100)
"""Sizes of the five drills in MB, in an order in which the machine's mood is no trend."""
ASKED = (300, 600)
"""The sizes that are estimated: within those, and beyond."""
BAR = 0.20
NAME = "shop"


def main():
    parser = common.parser("estimate", DESCRIPTION, "size of the databases; 1 is 100 to 600 MB (1)", days=1)
    parser.add_argument("--raw", metavar="FILE", help="also write every figure as JSON")
    common.perform(work, parser.parse_args(), {})


def work(options, base, cores):
    total = sum(sorted(set(LEARNT + ASKED))) * options.scale * MEGABYTE
    require_disk([(base, 2 * total + 2 * max(ASKED) * options.scale * MEGABYTE + 2e8, "databases, a repository, drills")])
    bench = Bench(base, common.lifeboat_program(options))
    learnt = []
    for number, size in enumerate(LEARNT, 1):
        bench.back_up(size * options.scale)
        learnt.append(bench.drill())
        say(f"drill {number} of {len(LEARNT)}: {size * options.scale:g} MB took {learnt[-1]['seconds']:.2f} s")
    asked = []
    for size in ASKED:
        bench.back_up(size * options.scale)
        asked.append((bench.snapshot(), bench.estimate()))
    # All estimates come before the first of these drills: each rests on the same five.
    asked = [(estimate, bench.drill(snapshot)) for snapshot, estimate in asked]
    if options.raw:
        with open(options.raw, "w", encoding="utf-8") as file:
            json.dump({"learnt": learnt, "asked": asked}, file)
    print("\n".join(document(options, bench, cores, learnt, asked)))


class Bench:
    """A repository with one component, and its drills."""

    def __init__(self, base, program):
        self.base, self.program = base, os.path.abspath(program)
        self.repository, self.database = os.path.join(base, "repository"), os.path.join(base, "shop.db")
        self.environment = dict(
            {name: value for name, value in os.environ.items() if not name.startswith("LIFEBOAT_")},
            LC_ALL="C.UTF-8", TMPDIR=base, LIFEBOAT_STATE=os.path.join(base, "state"))
        self.run("init", self.repository, "--component", NAME, "--keys", os.path.join(base, "keys"))

    def run(self, *arguments):
        quiet(self.program, *arguments, environment=self.environment)

    def key(self, role):
        return ["--repository", self.repository, "--key", os.path.join(self.base, "keys", f"{role}.key")]

    def answer(self, *arguments):
        text = output(self.program, *arguments, "--json", environment=self.environment)
        return [json.loads(line) for line in text.splitlines()]

    def back_up(self, megabytes):
        fill(self.database, megabytes * MEGABYTE)
        measure(
            [self.program, "backup", "--component", NAME, "--sqlite", self.database, *self.key("writer")],
            environment=self.environment)

    def snapshot(self):
        found = [line for line in self.answer("snapshots", NAME, *self.key("keeper")) if line["type"] == "snapshot"]
        return found[-1]["id"]

    def drill(self, snapshot=None):
        """One drill, with its bytes and the seconds of its record."""
        path = os.path.join(self.base, "drill.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(
                f"drill: shop-lost\ncomponent: {NAME}\nrepository: {self.repository}\n"
                f"keys: {{restorer: {self.base}/keys/restorer.key}}\n"
                f"select: {f'{{snapshot: {snapshot}}}' if snapshot else 'latest'}\n"
                "checks: [integrity, manifest, {sql: {name: rows, query: SELECT count(*) FROM event, minimum: 1}}]\n")
        os.sync()
        found = [line for line in self.answer("drill", path) if line["type"] == "drill"]
        if not found or found[-1]["verdict"] != "proven":
            raise Problem("a drill was not proven")
        record = found[-1]
        return {"bytes": record["bytes"], "seconds": record["timeToRecover"] / 1e9, "phases": record["phases"]}

    def estimate(self):
        done = subprocess.run(
            [self.program, "drill", "estimate", NAME, "--json", *self.key("keeper")], env=self.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
        found = [json.loads(line) for line in done.stdout.decode().splitlines()]
        found = [line for line in found if line["type"] == "estimate" and line["timeToRecover"] is not None]
        if not found:
            raise Problem("lifeboat had no estimate")
        return found[0]


def fill(path, size):
    """A database of about so many bytes: rows that compress as those of an application do."""
    chance = random.Random(f"estimate, {size}")
    words = [f"{chance.getrandbits(32):08x}" for _ in range(2_000)]
    if os.path.exists(path):
        os.remove(path)
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("CREATE TABLE event (id INTEGER PRIMARY KEY, customer INTEGER, key TEXT, note TEXT)")
        # A row has about 210 bytes, its place in the index about 12.
        connection.executemany(
            "INSERT INTO event (customer, key, note) VALUES (?, ?, ?)",
            ((chance.randrange(100_000), f"{chance.getrandbits(128):032x}", " ".join(chance.choices(words, k=18)))
             for _ in range(max(10, int(size / 222)))))
        connection.execute("CREATE INDEX event_customer ON event (customer)")
    connection.close()


def document(options, bench, cores, learnt, asked):
    lines = [
        "# Estimates of the time to recover", "",
        f"- machine: {describe(options.folder, cores, 'databases, the repository and drills')}",
        f"- lifeboat {output(bench.program, '--version').strip()}; MB = 10^6 bytes", ""]
    if options.scale != 1:
        lines += [f"**A trial at scale {options.scale:g}: the bar is stated for scale 1.**", ""]
    lines += ["| drill | MB | TTR s |", "|---|---|---|"]
    lines += [
        f"| {number} | {drill['bytes'] / MEGABYTE:.1f} | {drill['seconds']:.2f} |" for number, drill in enumerate(learnt, 1)]
    lines += ["", f"From these {len(learnt)}:", "",
              "| MB | estimate s | interval of four in five s | TTR s | error | within the interval | bar: 20 % |",
              "|---|---|---|---|---|---|---|"]
    for estimate, drill in asked:
        expected, low, high = (estimate[name] / 1e9 for name in ("timeToRecover", "low", "high"))
        error = drill["seconds"] / expected - 1
        lines.append(
            f"| {drill['bytes'] / MEGABYTE:.1f} | {expected:.2f} | {low:.2f} to {high:.2f} | {drill['seconds']:.2f} "
            f"| {error:+.1%} | {'yes' if low <= drill['seconds'] <= high else 'no'} "
            f"| {'met' if abs(error) <= BAR else '**not met**'} |")
    return lines + ["", "The error is positive where the drill took longer than was said."]


if __name__ == "__main__":
    main()
