"""The contenders: each makes an encrypted repository in a local folder, stores a dump a day, and gives dumps back."""
import hashlib
import json
import os
import shutil
import subprocess
import tempfile

from .machine import has_sha_instructions, size_of
from .processes import Problem, end_group, measure, output, quiet, require_success

PASSWORD = "benchmark"


class Contender:
    """One program with its settings. `base` is a folder of its own; everything it writes lies below.

    `is_peer`: whether lifeboat's ratios may refer to it. `first_day_only`: no later days and no restores.
    """

    is_peer = True
    first_day_only = False

    def __init__(self, name, base):
        self.name = name
        self.folder = os.path.join(base, "".join(letter if letter.isalnum() else "-" for letter in name))
        self.repository = os.path.join(self.folder, "repository")
        self.cache = os.path.join(self.folder, "cache")
        self.environment = dict(
            {name: value for name, value in os.environ.items()
             if not name.startswith(("LIFEBOAT_", "RESTIC_", "BORG_", "AWS_")) and not name.lower().endswith("_proxy")},
            HOME=os.path.join(self.folder, "home"), TMPDIR=os.path.join(self.folder, "temporary"), LC_ALL="C.UTF-8")

    def prepare(self):
        """Makes a new, empty repository."""
        self.remove()
        for folder in (self.cache, self.environment["HOME"], self.environment["TMPDIR"]):
            os.makedirs(folder)
        self.initialize()

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def backup(self, label, dump):
        """Stores a dump from standard input under a label; returns what it took."""
        return measure(self.backup_command(label), stdin=dump, environment=self.environment)

    def restore(self, label):
        """Writes a dump to /dev/null; returns what it took."""
        return measure(self.restore_command(label), environment=self.environment)

    def wake(self):
        """Brings the program itself into the page cache."""
        quiet(self.program, "--version" if self.program != "restic" else "version", environment=self.environment)

    def check(self, label, sha256):
        """Restores a dump once without a clock and raises a problem if it is not the one that was stored."""
        digest = hashlib.sha256()
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                self.restore_command(label), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
                env=self.environment, start_new_session=True)
            try:
                while part := process.stdout.read(1 << 20):
                    digest.update(part)
                process.wait()
            finally:
                process.stdout.close()
                end_group(process)
            require_success(process.args, process.returncode, errors)
        if digest.hexdigest() != sha256:
            raise Problem(f"{self.name} gave other bytes back for {label} than it was given")

    def stored(self):
        """The bytes of the repository."""
        return size_of(self.repository)

    def cached(self):
        """The bytes of what the backup host keeps beside the repository."""
        return size_of(self.cache)


class Lifeboat(Contender):
    """This project's own. A restore is another host's, so it has a state folder of its own."""

    def __init__(self, base, program):
        super().__init__("lifeboat", base)
        self.program = os.path.abspath(program)
        self.version = "lifeboat " + output(self.program, "--version").strip()
        self.keys = os.path.join(self.folder, "keys")
        self.environment["LIFEBOAT_STATE"] = self.cache
        self.labels = []
        self.snapshots = {}

    def initialize(self):
        self.labels, self.snapshots = [], {}
        quiet(
            self.program, "init", self.repository, "--component", "orders", "--keys", self.keys,
            environment=self.environment)

    def arguments(self, verb, key, *rest):
        return [self.program, verb, *rest, "--repository", self.repository, "--key", os.path.join(self.keys, key)]

    def backup_command(self, label):
        self.labels.append(label)
        return self.arguments("backup", "writer.key", "--stdin", "--component", "orders")

    def backup(self, label, dump):
        self.environment["LIFEBOAT_STATE"] = self.cache
        return super().backup(label, dump)

    def restore_command(self, label):
        self.environment["LIFEBOAT_STATE"] = os.path.join(self.folder, "restorer")
        if label not in self.snapshots:
            # Asked only once, in the pass that is checked: a restore from a cold page cache must find it cold.
            self.snapshots = dict(zip(self.labels, self.snapshots_in_order()))
        return self.arguments("dump", "restorer.key", self.snapshots[label], "--component", "orders")

    def snapshots_in_order(self):
        """The ids of all snapshots; the n-th is that of the n-th label."""
        lines = output(*self.arguments("snapshots", "restorer.key", "--json"), environment=self.environment)
        found = [json.loads(line) for line in lines.splitlines()]
        return [id_ for _, id_ in sorted((item["sequence"], item["id"]) for item in found if item["type"] == "snapshot")]


class Restic(Contender):
    """Debian's restic."""

    def __init__(self, base):
        version = output("restic", "version").split()[1]
        super().__init__(f"restic {version}", base)
        self.program = "restic"
        self.version = f"restic {version} (Debian)"
        self.environment.update(RESTIC_PASSWORD=PASSWORD, RESTIC_CACHE_DIR=self.cache)

    def initialize(self):
        quiet("restic", "-r", self.repository, "init", environment=self.environment)

    def backup_command(self, label):
        return [
            "restic", "-q", "-r", self.repository, "backup", "--stdin", "--stdin-filename", "dump", "--tag", label]

    def restore_command(self, label):
        return ["restic", "-q", "-r", self.repository, "dump", "--tag", label, "latest", "/dump"]


class Borg(Contender):
    """borg of some version with some compression, in the encryption that its manual advises for this processor."""

    def __init__(self, base, program, origin, compression="zstd,3", first_day_only=False):
        version = output(program, "--version").split()[1]
        super().__init__(f"borg {version} {compression}", base)
        self.encryption = "repokey" if has_sha_instructions() else "repokey-blake2"
        self.version = f"borg {version} ({origin}), {compression}, {self.encryption}"
        self.program, self.compression, self.first_day_only = program, compression, first_day_only
        self.is_peer = not first_day_only
        self.environment.update(BORG_PASSPHRASE=PASSWORD, BORG_BASE_DIR=self.cache)

    def initialize(self):
        quiet(self.program, "init", "-e", self.encryption, self.repository, environment=self.environment)

    def backup_command(self, label):
        return [self.program, "create", "--compression", self.compression, f"{self.repository}::{label}", "-"]

    def restore_command(self, label):
        return [self.program, "extract", "--stdout", f"{self.repository}::{label}"]
