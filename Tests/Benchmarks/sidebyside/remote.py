"""The contenders whose repository is a bucket. Each is told its place before `prepare`.

`upload` stores a corpus's first dump; `downloads` are the rows of what brings it back, each measured by itself. What a
contender keeps on its host is gone before each of them: it is another host that restores.
"""
import json
import os
import shutil
import tempfile
from contextlib import contextmanager

from .contenders import PASSWORD, Contender, Lifeboat, Restic
from .processes import Problem, measure

PUTS, GETS = 4, 8
"""The threads with which lifeboat puts and gets objects unless told otherwise."""
LABEL = "day-1"
IN_MEMORY = "/dev/shm"
TO_FILES = ": to files"


class Remote:
    """What goes before a local contender to make it one of a bucket: the place, and what is below it."""

    boto = None
    place = None

    def move(self, place):
        """From here on the repository is that bucket."""
        self.place = place
        self.environment.update(place.variables())

    def initialize(self):
        self.boto.create(self.place)
        super().initialize()

    def stored(self):
        return self.boto.stored(self.place)

    def upload(self, corpus):
        return self.backup(LABEL, corpus.paths[1])

    def forget(self):
        """Removes what the host keeps, as on a host that has never seen the repository."""
        shutil.rmtree(self.cache, ignore_errors=True)
        os.makedirs(self.cache)

    def downloads(self):
        return [(self.name, lambda: self.restore(LABEL))]


class RemoteLifeboat(Remote, Lifeboat):
    """lifeboat with its own defaults."""

    def __init__(self, base, program, boto):
        Lifeboat.__init__(self, base, program)
        self.boto = boto

    def move(self, place):
        super().move(place)
        self.repository = f"s3://{place.bucket}/lifeboat"

    def restore_command(self, label):
        # The last one is asked for by that name, as people do.
        if label == self.labels[-1]:
            self.snapshots[label] = "latest"
        return super().restore_command(label)

    def forget(self):
        super().forget()
        shutil.rmtree(os.path.join(self.folder, "restorer"), ignore_errors=True)


class RemoteRestic(Remote, Restic):
    """Debian's restic, with its own number of connections or another."""

    def __init__(self, base, boto, connections=None):
        Restic.__init__(self, base)
        self.boto, self.connections = boto, connections
        if connections:
            self.name += f", {connections} connections"
            self.version += f" with {connections} connections"
            self.folder += f"-{connections}"
            self.cache = os.path.join(self.folder, "cache")
            self.environment.update(
                HOME=os.path.join(self.folder, "home"), TMPDIR=os.path.join(self.folder, "temporary"),
                RESTIC_CACHE_DIR=self.cache)
        # The password comes from a file, as lifeboat's keys do.
        self.environment.pop("RESTIC_PASSWORD")
        self.environment["RESTIC_PASSWORD_FILE"] = os.path.join(self.folder, "home", "password")

    def move(self, place):
        super().move(place)
        self.repository = f"s3:{place.endpoint}/{place.bucket}"

    def initialize(self):
        with open(self.environment["RESTIC_PASSWORD_FILE"], "w", encoding="utf-8") as file:
            file.write(PASSWORD)
        super().initialize()

    def tuned(self, command):
        return [*command, "-o", f"s3.connections={self.connections}"] if self.connections else command

    def backup_command(self, label):
        return self.tuned(super().backup_command(label))

    def restore_command(self, label):
        return self.tuned(super().restore_command(label))

    def downloads(self):
        """`dump` to /dev/null, and `restore`, which reads whole packs but needs a folder: one in memory."""
        return [(f"{self.name}: dump", lambda: self.restore(LABEL)), (f"{self.name}: restore", self.restore_to_folder)]

    def restore_to_folder(self):
        with tempfile.TemporaryDirectory(prefix="lifeboat-benchmark.", dir=IN_MEMORY) as folder:
            return measure(
                self.tuned(["restic", "-q", "-r", self.repository, "restore", "latest", "--target", folder]),
                environment=self.environment)


class Copier(Remote, Contender):
    """`lifeboat copy` from a folder to the bucket, and from there to a folder in memory."""

    def __init__(self, base, reference, boto):
        Contender.__init__(self, "lifeboat copy", base)
        self.program, self.reference, self.boto = reference.program, reference, boto
        self.version = "lifeboat copy of the repository that lifeboat made of the stream in a folder"

    def move(self, place):
        super().move(place)
        self.repository = f"s3://{place.bucket}/copy"

    def initialize(self):
        self.environment["LIFEBOAT_STATE"] = self.cache
        self.boto.create(self.place)

    def upload(self, corpus):
        return self.copy(self.reference.repository, self.repository)

    def downloads(self):
        return [(self.name, self.copy_back)]

    def copy_back(self):
        with tempfile.TemporaryDirectory(prefix="lifeboat-benchmark.", dir=IN_MEMORY) as folder:
            return self.copy(self.repository, os.path.join(folder, "repository"))

    def copy(self, source, target):
        return measure([self.program, "copy", "--repository", source, "--to", target], environment=self.environment)

    def check(self, label, sha256):
        """It compares by itself, and does not end well otherwise."""


class BareLoop(Remote, Contender):
    """boto3 and threads, on the packs that lifeboat made."""

    def __init__(self, base, reference, boto, style):
        Contender.__init__(self, f"boto3 loop, {style}", base)
        self.reference, self.boto, self.style = reference, boto, style
        self.version = f"{boto.version}, bare loop over lifeboat's packs, {PUTS} threads up and {GETS} down, {style}"

    def initialize(self):
        self.boto.create(self.place)

    def upload(self, corpus):
        return self.loop("up", str(PUTS), self.reference.packs)

    def downloads(self):
        """Dropped once it is in memory; and written to a folder in memory, as `lifeboat copy` does."""
        return [(self.name, lambda: self.loop("down", str(GETS))), (f"{self.name}{TO_FILES}", self.loop_to_folder)]

    def loop_to_folder(self):
        with tempfile.TemporaryDirectory(prefix="lifeboat-benchmark.", dir=IN_MEMORY) as folder:
            return self.loop("down", str(GETS), folder)

    def loop(self, verb, *arguments):
        """Seconds are the loop's own: a client that is written into a program that runs needs no start."""
        command = self.boto.command(verb, self.place.bucket, self.style, *arguments)
        with answer_file(self.folder) as path:
            usage = measure(command, stdout=path, environment=self.place.environment())
            with open(path, encoding="utf-8") as file:
                found = json.load(file)
        if found["bytes"] != self.reference.pack_bytes:
            raise Problem(f"{self.name} moved {found['bytes']} bytes, and there are {self.reference.pack_bytes}")
        return usage._replace(wall=found["seconds"], cpu=found["cpu"])

    def check(self, label, sha256):
        """It has counted the bytes, and knows nothing else."""


class Reference:
    """One backup of a corpus in a local folder: its packs are what the bare loop moves."""

    def __init__(self, base, program, corpus):
        contender = Lifeboat(os.path.join(base, "reference"), program)
        contender.prepare()
        contender.backup(LABEL, corpus.paths[1])
        self.program, self.repository = contender.program, contender.repository
        self.packs = os.path.join(contender.folder, "packs")
        self.pack_bytes = 0
        self.pack_count = 0
        for folder, _, names in os.walk(contender.repository):
            parts = os.path.relpath(folder, contender.repository).split(os.sep)
            if "packs" not in parts:
                continue
            for name in names:
                target = os.path.join(self.packs, *parts[parts.index("packs") + 1:], name)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                os.link(os.path.join(folder, name), target)
                self.pack_bytes += os.path.getsize(target)
                self.pack_count += 1
        shutil.rmtree(contender.cache, ignore_errors=True)


@contextmanager
def answer_file(folder):
    number, path = tempfile.mkstemp(dir=folder)
    os.close(number)
    try:
        yield path
    finally:
        os.remove(path)
