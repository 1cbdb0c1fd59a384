"""Dumps of several days in a folder that is kept, so that a second run does not make them again."""
import hashlib
import json
import os
import shutil
import tempfile
from typing import NamedTuple

from .machine import MEGABYTE, digest_of
from .processes import say
from .sources import SOURCES

HERE = os.path.dirname(os.path.abspath(__file__))


class Kind(NamedTuple):
    """One corpus: whose dumps it is made of and in which form."""

    source: str
    form: str
    title: str


KINDS = {
    "orders": Kind("orders", "plain", "order-processing database, plain dump by pg_dump"),
    "pgbench": Kind("pgbench", "plain", "pgbench, plain dump by pg_dump"),
    "pgbench-physical": Kind("pgbench", "base", "pgbench, physical backup by pg_basebackup as a tar archive"),
    "mariadb": Kind("mariadb", "dump", "personnel database, dump by mariadb-dump"),
}


class Corpus:
    """The dumps of one corpus: a path, a size and a digest for each day."""

    def __init__(self, name, folder, stamp, days):
        kind = KINDS[name]
        self.name, self.title, self.days = name, kind.title, days
        self.server = stamp["server"]
        self.paths = {day: os.path.join(folder, f"{kind.form}.{day}") for day in range(1, days + 1)}
        self.sizes = {day: stamp["files"][f"{kind.form}.{day}"]["bytes"] for day in self.paths}
        self.digests = {day: stamp["files"][f"{kind.form}.{day}"]["sha256"] for day in self.paths}


class Cabinet:
    """The folder of all corpora."""

    def __init__(self, folder, scale, days):
        self.folder, self.scale, self.days = folder, scale, days

    def path(self, source):
        return os.path.join(self.folder, f"{source}-scale-{self.scale:g}")

    def stamp(self, source):
        """What was written beside the dumps when they were complete; None if they are missing, fewer or other ones."""
        try:
            with open(os.path.join(self.path(source), "stamp.json"), encoding="utf-8") as file:
                stamp = json.load(file)
        except (OSError, ValueError):
            return None
        whole = all(
            os.path.exists(os.path.join(self.path(source), name))
            and os.path.getsize(os.path.join(self.path(source), name)) == facts["bytes"]
            for name, facts in stamp.get("files", {}).items())
        same = stamp.get("generator") == digest_of_generator(source) and stamp.get("days", 0) >= self.days
        return stamp if whole and same else None

    def bytes_needed(self, names):
        """Bytes for what is still to be made: all dumps, and the largest server."""
        missing = [SOURCES[name] for name in sources_of(names) if self.stamp(name) is None]
        needs = [source.bytes_needed(self.scale, self.days) for source in missing]
        return sum(dumps for dumps, _ in needs) + max((server for _, server in needs), default=0)

    def corpora(self, names):
        """The corpora of these names; makes the dumps that are not there."""
        stamps = {}
        for source in sources_of(names):
            stamps[source] = self.stamp(source) or self.make(source)
        return [Corpus(name, self.path(KINDS[name].source), stamps[KINDS[name].source], self.days) for name in names]

    def make(self, name):
        say(f"making {self.days} days of {name} in {self.path(name)}")
        scratch = tempfile.mkdtemp(prefix=f"{name}.part.", dir=self.folder)
        try:
            # Servers run as another account, which has to reach the folders that it is given here.
            os.chmod(scratch, 0o755)
            files = {}
            with SOURCES[name](self.scale, scratch) as source:
                version = source.server.version()
                for day in range(1, self.days + 1):
                    source.to_next_day()
                    for form in source.forms:
                        path = os.path.join(scratch, f"{form}.{day}")
                        source.dump(form, path)
                        files[f"{form}.{day}"] = {"bytes": os.path.getsize(path), "sha256": digest_of(path)}
                        say(f"{name}: {form}.{day}, {os.path.getsize(path) / MEGABYTE:.1f} MB")
            stamp = {"generator": digest_of_generator(name), "days": self.days, "server": version, "files": files}
            with open(os.path.join(scratch, "stamp.json"), "w", encoding="utf-8") as file:
                json.dump(stamp, file, indent=1)
            shutil.rmtree(self.path(name), ignore_errors=True)
            os.rename(scratch, self.path(name))
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return stamp


def sources_of(names):
    """The databases that corpora come from, each once, in order."""
    return list(dict.fromkeys(KINDS[name].source for name in names))


def digest_of_generator(source):
    """A digest of the programs that decide what a database's dumps hold."""
    digest = hashlib.sha256()
    for module in (*SOURCES[source].modules, "sources.py"):
        with open(os.path.join(HERE, module), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()
