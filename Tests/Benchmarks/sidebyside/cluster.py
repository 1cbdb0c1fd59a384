"""A Ceph object store in memory on this machine, through the scripts that also serve the tests."""
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from typing import NamedTuple

from .processes import Problem, end_group, output, require_success, say

SERVERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Servers")
QUIET_CORES, QUIET_SECONDS, PATIENCE_SECONDS = 0.08, 0.3, 20
"""The servers are at rest once they take less than so much of one core, for so long; longer nobody waits for it."""


class Place(NamedTuple):
    """Where a contender finds its bucket. The endpoint is the store's own or that of something in between."""

    endpoint: str
    region: str
    key: str
    secret: str
    bucket: str

    def variables(self):
        """What AWS's clients, lifeboat and restic read."""
        return {
            "AWS_ENDPOINT_URL_S3": self.endpoint, "AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": self.secret, "AWS_EC2_METADATA_DISABLED": "true"}

    def environment(self):
        """A whole environment with nothing else in it that could lead a client elsewhere."""
        return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", **self.variables()}


class Counters(NamedTuple):
    """What the store has done since it began: CPU seconds of its front and of its disk (with the monitor), requests,
    and bytes of the objects' bodies in either direction as the front counts them."""

    front: float
    disk: float
    requests: int
    put: int
    got: int

    def since(self, before):
        return Counters(*(now - then for now, then in zip(self, before)))


class Cluster:
    """A context manager; `renew` gives a new, empty store, so that no contender meets another one's traces."""

    def __init__(self, gibibytes):
        self.gibibytes = gibibytes
        self.home = self.folder = None
        self.facts = {}

    def __enter__(self):
        # The path of a socket has at most 107 bytes, so it can't lie where somebody keeps large files.
        self.home = tempfile.mkdtemp(prefix="lifeboat-servers.", dir="/tmp")
        self.folder = os.path.join(self.home, "ceph")
        # It outlives even a kill -9 of this program, and then ends the store.
        subprocess.Popen(
            [os.path.join(SERVERS, "guard"), str(os.getpid()), self.home], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def renew(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.ceph("start", "--memory", str(self.gibibytes))
        with open(os.path.join(self.folder, "env"), encoding="utf-8") as lines:
            self.facts = dict(line.strip().split("=", 1) for line in lines if "=" in line)

    def stop(self):
        if os.path.isdir(self.folder):
            self.ceph("stop")

    def ceph(self, verb, *arguments):
        """Calls the script; interrupted, it ends with whatever it waits for."""
        with tempfile.TemporaryFile() as errors:
            script = subprocess.Popen(
                [os.path.join(SERVERS, "ceph"), verb, self.folder, *arguments], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True)
            try:
                script.wait()
            finally:
                end_group(script)
            require_success(script.args, script.returncode, errors)

    def place(self, bucket, endpoint=None):
        facts = self.facts
        return Place(
            endpoint or facts["S3_ENDPOINT"], facts["S3_REGION"], facts["AWS_ACCESS_KEY_ID"],
            facts["AWS_SECRET_ACCESS_KEY"], bucket)

    def process(self, name):
        with open(os.path.join(self.folder, f"{name}.pid"), encoding="ascii") as file:
            return int(file.read())

    def cpu(self):
        """CPU seconds of the front, and of what lies behind it."""
        front, disk, monitor = (cpu_seconds(self.process(name)) for name in ("front-main", "osd", "mon"))
        return front, disk + monitor

    def counters(self):
        found = asked(os.path.join(self.folder, "run", "client.main.asok"), "perf dump")["rgw"]
        return Counters(*self.cpu(), found["req"], found["put_b"], found["get_b"])

    def settle(self):
        """Waits until the disk of this machine and the store have nothing left to do."""
        os.sync()
        deadline = time.monotonic() + PATIENCE_SECONDS
        before = sum(self.cpu())
        while time.monotonic() < deadline:
            time.sleep(QUIET_SECONDS)
            now = sum(self.cpu())
            if now - before <= QUIET_CORES * QUIET_SECONDS:
                return
            before = now
        say(f"Benchmarks: the store did not come to rest in {PATIENCE_SECONDS} seconds")

    def version(self):
        return output("radosgw", "--version").split(" (")[0].strip()


def cpu_seconds(process_id):
    """User and system time of a process with all its threads, in steps of a hundredth of a second."""
    with open(f"/proc/{process_id}/stat", encoding="utf-8", errors="replace") as file:
        # The name, in brackets, may hold anything.
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def asked(path, command):
    """The answer of a Ceph daemon's administrative socket: four bytes of length, big-endian, then JSON."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(30)
        connection.connect(path)
        connection.sendall(json.dumps({"prefix": command}).encode() + b"\0")
        with connection.makefile("rb") as answer:
            length, = struct.unpack(">I", answer.read(4))
            text = answer.read(length)
    if len(text) < length:
        raise Problem(f"the store's daemon broke off its answer to {command}")
    return json.loads(text)
