"""The tests' proxy between clients and a store: here it only adds time, and leaves the bandwidth as it is."""
import subprocess
import tempfile

from .cluster import cpu_seconds
from .processes import Problem, end_group


class Proxy:
    """A context manager around one process; `endpoint` is where clients find the store through it."""

    def __init__(self, program, endpoint, milliseconds):
        self.program, self.upstream, self.milliseconds = program, endpoint, milliseconds
        self.process = None
        self.endpoint = None

    def __enter__(self):
        with tempfile.TemporaryFile() as errors:
            self.process = subprocess.Popen(
                [self.program, self.upstream.rpartition(":")[2], "--round-trip", f"{self.milliseconds:g}"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, start_new_session=True)
            # It says its port once it listens.
            port = self.process.stdout.readline().strip()
            if not port:
                errors.seek(0)
                raise Problem(f"{self.program} does not run:\n{errors.read().decode(errors='replace')[-2000:]}")
        self.endpoint = f"http://127.0.0.1:{int(port)}"
        return self

    def __exit__(self, *_):
        # The end of its input is its end.
        for stream in (self.process.stdin, self.process.stdout):
            stream.close()
        end_group(self.process)

    def cpu(self):
        return cpu_seconds(self.process.pid)
