"""Backups of a PostgreSQL database and restores into a server, as one Markdown document."""
import json
import os
import shutil
import statistics
import time
from typing import NamedTuple

from . import options as common
from .contenders import PASSWORD
from .figures import Spread
from .machine import MEGABYTE, describe, require_disk
from .processes import Problem, measure, output, quiet, say
from .servers import PostgreSQL
from .shop import Shop

DESCRIPTION = """Measures, in turn and on the same PostgreSQL server, what backs a database up and what brings it back.

The database has pgbench's tables beside customers, orders and events with JSON: about 500 MB as a plain dump. Backups:
lifeboat with and without checksums of the rows, pg_dump into zstd, pg_dump into restic; on the first day and on the
second, when 2 % of the rows are new and 0.5 % changed. Restores of the second day into a new database of a second server:
`lifeboat restore --into`, pg_restore from a plain local file, restic's dump into a file and pg_restore from there, all
with as many jobs. Prints a Markdown document."""

NEEDED = {"restic": "restic", "zstd": "zstd", "setpriv": "util-linux"}
SCALE_OF_PGBENCH = 22
NAME, FIRST, SECOND = "shop", "day_1", "day_2"
JOBS = 2
LOAD_NEAR, LOAD_FASTER, DUMP_NEAR = 1.25, 0.8, 1.25
"""The bars: the load beside pg_restore from a local file and beside restic and pg_restore; the backup beside zstd."""


class Took(NamedTuple):
    """What one step took: wall seconds, CPU seconds of the whole machine, servers included, bytes that it stored; for
    lifeboat's restore the seconds of its load alone."""

    wall: float
    cpu: float
    stored: int | None = None
    load: float | None = None


def main():
    parser = common.parser("databases", DESCRIPTION, "size of the database; 1 is about 500 MB as a plain dump (1)", days=2)
    parser.add_argument("--rounds", type=common.number(1), default=7, help="rounds (7)")
    parser.add_argument("--raw", metavar="FILE", help="also write every figure as JSON, after each round")
    common.perform(work, parser.parse_args(), NEEDED)


def work(options, base, cores):
    require_disk([(base, options.scale * 9e9 + 1e9, "two servers, dumps and repositories")])
    scratch = os.path.join(base, "servers")
    os.makedirs(scratch)
    os.chmod(base, 0o755)
    os.chmod(scratch, 0o755)
    with PostgreSQL(scratch, FIRST, ["autovacuum=off"]) as source, PostgreSQL(scratch, "nothing") as target:
        fill(source, options.scale)
        bench = Bench(base, common.lifeboat_program(options), source, target)
        for number in range(1, options.rounds + 1):
            bench.round(number)
            say(f"round {number} of {options.rounds}")
            if options.raw:
                with open(options.raw, "w", encoding="utf-8") as file:
                    json.dump({name: [took._asdict() for took in found] for name, found in bench.results.items()}, file)
        lines = document(options, bench, source, cores)
    print("\n".join(lines))


def fill(server, scale):
    """Both days, each in a database of its own: a day is made current by giving its database the name."""
    say("databases: filling the first day")
    shop = Shop(scale * 0.8)
    server.sql(shop.day(1))
    size = max(1, round(SCALE_OF_PGBENCH * scale))
    quiet(*server.client("pgbench", "-q", "-i", "-s", str(size), FIRST), environment=server.environment())
    say("databases: living to the second")
    quiet(*server.client("createdb", "-T", FIRST, SECOND), environment=server.environment())
    server.feed(server.client("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", SECOND), shop.day(2))
    quiet(
        *server.client("pgbench", "-n", "-c", "2", "-j", "2", "--random-seed=7", "-t", str(500 * size), SECOND),
        environment=server.environment())
    statement(server, "CHECKPOINT")


def statement(server, text, database="postgres"):
    quiet(*server.client("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", text, database), environment=server.environment())


def machine_cpu():
    """CPU seconds of everything on the machine since it began."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = [int(field) for field in file.readline().split()[1:]]
    # User and system with interrupts, without what stood idle, waited or was stolen.
    return (fields[0] + fields[1] + fields[2] + fields[5] + fields[6]) / os.sysconf("SC_CLK_TCK")


class Bench:
    """All contenders, and what they took."""

    def __init__(self, base, program, source, target):
        self.base, self.program, self.source, self.target = base, os.path.abspath(program), source, target
        self.results = {}
        self.sizes = {}
        self.environment = dict(
            {name: value for name, value in os.environ.items() if not name.startswith(("LIFEBOAT_", "RESTIC_", "PG"))},
            LC_ALL="C.UTF-8", TMPDIR=base, RESTIC_PASSWORD=PASSWORD, RESTIC_CACHE_DIR=os.path.join(base, "restic-cache"))

    def path(self, *names):
        return os.path.join(self.base, *names)

    def add(self, step, contender, took):
        self.results.setdefault(f"{step}: {contender}", []).append(took)

    def of(self, step, contender):
        return self.results.get(f"{step}: {contender}", [])

    # Rounds

    def round(self, number):
        backups = [self.own("lifeboat", "true"), self.own("lifeboat, no checksums", "false"), ("pg_dump, zstd", self.zstd),
                   ("pg_dump, restic", self.restic)]
        self.clear()
        turn = number % len(backups)
        for day, database in (("first day", FIRST), ("second day", SECOND)):
            self.rename(database, NAME)
            try:
                self.rest()
                for name, work in backups[turn:] + backups[:turn]:
                    self.add(day, name, work(day))
                if day == "second day":
                    self.plain_file()
            finally:
                self.rename(NAME, database)
        restores = [("lifeboat", self.own_restore), ("pg_restore", self.pg_restore), ("restic, pg_restore", self.restic_restore)]
        turn = number % len(restores)
        for name, work in restores[turn:] + restores[:turn]:
            self.rest()
            self.add("restore", name, work())
            statement(self.target, f"DROP DATABASE {NAME}")
        self.clear()

    def rename(self, name, new):
        statement(self.source, f"ALTER DATABASE {name} RENAME TO {new}")

    def rest(self):
        for server in (self.source, self.target):
            statement(server, "CHECKPOINT")
        os.sync()

    def clear(self):
        for name in ("own-true", "own-false", "restic", "restic-cache", "files"):
            shutil.rmtree(self.path(name), ignore_errors=True)

    def timed(self, work, stored=None):
        """Wall and CPU of a step; `stored` gives the bytes of a place, before and after."""
        before = stored() if stored else None
        cpu, start = machine_cpu(), time.monotonic()
        work()
        wall = time.monotonic() - start
        return Took(wall, machine_cpu() - cpu, stored() - before if stored else None)

    def shell(self, line):
        measure(["/bin/bash", "-o", "pipefail", "-c", line], environment=self.environment)

    def dump(self, *arguments):
        return " ".join(self.source.client("pg_dump", *arguments, NAME))

    # Backups

    def own(self, name, checksums):
        return name, lambda day: self.own_backup(checksums)

    def own_backup(self, checksums):
        home = self.path(f"own-{checksums}")
        profile = os.path.join(home, "shop.yaml")
        environment = dict(self.environment, LIFEBOAT_STATE=os.path.join(home, "state"))
        repository = os.path.join(home, "repository")
        if not os.path.exists(profile):
            os.makedirs(home)
            with open(profile, "w", encoding="utf-8") as file:
                file.write(
                    f"component: shop\nrepository: {repository}\nkeys: {{writer: {home}/keys/writer.key, "
                    f"restorer: {home}/keys/restorer.key}}\n"
                    f"source: {{kind: postgresql, databases: [{NAME}], socket: {self.source.socket}, user: postgres, "
                    f"checksums: {checksums}, jobs: {JOBS}}}\n"
                    f"targets: {{new: {{socket: {self.target.socket}, user: postgres}}}}\n")
            quiet(self.program, "init", repository, "--component", "shop", "--keys", os.path.join(home, "keys"),
                  environment=environment)
        return self.timed(
            lambda: measure([self.program, "backup", profile, "--quiet"], environment=environment),
            lambda: tree_bytes(repository))

    def zstd(self, day):
        os.makedirs(self.path("files"), exist_ok=True)
        file = self.path("files", "dump.zst")
        if os.path.exists(file):
            os.remove(file)
        took = self.timed(lambda: self.shell(f"{self.dump()} | zstd -q -1 -T2 -o {file}"))
        return took._replace(stored=os.path.getsize(file))

    def restic(self, day):
        repository = self.path("restic")
        if not os.path.exists(repository):
            quiet("restic", "-q", "-r", repository, "init", environment=self.environment)
        line = f"{self.dump('-Fc', '-Z0')} | restic -q -r {repository} backup --stdin --stdin-filename dump"
        return self.timed(lambda: self.shell(line), lambda: tree_bytes(repository))

    # Restores

    def plain_file(self):
        self.shell(f"{self.dump('-Fc', '-Z0')} > {self.path('files', 'dump')}")
        self.sizes["the file of pg_restore"] = os.path.getsize(self.path("files", "dump"))

    def own_restore(self):
        home = self.path("own-true")
        environment = dict(self.environment, LIFEBOAT_STATE=os.path.join(home, "restorer"))
        answer = self.path("files", "answer")
        command = [self.program, "restore", os.path.join(home, "shop.yaml"), "--into", "new", "--jobs", str(JOBS), "--json"]
        took = self.timed(lambda: measure(command, stdout=answer, environment=environment))
        with open(answer, encoding="utf-8") as lines:
            found = [json.loads(line) for line in lines]
        done = [line for line in found if line.get("type") == "restore"]
        if not done:
            raise Problem("lifeboat restored nothing")
        return took._replace(load=load_seconds(done[-1]))

    def pg_restore(self, file=None):
        """Everything up to a database with indexes; statistics are not its business."""
        file = file or self.path("files", "dump")
        return self.timed(lambda: self.load(file))

    def load(self, file):
        quiet(*self.target.client("createdb", "-T", "template0", NAME), environment=self.target.environment())
        measure(
            self.target.client("pg_restore", "-j", str(JOBS), "-d", NAME, file), environment=self.target.environment())

    def restic_restore(self):
        file = self.path("files", "from-restic")

        def work():
            self.shell(f"restic -q -r {self.path('restic')} dump latest /dump > {file}")
            self.load(file)

        took = self.timed(work)
        os.remove(file)
        return took


def load_seconds(statement):
    """From the first phase that changes the target to the last that brings data and indexes: what pg_restore does."""
    phases = {phase["name"]: phase["milliseconds"] for phase in statement["phases"]}
    return sum(phases[name] for name in ("target made", "data loaded", "indexes built")) / 1000


def tree_bytes(folder):
    return sum(
        os.path.getsize(os.path.join(place, name)) for place, _, names in os.walk(folder) for name in names)


def ratio(above, below, field="wall"):
    return Spread.of([getattr(one, field) / max(other.wall, 1e-9) for one, other in zip(above, below)])


def document(options, bench, source, cores):
    restic = output("restic", "version").split()[1]
    lines = [
        "# Databases: backups and restores into a server", "",
        f"- machine: {describe(options.folder, cores, 'servers, dumps and repositories')}",
        f"- lifeboat {output(bench.program, '--version').strip()}; restic {restic} (Debian); {source.version()}, fsync off, "
        "on the same cores",
        f"- {options.rounds} interleaved rounds; medians (quartiles); ratios are taken round by round; MB = 10^6 bytes; "
        f"{JOBS} jobs everywhere; CPU seconds are those of the whole machine, servers included",
        f"- the database: pgbench beside customers, orders and events; {bench.sizes['the file of pg_restore'] / MEGABYTE:.1f} "
        "MB as pg_dump -Fc -Z0 on the second day", ""]
    if options.scale != 1:
        lines += [f"**A trial at scale {options.scale:g}: the bars are stated for scale 1.**", ""]
    lines += ["| step | contender | wall s | CPU s | stored MB | wall, this / lifeboat |", "|---|---|---|---|---|---|"]
    for key, found in bench.results.items():
        step, contender = key.split(": ", 1)
        stored = [took.stored for took in found if took.stored is not None]
        lines.append(
            f"| {step} | {contender} | {Spread.of([took.wall for took in found]).text()} "
            f"| {Spread.of([took.cpu for took in found]).text()} "
            f"| {f'{statistics.median(stored) / MEGABYTE:.1f}' if stored else '–'} "
            f"| {'–' if contender == 'lifeboat' else ratio(found, bench.of(step, 'lifeboat')).text()} |")
    loads = Spread.of([took.load for took in bench.of("restore", "lifeboat")])
    lines += ["", f"lifeboat's load alone, from the new database to its indexes: {loads.text()} s; before it unlocks, chooses "
              "and reads the catalogue, after it come ANALYZE and the comparison of every row with the manifest.", "",
              "## Bars", "", "| bar | value | limit | |", "|---|---|---|---|"]
    own = bench.of("restore", "lifeboat")
    rows = [
        ("restore: load / pg_restore from a local file", ratio(own, bench.of("restore", "pg_restore"), "load"), LOAD_NEAR),
        ("restore: load / restic dump and pg_restore", ratio(own, bench.of("restore", "restic, pg_restore"), "load"),
         LOAD_FASTER)]
    for day in ("first day", "second day"):
        for name in ("lifeboat", "lifeboat, no checksums"):
            rows += [
                (f"{day}: {name} / pg_dump, zstd -1 -T2", ratio(bench.of(day, name), bench.of(day, "pg_dump, zstd")),
                 DUMP_NEAR),
                (f"{day}: {name} / pg_dump, restic", ratio(bench.of(day, name), bench.of(day, "pg_dump, restic")), 1.0)]
    return lines + [
        f"| {title} | {value.text()} | at most {limit:g} | {'met' if value.middle <= limit else '**not met**'} |"
        for title, value, limit in rows]


if __name__ == "__main__":
    main()
