#!/usr/bin/python3
"""First backup and restore, side by side: lifeboat, restic, borg, zstd. Called by Tests/Benchmarks/run.

Each round runs every tool once, in turn, on a new repository; figures are medians with quartiles over the rounds.
Wall and CPU seconds and the largest resident set come from the kernel's accounting of each finished process.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def measured(command, stdin=None, stdout=None, environment=None):
    """Runs a command to its end; returns (wall seconds, CPU seconds, largest resident set in MB)."""
    with open(stdin or os.devnull, "rb") as source, open(stdout or os.devnull, "wb") as target:
        start = time.monotonic()
        process = subprocess.Popen(command, stdin=source, stdout=target, stderr=subprocess.PIPE, env=environment)
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command[0]} ended with {process.returncode}: {errors.decode(errors='replace')}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def stored(folder):
    """Bytes of all files below a folder."""
    return sum(os.path.getsize(os.path.join(base, name)) for base, _, names in os.walk(folder) for name in names)


class Tool:
    """One contender: makes a repository, backs `dump` up, restores it to `out`."""

    def __init__(self, name, base, environment=None):
        self.name = name
        self.folder = os.path.join(base, "".join(letter for letter in name if letter.isalnum()))
        self.environment = dict(os.environ, **(environment or {}))

    def prepare(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)

    def quiet(self, *command):
        subprocess.run(command, check=True, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Lifeboat(Tool):
    def __init__(self, base, program):
        super().__init__("lifeboat", base, {"LIFEBOAT_STATE": os.path.join(base, "lifeboat-state")})
        self.program = program

    def prepare(self):
        super().prepare()
        shutil.rmtree(self.environment["LIFEBOAT_STATE"], ignore_errors=True)
        self.repository = os.path.join(self.folder, "repository")
        self.keys = os.path.join(self.folder, "keys")
        self.quiet(self.program, "init", self.repository, "--component", "orders", "--keys", self.keys)

    def arguments(self, verb, key, *rest):
        return [self.program, verb, *rest, "--repository", self.repository, "--key", os.path.join(self.keys, key)]

    def backup(self, dump):
        return measured(
            self.arguments("backup", "writer.key", "--stdin", "--component", "orders"), dump,
            environment=self.environment)

    def restore(self, out):
        return measured(
            self.arguments("dump", "restorer.key", "latest", "--component", "orders"), stdout=out,
            environment=self.environment)

    def size(self):
        return stored(self.repository)


class Restic(Tool):
    def __init__(self, base):
        super().__init__("restic", base, {"RESTIC_PASSWORD": "benchmark", "RESTIC_CACHE_DIR": os.path.join(base, "cache")})

    def prepare(self):
        super().prepare()
        self.repository = os.path.join(self.folder, "repository")
        self.quiet("restic", "-r", self.repository, "init")

    def backup(self, dump):
        return measured(
            ["restic", "-r", self.repository, "backup", "--stdin", "--stdin-filename", "orders.sql"], dump,
            environment=self.environment)

    def restore(self, out):
        return measured(
            ["restic", "-r", self.repository, "dump", "latest", "/orders.sql"], stdout=out,
            environment=self.environment)

    def size(self):
        return stored(self.repository)


class Borg(Tool):
    def __init__(self, base, compression):
        super().__init__(
            f"borg {compression}", base,
            {"BORG_PASSPHRASE": "benchmark", "BORG_BASE_DIR": os.path.join(base, "borg-home")})
        self.compression = compression

    def prepare(self):
        super().prepare()
        self.repository = os.path.join(self.folder, "repository")
        self.quiet("borg", "init", "-e", "repokey-blake2", self.repository)

    def backup(self, dump):
        return measured(
            ["borg", "create", "--compression", self.compression, f"{self.repository}::orders", "-"], dump,
            environment=self.environment)

    def restore(self, out):
        return measured(
            ["borg", "extract", "--stdout", f"{self.repository}::orders"], stdout=out, environment=self.environment)

    def size(self):
        return stored(self.repository)


class Zstd(Tool):
    """The limit: compression alone, no chunks, no encryption, no repository."""

    def __init__(self, base):
        super().__init__("zstd -1 -T2", base)

    def backup(self, dump):
        return measured(["zstd", "-1", "-T2", "-q", "-o", os.path.join(self.folder, "orders.zst")], dump)

    def restore(self, out):
        return measured(["zstd", "-d", "-q", "-c", os.path.join(self.folder, "orders.zst")], stdout=out)

    def size(self):
        return stored(self.folder)


def digest(path):
    return subprocess.run(["sha256sum", path], check=True, capture_output=True, text=True).stdout.split()[0]


def spread(values):
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.2f} ({low:.2f}–{high:.2f})"


def table(title, rows, size):
    """Prints medians with quartiles, and pair by pair how much longer the others take than lifeboat."""
    print(f"\n{title}\n")
    print("| tool | wall s | MB/s | CPU s | peak RSS MB | stored MB | wall, others / lifeboat | CPU, others / lifeboat |")
    print("|---|---|---|---|---|---|---|---|")
    base = rows["lifeboat"]
    for name, runs in rows.items():
        wall, cpu, memory, bytes_ = zip(*runs)
        ratios = [
            "–" if name == "lifeboat" else spread([run[index] / own[index] for run, own in zip(runs, base)])
            for index in (0, 1)
        ]
        print(
            f"| {name} | {spread(wall)} | {size / statistics.median(wall) / 1e6:.0f} | {spread(cpu)} "
            f"| {max(memory):.0f} | {statistics.median(bytes_) / 1e6:.1f} | {ratios[0]} | {ratios[1]} |")


def version(*command):
    return subprocess.run(command, capture_output=True, text=True).stdout.splitlines()[0].strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lifeboat", required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--mebibytes", type=int, default=384)
    parser.add_argument("--folder")
    options = parser.parse_args()
    base = tempfile.mkdtemp(prefix="lifeboat-bench.", dir=options.folder)
    try:
        need = options.mebibytes * 6 + 512
        free = shutil.disk_usage(base).free >> 20
        print(f"disk: {need} MiB needed, {free} MiB free in {base}", file=sys.stderr)
        if free < need:
            sys.exit("Benchmarks: not enough disk")
        run(options, base)
    finally:
        shutil.rmtree(base, ignore_errors=True)


def run(options, base):
    dump = os.path.join(base, "orders.sql")
    with open(dump, "wb") as target:
        subprocess.run([sys.executable, os.path.join(HERE, "orders.py"), str(options.mebibytes)], stdout=target, check=True)
    size, truth = os.path.getsize(dump), digest(dump)
    tools = [
        Lifeboat(base, options.lifeboat), Restic(base), Borg(base, "lz4"), Borg(base, "zstd,3"), Zstd(base)]
    backups, restores = {}, {}
    out = os.path.join(base, "restored")
    for number in range(options.rounds + 1):
        for tool in tools:
            tool.prepare()
            backup = tool.backup(dump)
            restore = tool.restore(out)
            if digest(out) != truth:
                sys.exit(f"{tool.name} restored other bytes")
            if number > 0:  # the first round warms up
                backups.setdefault(tool.name, []).append((*backup, tool.size()))
                restores.setdefault(tool.name, []).append((*restore, tool.size()))
        print(f"round {number} of {options.rounds}", file=sys.stderr)
    print(f"{size / 1e6:.0f} MB order-processing dump, {options.rounds} interleaved rounds, {os.cpu_count()} cores, "
          f"encrypted repositories in {os.path.dirname(base)}; medians (quartiles).")
    print(f"{version(options.lifeboat, '--version')}; {version('restic', 'version')}; {version('borg', '--version')}")
    table("First backup, from standard input", backups, size)
    table("Restore, to standard output", restores, size)


main()
