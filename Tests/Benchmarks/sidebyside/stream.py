"""A dump that hardly compresses, the same every time, so that packs move and not only a processor's registers."""
import hashlib
import json
import os
import random
import struct
import tempfile

from .machine import MEGABYTE
from .processes import say

MEBIBYTE = 1 << 20
FULL = 1024 * MEBIBYTE
"""The bytes at scale 1."""
LEAST, MOST = 2_000, 120_000
"""The bytes of one document."""


class Stream:
    """One file: documents as photographs, archives and sealed columns are, in rows of a binary dump.

    It looks like a corpus of one day.
    """

    name = "stream"
    title = "seeded rows of a binary dump with a document each, which do not compress"
    days = 1

    def __init__(self, folder, scale):
        self.bytes = max(4 * MEBIBYTE, int(FULL * scale))
        path = os.path.join(folder, f"stream-{self.bytes}")
        self.paths = {1: path}
        self.stamp = path + ".json"
        self.is_there = os.path.exists(self.stamp) and os.path.exists(path) and os.path.getsize(path) == self.bytes

    @property
    def sizes(self):
        return {1: self.bytes}

    @property
    def digests(self):
        with open(self.stamp, encoding="utf-8") as file:
            return {1: json.load(file)["sha256"]}

    def make(self):
        """Writes the file where it is missing."""
        if self.is_there:
            return
        say(f"making {self.paths[1]}, {self.bytes / MEGABYTE:.1f} MB")
        digest = hashlib.sha256()
        with tempfile.NamedTemporaryFile(dir=os.path.dirname(self.paths[1]), prefix="stream.part.") as file:
            left = self.bytes
            for row in rows():
                part = row[:left]
                file.write(part)
                digest.update(part)
                left -= len(part)
                if left == 0:
                    break
            file.flush()
            os.link(file.name, self.paths[1] + ".new")
        os.rename(self.paths[1] + ".new", self.paths[1])
        with open(self.stamp, "w", encoding="utf-8") as file:
            json.dump({"sha256": digest.hexdigest()}, file)
        self.is_there = True


def rows():
    """Rows without end."""
    chance = random.Random("stream")
    number = 0
    while True:
        number += 1
        document = chance.randbytes(chance.randint(LEAST, MOST))
        yield struct.pack(">HIQI", 3, 8, number, len(document)) + document
