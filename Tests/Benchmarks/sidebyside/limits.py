"""What the same data costs without a repository: compression, hashing, and lifeboat's own stages on one core."""
import json
import os

from .machine import warm
from .processes import measure, output

PROGRAMS = {
    "zstd -1 -T2": ["zstd", "-1", "-T2", "-q", "-c"],
    "zstd -3 -T2": ["zstd", "-3", "-T2", "-q", "-c"],
    "zstd -d": ["zstd", "-d", "-q", "-c"],
    "b2sum": ["b2sum"],
}


class Limits:
    """Measures the limits on a corpus once a round. `stages` is the program that measures lifeboat's stages, or None."""

    def __init__(self, folder, stages):
        self.folder, self.stages = folder, stages
        self.usages = {}
        self.outputs = {}
        self.reports = {}

    def round(self, corpus):
        """One round on the first day's dump, and the stages on the second day's beside the first."""
        dump = corpus.paths[1]
        packed = self.packed(corpus)
        for name, command in PROGRAMS.items():
            source = packed if name == "zstd -d" else dump
            warm(source)
            self.usages.setdefault((corpus.name, name), []).append(measure(command, stdin=source))
        if self.stages is not None:
            days = [corpus.paths[min(2, corpus.days)]] + ([corpus.paths[1]] if corpus.days > 1 else [])
            self.reports.setdefault(corpus.name, []).append(json.loads(output(self.stages, "--json", *days)))

    def packed(self, corpus):
        """The dump as `zstd -1` packs it; the first call makes it, and learns how long the outputs are."""
        path = os.path.join(self.folder, f"{corpus.name}.zst")
        if not os.path.exists(path):
            for name in ("zstd -3 -T2", "zstd -1 -T2"):
                measure(PROGRAMS[name], stdin=corpus.paths[1], stdout=path)
                self.outputs[corpus.name, name] = os.path.getsize(path)
            self.outputs[corpus.name, "zstd -d"] = corpus.sizes[1]
        return path
