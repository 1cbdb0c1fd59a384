"""Runs programs, measures them, and ends whatever still runs when this program ends."""
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from typing import NamedTuple

LOOK_SECONDS = 0.02
"""How often a measured process is looked at for its own memory."""


class Problem(Exception):
    """What ends the benchmarks, as a sentence for a person."""


class Usage(NamedTuple):
    """What one process took. Memory and writes are None where the kernel did not say."""

    wall: float
    cpu: float
    rss: int
    own: int | None
    written: int | None


def stop_on_signals():
    """Makes the first Ctrl-C, SIGTERM or SIGHUP end this program through every `finally`; further ones are ignored.

    A second Ctrl-C would otherwise leave folders and servers behind. Cleaning up has limits of its own.
    """

    def end(number, _):
        undisturbed()
        raise KeyboardInterrupt(signal.Signals(number).name)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # What is ignored from the start, as under nohup, stays ignored.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, end)


def undisturbed():
    """From here on no signal interrupts the cleaning up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def say(line):
    """Tells the person in front of the terminal; standard output is for the document."""
    print(line, file=sys.stderr, flush=True)


def measure(command, stdin=None, stdout=None, environment=None):
    """Runs a command to its end; standard input and output are paths, None for /dev/null.

    Wall time is from the start of the process to its end. CPU seconds and the resident set are the kernel's
    accounting of the finished process and the children it waited for.
    """
    with open(stdin or os.devnull, "rb") as source, open(stdout or os.devnull, "wb") as target, \
            tempfile.TemporaryFile() as errors:
        start = time.monotonic()
        process = subprocess.Popen(
            command, stdin=source, stdout=target, stderr=errors, env=environment, start_new_session=True)
        watcher = Watcher(process.pid)
        try:
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            wall = time.monotonic() - start
            written = bytes_written(process.pid)
            watcher.finish()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            watcher.finish()
            end_group(process)
        require_success(command, process.returncode, errors)
    return Usage(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, watcher.peak, written)


class Watcher(threading.Thread):
    """Looks at a process's own memory until told to finish: pages without those of the program's file."""

    def __init__(self, process_id):
        super().__init__(daemon=True)
        self.path = f"/proc/{process_id}/status"
        self.peak = None
        self.over = threading.Event()
        self.start()

    def run(self):
        while not self.over.wait(LOOK_SECONDS):
            kibibytes = status_fields(self.path, ("RssAnon", "RssShmem"))
            if kibibytes:
                self.peak = max(self.peak or 0, sum(kibibytes) * 1024)

    def finish(self):
        self.over.set()
        self.join()


def status_fields(path, names):
    """Numbers from a status file of /proc; empty when the process has none any more."""
    try:
        with open(path, encoding="ascii", errors="replace") as lines:
            found = dict(line.split(":", 1) for line in lines if ":" in line)
    except OSError:
        return []
    return [int(found[name].split()[0]) for name in names if name in found]


def bytes_written(process_id):
    """All bytes that a process has handed to `write`; None where that may not be read."""
    fields = status_fields(f"/proc/{process_id}/io", ("wchar",))
    return fields[0] if fields else None


def end_group(process):
    """Ends a child that was started in a session of its own, with its children, if it still runs."""
    if process.returncode is not None:
        return
    for number, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            pass
        try:
            process.wait(patience)
            return
        except subprocess.TimeoutExpired:
            continue


def require_success(command, status, errors):
    """Raises a problem that shows the end of what a failed command printed as errors."""
    if status == 0:
        return
    errors.seek(0, os.SEEK_END)
    errors.seek(max(0, errors.tell() - 2000))
    text = errors.read().decode(errors="replace").strip()
    raise Problem(f"{' '.join(command[:3])} ... ended with {status}:\n{text}")


def quiet(*command, environment=None, stdin=None, stdout=None):
    """Runs a command that is not measured. `stdin` is a file or bytes, `stdout` a file."""
    given = {"input": stdin} if isinstance(stdin, bytes) else {"stdin": stdin or subprocess.DEVNULL}
    with tempfile.TemporaryFile() as errors:
        done = subprocess.run(
            command, env=environment, stdout=stdout or subprocess.DEVNULL, stderr=errors, **given)
        require_success(command, done.returncode, errors)


def output(*command, environment=None):
    """The standard output of a command that is not measured."""
    with tempfile.TemporaryFile() as errors:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
        require_success(command, done.returncode, errors)
    return done.stdout.decode(errors="replace")
