#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a lifeboat repository without lifeboat. Written from FORMAT.md alone; the sections carry its numbers.

Needs Python 3.11, PyNaCl and python-zstandard (Debian: python3-nacl, python3-zstandard). Before you give it a key,
compare its sha256sum with "rescue" in your key file. Nothing leaves it unverified: small objects are compared with
their names, envelopes with the authority that the key file pins, every blob with its seal and its keyed name. What is
missing or damaged in the store is taken from its copies, if you name any with --copy."""
import argparse, base64, contextlib, datetime, functools, getpass, hashlib, hmac, io, json, os, re, struct, sys
from collections import namedtuple
from pathlib import Path

import zstandard
from nacl import bindings as sodium
from nacl.exceptions import CryptoError

MIB = 1 << 20

class Problem(Exception):
    code, hint = 2, "--help lists the options, the command snapshots what there is."

class KeyProblem(Problem):
    code, hint = 5, "Give the restorer's key file with --key, and its passphrase if it has one."

class Damage(Problem):  # something that cannot be used; its neighbours may still be good
    code, hint = 6, "Name another snapshot with --snapshot, or use another copy of the store."

class Refused(Damage):  # whole, but it does not count: nobody with the right to say it has said it
    pass

def say(text):
    print(f"rescue: {text}", file=sys.stderr)

def expect(condition, what="against the rules of the format"):
    if not condition:
        raise ValueError(what)

@contextlib.contextmanager
def parsing(where):
    """Bytes that make a parser or a cipher stumble, in whatever way, are damage. Everything below relies on it."""
    try:
        yield
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError, OSError,
            struct.error, zstandard.ZstdError, CryptoError) as error:
        raise Damage(f"{where} is missing, damaged or forged ({str(error)[:100]})") from None

def unpack(file, layout):
    return struct.unpack("<" + layout, file.read(struct.calcsize("<" + layout)))  # stumbles over too few bytes

def parse_json(data):
    def strict(pairs):
        value = dict(pairs)
        expect(len(value) == len(pairs), "a name stands twice")
        expect(not value.get("critical"), "critical: made for a newer reader")  # version 1 has no need of it
        return value
    return json.loads(data.decode("utf-8"), object_pairs_hook=strict, parse_constant=lambda _: expect(False))

# ---- 1. Objects and paths; 4. Authority ----------------------------------------------------------------------------
def is_sound(path):
    """Whether a file has the SHA-256 that its name ends with."""
    with contextlib.suppress(OSError), open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == path.name[-64:]

class Repository:
    def __init__(self, root, copies, key, unverified):
        self.roots, self.sought, self.key, self.unverified = [Path(root), *map(Path, copies)], {}, key, unverified
        self.id, self.newest, self.closed = bytes.fromhex(key["repository"]), -1, []
        self.keepers, self.restorers = [], []
        for root in self.roots:
            os.listdir(root / "writers")  # raises if there is no repository
        self.read_authority()

    def distrust(self, problem):
        """The one door that --unverified opens: everything about who said so, nothing about what the bytes are."""
        if not self.unverified:
            raise problem
        say(f"UNVERIFIED: {problem}")

    def paths(self, folder):
        """The folders and objects in a folder. Other names, as those of unfinished writes, are passed over."""
        pattern = "[0-9a-f]{2}|[0-9a-f]{32}|([0-9]{8}-)?[0-9a-f]{64}"
        folders = [root / folder for root in self.roots if os.path.isdir(root / folder)]
        names = sorted({name for place in folders for name in os.listdir(place)})
        return [f"{folder}/{name}" for name in names if re.fullmatch(pattern, name)]

    def part(self, path, offset, length):
        """A part of an object, not verified; an offset below 0 counts from the end."""
        with open((self.sought.get(path) or self.roots[0]) / path, "rb") as file:
            file.seek(offset, os.SEEK_END if offset < 0 else os.SEEK_SET)
            return file.read(length)

    def mended(self, path, read):
        """What `read` makes of an object; once more from a copy, if the store's bytes are missing or wrong."""
        try:
            with parsing(path):
                return read()
        except Damage:
            if not self.find_copy(path):
                raise
        with parsing(path):
            return read()

    def find_copy(self, path):
        """Whether a copy has the bytes that the name says and the store has not; they are taken from there then."""
        if path not in self.sought:
            sound = next((root for root in self.roots if is_sound(root / path)), self.roots[0])
            self.sought[path] = sound
            if sound != self.roots[0]:
                say(f"taken from the copy {sound}: {path}")
        return self.sought[path] != self.roots[0]

    def whole(self, path, limit):
        def read():
            data = self.part(path, 0, limit + 1)
            expect(len(data) <= limit and hashlib.sha256(data).hexdigest() == path[-64:], "its digest is not its name")
            return data
        return self.mended(path, read)

    def read_authority(self):
        previous, pinned = None, self.key["authority"]
        for place, path in enumerate(self.paths("authority")):
            try:
                with parsing(path):
                    number, _, body, signer = parse_envelope(self.whole(path, MIB), AUTHORITY, self.id, bytes(16))
                    body, name = parse_json(body), path[-64:]
                    expect(signer == self.key["root"], "not signed by the root that the key file pins")
                    found = path[10:18], number, body["number"], body.get("previous")
                    expect(found == (f"{place:08}", place, place, previous), "a gap or a fork lies before it")
                    expect(number != pinned["number"] or name == pinned["statement"], "not the pinned statement")
                    self.keepers, self.restorers, self.closed = body["keepers"], body["restorers"], body["closed"]
                    self.newest, previous = number, name
            except Damage as damage:
                self.distrust(damage)
        if self.newest < pinned["number"]:
            self.distrust(Damage(f"authority statement {pinned['number']}, which the key file pins, is missing"))

    def open(self, sealed, kind, writer, path):
        """The (time, body) of an envelope that is sealed to meta, whole, and signed by a key that counts for it."""
        number, time, body, signer = parse_envelope(age_open(sealed, self.key["meta"]), kind, self.id, writer.id)
        if number > self.newest:
            self.distrust(Damage(f"{path} knew authority statement {number}, which the store hides"))
        signers = {ENROLMENT: self.keepers, SNAPSHOT: [writer.sign]}.get(kind, [writer.sign, *self.keepers])
        if signer in self.closed or signer not in signers:
            self.distrust(Refused(f"{path} does not count: a key signed it that has no right to"))
        return time, body

    @functools.cached_property
    def accepted(self):
        """The names of the snapshots that a keeper or restorer has accepted, whatever --unverified says."""
        names = set()
        for path in self.paths("annotations"):
            try:
                with parsing(path):
                    sealed = age_open(self.whole(path, MIB), self.key["meta"])
                    number, _, body, signer = parse_envelope(sealed, ANNOTATION, self.id, bytes(16))
                    expect(number <= self.newest, "it knew an authority statement that the store hides")
                    expect(signer in self.keepers + self.restorers and signer not in self.closed, "no keeper signed it")
                    body = parse_json(body)
                    expect(body["action"] in ("accept", "hold", "release") and re.search(r"\S", body["reason"]))
                    expect(all(re.fullmatch("[0-9a-f]{64}", name) for name in body["snapshots"]))
                    names.update(body["snapshots"] if body["action"] == "accept" else [])
            except Damage as damage:
                say(f"does not count: {damage}")
        return names

# ---- 2. Envelope, and the age format that seals it -----------------------------------------------------------------
AUTHORITY, ENROLMENT, DIRECTORY, INDEX, SNAPSHOT, ANNOTATION = 1, 2, 3, 4, 5, 8

def parse_envelope(data, kind, repository, writer):
    magic, found, version, flags, length, of, by, number, time = struct.unpack("<8sBBHI16s16sQQ", data[:64])
    expect((magic, version, flags) == (b"lifeboat", 1, 0), "no envelope of format version 1")
    expect((found, of, by) == (kind, repository, writer), "of another kind, repository or writer")
    expect(len(data) == 64 + length + 96, "wrong length")
    body, signer, signature = data[64:-96], data[-96:-64], data[-64:]
    message = b"lifeboat-1 envelope\0" + data[:64] + hashlib.blake2b(body).digest()
    sodium.crypto_sign_open(signature + message, signer)  # raises unless the signer has signed the message
    return number, time, body, signer.hex()

def age_open(data, identities, passphrase=None):
    """The plaintext of an age v1 file (age-encryption.org/v1): a header that wraps the file key, chunks of 64 KiB."""
    end = data.find(b"\n--- ", 0, 65536) + 1
    expect(data.startswith(b"age-encryption.org/v1\n") and end, "no age file")
    mac, _, payload = data[end + 4 :].partition(b"\n")
    file_key = age_file_key(data[:end], identities, passphrase)
    expected = hmac.digest(hkdf(file_key, b"", b"header"), data[: end + 3], "sha256")
    expect(bare_base64(mac) == expected, "forged age header")
    key, plain = hkdf(file_key, payload[:16], b"payload"), []
    chunks = [payload[start : start + 65552] for start in range(16, len(payload), 65552)]
    expect(len(chunks) == 1 or len(chunks[-1]) > 16, "cut short")
    for number, chunk in enumerate(chunks):
        nonce = number.to_bytes(11, "big") + bytes([number == len(chunks) - 1])
        plain.append(sodium.crypto_aead_chacha20poly1305_ietf_decrypt(chunk, None, nonce, key))
    return b"".join(plain)

def age_file_key(header, identities, passphrase):
    stanzas = re.findall(rb"-> ([!-~ ]+)\n((?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{0,63})\n", header)
    for arguments, body in stanzas:
        sort, *arguments = arguments.split(b" ")
        keys, label = [], b"age-encryption.org/v1/" + sort
        if sort == b"X25519":
            share = bare_base64(arguments[0])
            for identity in identities:
                salt = share + sodium.crypto_scalarmult_base(identity)
                keys.append(hkdf(sodium.crypto_scalarmult(identity, share), salt, label))
        elif sort == b"scrypt" and passphrase is not None:
            salt, work = label + bare_base64(arguments[0]), int(arguments[1])
            expect(0 < work <= 22 and len(stanzas) == 1, "too large a work factor, or other recipients")
            keys.append(sodium.crypto_pwhash_scryptsalsa208sha256_ll(passphrase, salt, 1 << work, 8, 1, 32, 5 << 30))
        for key in keys:
            with contextlib.suppress(CryptoError):
                return sodium.crypto_aead_chacha20poly1305_ietf_decrypt(bare_base64(body), None, bytes(12), key)
    raise ValueError("does not open with this key or passphrase")

def bare_base64(text):
    text = text.replace(b"\n", b"")
    return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)

def hkdf(secret, salt, info):
    return hmac.digest(hmac.digest(salt, secret, "sha256"), info + b"\x01", "sha256")

# ---- 3. Derived values and wraps; 5. Enrolment; the way from a name to its bytes -----------------------------------
DATA, LIST, CONTENT_SECRET, LIST_SECRET = range(1, 5)  # kinds of blobs and of the keys that seal them; other wraps

def keyed(key, data):
    return hashlib.blake2b(data, digest_size=32, key=key).digest()

class Writer:
    def __init__(self, repository, folder):
        self.repository, self.folder, self.name, self.id = repository, folder, folder[8:], bytes.fromhex(folder[8:])
        self.sign, self.damaged, self.copies, self.failed, revisions = None, [], {}, set(), {}
        for _, _, body in self.documents("enrolment", ENROLMENT, MIB):
            expect(body["revision"] not in revisions, "two enrolments of one revision")
            revisions[body["revision"]] = body
        for damage in self.damaged:  # it may have been the newest, and may have taken rights away
            repository.distrust(damage)
        expect(revisions, "no enrolment counts")
        self.enrolment = revisions[max(revisions)]
        self.sign, self.components = self.enrolment["sign"], set(self.enrolment["components"])

    def documents(self, folder, kind, limit, check=lambda body: None):
        """The JSON objects that count, as (path, time, body). The damaged ones are remembered."""
        for path in self.repository.paths(f"{self.folder}/{folder}"):
            try:
                with parsing(path):
                    time, body = self.repository.open(self.repository.whole(path, limit), kind, self, path)
                    body = parse_json(body)
                    check(body)
                yield path, time, body
            except Damage as damage:
                say(damage)
                if not isinstance(damage, Refused):
                    self.damaged.append(damage)

    @functools.cache
    def unwrap(self, wrap, kind, epoch):
        plain = age_open(wrap, self.repository.key["data" if kind in (DATA, CONTENT_SECRET) else "meta"])
        header = struct.pack("<8sB3xI", b"lbwrap-1", kind, epoch) + self.repository.id + self.id
        expect(len(plain) == 80 and plain[:48] == header, "wrapped for something else")
        return plain[48:]

    def name_key(self, kind):
        field, secret = ("content", CONTENT_SECRET) if kind == DATA else ("lists", LIST_SECRET)
        label = b"lifeboat-1 chunk names" if kind == DATA else b"lifeboat-1 list names"
        wrap = base64.b64decode(self.enrolment[field], validate=True)
        return keyed(self.unwrap(wrap, secret, self.enrolment["epoch"]), label)

    @functools.cache
    def locate(self, kind):
        """Once: fills `copies` from the index, or where that does not suffice, from what the packs say themselves."""
        folders = [f"{self.folder}/index"] if kind == INDEX else self.repository.paths(f"{self.folder}/packs")
        for path in [path for folder in folders for path in self.repository.paths(folder)]:
            try:
                with parsing(path):
                    for name, copy in self.contents(kind, path):
                        self.copies.setdefault((copy.kind, name), []).append(copy)
            except Damage as damage:
                say(f"passed over: {damage}")

    def contents(self, kind, path):
        """The (name, copy) of each blob that an index object, or a pack's own directory, speaks of."""
        if kind == INDEX:
            _, body = self.repository.open(self.repository.whole(path, 64 * MIB), kind, self, path)
            return list(parse_index(body, self.folder))
        def read():
            _, body = self.repository.open(self.directory(path), kind, self, path)
            return list(parse_directory(body, path))
        return self.repository.mended(path, read)

    def directory(self, pack):
        magic, length, zero = struct.unpack("<8sII", self.repository.part(pack, -16, 16))
        expect(magic == b"lbpack-1" and zero == 0 and length <= 8 * MIB, "no trailer of a pack")
        return self.repository.part(pack, -16 - length, length)

    @functools.lru_cache(maxsize=24)  # of at most 4 MiB each
    def blob(self, kind, name, below=33):
        """The plain bytes of a name, from its first good copy, lowest depth first. A base lies below its delta."""
        for source in (INDEX, DIRECTORY):
            self.locate(source)
            for copy in sorted(self.copies.get((kind, name), [])):
                if copy.depth < below and copy not in self.failed:
                    try:
                        with parsing(f"{copy.pack}, blob at {copy.offset},"):
                            base = self.blob(kind, copy.base, copy.depth) if copy.flags & DELTA else None
                            return self.repository.mended(copy.pack, lambda: self.open_copy(name, copy, base))
                    except Damage as damage:
                        self.failed.add(copy)
                        say(f"passed over: {damage}")
        raise Damage(f"{self.folder}: no good copy of {'list' if kind == LIST else 'chunk'} {name.hex()}")

    def open_copy(self, name, copy, prefix):
        secret = self.unwrap(copy.key.wrap, copy.key.kind, copy.key.epoch)
        expect(keyed(secret, b"lifeboat-1 session key") == copy.key.id, "wrong session key")
        sealed = self.repository.part(copy.pack, copy.offset, copy.sealed)
        numbers = struct.pack("<BBBBII", copy.kind, copy.flags, copy.depth, 0, copy.plain, copy.sealed)
        data = b"lifeboat-1 blob\0" + self.repository.id + name + numbers + copy.key.id + copy.base
        plain = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed[24:], data, sealed[:24], secret)
        if copy.flags & ZSTD:
            plain = decompress(plain, copy.plain, prefix)
        expect(len(plain) == copy.plain and keyed(self.name_key(copy.kind), plain) == name, "not what its name says")
        return plain

    def leaves(self, level, sort, name, length, lost=None):
        """A catalogue's streams, or (name, length) of a recipe's chunks. With `lost`, goes on after a lost list."""
        try:
            with parsing(f"{self.folder}: list {name.hex()}"):
                children = parse_list(self.blob(LIST, name), level, sort, length) if level else [Child(name, length)]
        except Damage as damage:
            if lost is None:
                raise
            say(f"not restored, a part of the catalogue: {damage}")
            lost.append(damage)
            return
        for child in children:
            yield from [child] if level <= 1 else self.leaves(level - 1, sort, *child, lost)

    def content(self, stream):
        """A stream's bytes in verified pieces, exactly as many as it is long; the zeros of a hole MiB by MiB."""
        recipe = self.leaves(stream.level, RECIPE, stream.root, stream.length)
        for name, length in recipe if stream.length else []:
            if name == bytes(32) and stream.level > 0:
                yield from (ZEROS[: length - start] for start in range(0, length, MIB))
            else:
                data = self.blob(DATA, name)
                if len(data) != length:
                    raise Damage(f"chunk {name.hex()} is not as long as its recipe says")
                yield data

# ---- 6. Packs; 7. Index --------------------------------------------------------------------------------------------
ZSTD, DELTA = 1, 2
Copy = namedtuple("Copy", "depth pack kind flags key plain sealed offset base")  # of a blob; key: a SessionKey
SessionKey = namedtuple("SessionKey", "kind epoch id wrap")

def parse_directory(body, pack):
    """What lies in a pack: (name, copy)."""
    file, keys, end = io.BytesIO(body), [], 0
    region, _, count = unpack(file, "Q32sH")
    for _ in range(count):
        kind, epoch, identifier, length = unpack(file, "BI32sH")
        keys.append(SessionKey(kind, epoch, identifier, *unpack(file, f"{length}s")))
    for _ in range(*unpack(file, "I")):
        name, kind, flags, depth, key, plain, sealed, offset = unpack(file, "32sBBBBIII")
        (base,) = unpack(file, "32s") if flags & DELTA else (bytes(32),)
        expect(kind in (DATA, LIST) and kind == keys[key].kind and flags in (0, ZSTD, ZSTD | DELTA))
        expect(depth <= 32 and (depth > 0) == (flags & DELTA > 0) and plain <= 4 * MIB and offset == end)
        end += sealed
        yield name, Copy(depth, pack, kind, flags, keys[key], plain, sealed, offset, base)
    expect(end <= region <= 64 * MIB and not any(file.read()))

def parse_index(body, folder):
    """The same, of many packs."""
    file = io.BytesIO(body)
    _, _, parents = unpack(file, "16sQH")
    (superseded,) = unpack(file, f"{32 * parents}xI")
    (count,) = unpack(file, f"{32 * superseded}xI")
    for _ in range(count):
        pack, _, length = unpack(file, "32sQI")
        yield from parse_directory(file.read(length), f"{folder}/packs/{pack.hex()[:2]}/{pack.hex()}")
    expect(not any(file.read()))

def decompress(frame, length, prefix):
    """Exactly one zstd frame, with a content size, no dictionary id, no checksum, and a window of at most 2^24 bytes."""
    header = zstandard.get_frame_parameters(frame)
    expect(frame[:4] == b"\x28\xb5\x2f\xfd" and frame[4] & 15 == 0, "not one plain zstd frame")
    expect(header.content_size == length and header.window_size <= 1 << 24, "wrong zstd content size or window")
    dictionary = zstandard.ZstdCompressionDict(prefix, zstandard.DICT_TYPE_RAWCONTENT) if prefix else None
    return zstandard.ZstdDecompressor(dict_data=dictionary).decompress(frame, allow_extra_data=False)

# ---- 8. Lists: recipes and the catalogue ---------------------------------------------------------------------------
RECIPE, CATALOGUE = 1, 2
DUMP, FILE, FOLDER, LINK = 1, 2, 3, 4
ZEROS = bytes(MIB)
Child = namedtuple("Child", "name length")
Stream = namedtuple("Stream", "kind level name target mode owner group modified length root")

def parse_stream(file):
    kind, level, count = unpack(file, "BBH")
    name, count = unpack(file, f"{count}sH")
    stream = Stream(kind, level, name, *unpack(file, f"{count}sIIIqQ32s"))
    expect(DUMP <= kind <= LINK and level <= 6 and stream.mode <= 0o7777)
    expect(not {b"", b".", b".."} & set(name.split(b"/")), "a name that leads elsewhere")
    expect(b"\0" not in name + stream.target and (kind == LINK) == (stream.target != b""))
    expect((stream.length == 0) == (stream.root == bytes(32)) and (kind in (DUMP, FILE) or stream.length == 0))
    return stream

def parse_list(data, level, sort, length):
    """The children, streams or others. Together they are exactly as long as the parent says."""
    file = io.BytesIO(data)
    *head, count, total = unpack(file, "4sBBHIQ")
    expect(head == [b"list", level, sort, 0] and total == length, "not the list that was asked for")
    parse = parse_stream if sort == CATALOGUE and level == 1 else lambda file: Child(*unpack(file, "32sQ"))
    children = [parse(file) for _ in range(count)]
    expect(not file.read() and sum(child.length for child in children) == total, "does not add up")
    return children

# ---- 9. Snapshots --------------------------------------------------------------------------------------------------
Snapshot = namedtuple("Snapshot", "sequence time name writer component verdict catalogue")

def check_snapshot(body):
    catalogue = body["catalogue"]
    expect(type(body["sequence"]) is type(catalogue["level"]) is type(catalogue["length"]) is int)
    expect(0 <= body["sequence"] <= 2**53 and 0 <= catalogue["level"] <= 6 and 0 <= catalogue["length"] <= 2**53)
    expect(re.fullmatch("[a-z0-9-]{1,64}", body["component"]) and body["verdict"] in ("complete", "quarantined"))
    bytes.fromhex(catalogue["name"])

def read_snapshots(repository, prefix):
    """Of the writers with this prefix: the snapshots that count, the writers, and those that cannot be told."""
    writers, snapshots, lost = [], [], []
    for folder in repository.paths("writers"):
        try:
            with parsing(f"{folder}/enrolment"):
                writers.append(Writer(repository, folder))
        except Damage as damage:
            say(damage)
            lost.append(damage)
    named = {component for writer in writers for component in writer.components}
    writers = [writer for writer in writers if writer.name.startswith(prefix)]
    for writer in writers:
        for path, time, body in writer.documents("snapshots", SNAPSHOT, 4 * MIB, check_snapshot):
            component, top = body["component"], body["catalogue"]
            granted = component in writer.components or ("*" in writer.components and component not in named)
            verdict = body["verdict"]
            if verdict == "quarantined" and path[-64:] in repository.accepted:
                verdict = "accepted"
            if granted or repository.unverified:
                snapshots.append(Snapshot(body["sequence"], time, path[-64:], writer, component, verdict, top))
            else:
                say(f"{path} does not count: its writer is not granted {component}")
    return snapshots, writers, lost

def choose(repository, arguments):
    """The one snapshot that the arguments name, or the latest complete or accepted one; never a guess."""
    snapshots, writers, lost = read_snapshots(repository, arguments.writer or "")
    damaged = lost + [damage for writer in writers for damage in writer.damaged]
    chosen = [each for each in snapshots if each.name.startswith(arguments.snapshot or "")]
    chosen = [each for each in chosen if arguments.component in (None, each.component)]
    chosen = [each for each in chosen if arguments.snapshot or each.verdict != "quarantined"]
    if not chosen:
        raise (Damage if damaged or not snapshots else Problem)("no snapshot that counts matches")
    components = sorted({each.component for each in chosen})
    named = [writer for writer in writers if components[0] in writer.components]
    able = {writer.name for writer in named} or {each.writer.name for each in chosen}
    if len(chosen if arguments.snapshot else able) > 1 or len(components) > 1:
        raise Problem(f"several match; choose with --component, --writer or --snapshot: {components}, {able}")
    doubts = [damage for writer in named for damage in writer.damaged] if named else damaged
    if doubts and not arguments.snapshot:
        raise Damage(f"the latest snapshot cannot be told, because {doubts[0]}")
    return max(chosen)

# ---- 12. Key files -------------------------------------------------------------------------------------------------
BECH32 = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"

def read_key(path, passphrase_file):
    try:
        with parsing(path):
            data = Path(path).read_bytes()
            if data.startswith(b"-----BEGIN AGE ENCRYPTED FILE-----"):
                data = base64.b64decode(b"".join(data.strip().splitlines()[1:-1]), validate=True)
            if data.startswith(b"age-encryption.org/"):
                phrase = Path(passphrase_file).read_bytes() if passphrase_file else getpass.getpass().encode()
                data = age_open(data, [], phrase.rstrip(b"\r\n"))
            key = parse_json(b"\n".join(line for line in data.splitlines() if not line.startswith(b"#")))
            expect(key["format"] == 1 and bytes.fromhex(key["repository"]) and key["root"] and key["lifeboat"])
            expect(type(key["authority"]["number"]) is int and key["authority"]["statement"])
            return key | {role: [bech32_identity(text) for text in key.get(role, [])] for role in ("meta", "data")}
    except (Damage, EOFError) as error:
        raise KeyProblem(error) from None

def bech32_identity(text):
    """The 256 bits in AGE-SECRET-KEY-1… (BIP 173); its checksum, the last six letters, only finds typing errors."""
    expect(re.fullmatch(f"AGE-SECRET-KEY-1[{BECH32}]{{58}}", text), "no age identity")
    bits = "".join(f"{BECH32.index(letter):05b}" for letter in text[16:68])
    return int(bits[:256], 2).to_bytes(32, "big")

# ---- 13. Restore, step by step -------------------------------------------------------------------------------------
def describe(snapshot):
    time = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=snapshot.time // 10**9)
    columns = snapshot.component, f"{time.isoformat()}Z", snapshot.writer.name[:8], snapshot.sequence
    return "\t".join(map(str, [*columns, snapshot.verdict, snapshot.catalogue["length"], snapshot.name[:12]]))

def list_snapshots(repository, _):
    snapshots, writers, lost = read_snapshots(repository, "")
    for snapshot in sorted(snapshots, key=lambda each: (each.component, each)):
        print(describe(snapshot), flush=True)
    if lost or any(writer.damaged for writer in writers):
        raise Damage("not everything could be listed")

def restore(repository, arguments):
    if arguments.to is None:
        raise Problem("restore needs --to")
    snapshot, lost, chosen = choose(repository, arguments), [], []
    top = snapshot.catalogue
    say(f"{'WARNING, not complete: ' if snapshot.verdict == 'quarantined' else ''}restoring {describe(snapshot)}")
    if top["level"] > 0:
        chosen = snapshot.writer.leaves(top["level"], CATALOGUE, bytes.fromhex(top["name"]), top["length"], lost)
    if arguments.stream:
        below = os.fsencode(arguments.stream) + b"/"
        chosen = [stream for stream in chosen if (stream.name + b"/").startswith(below)]
        if not chosen and not lost:
            raise Problem(f"no stream is named {arguments.stream}")
    if arguments.to != "-":
        return restore_to_folder(snapshot.writer, chosen, lost, os.path.realpath(os.fsencode(arguments.to)))
    chosen = [stream for stream in chosen if stream.kind in (DUMP, FILE)]
    if lost or len(chosen) != 1:
        raise lost[0] if lost else Problem(f"{len(chosen)} streams, and standard output takes one: use --stream")
    for piece in snapshot.writer.content(chosen[0]):
        sys.stdout.buffer.write(piece)
    sys.stdout.flush()

def restore_to_folder(writer, chosen, lost, target):
    os.umask(0o077)
    os.makedirs(target, exist_ok=True)
    if os.listdir(target):
        raise Problem(f"{target!r} is not empty")
    folders, done = [], 0
    for stream in chosen:
        try:
            restore_stream(writer, stream, target, folders)
            done += 1
        except (Damage, ValueError, FileExistsError, NotADirectoryError) as damage:
            lost.append(damage)
            say(f"not restored: {stream.name!r}: {damage}")
    for path, stream in sorted(folders, reverse=True):  # the deepest first: writing into a folder changes its time
        set_attributes(path, stream)
    os.sync()
    say(f"restored {done} streams")
    if lost:
        raise Damage(f"{target!r} is incomplete: {len(lost)} parts are lost, the first because {lost[0]}")

def restore_stream(writer, stream, target, folders):
    """No symbolic link is on the way, so nothing leads out of target. A file that has its name is whole."""
    path, part = os.path.join(target, stream.name), os.path.join(target, b".lifeboat-%d.part" % os.getpid())
    expect(os.path.realpath(path) == path, "a symbolic link is on the way")
    expect(stream.kind == FOLDER or not os.path.exists(path), "stands twice in the catalogue")
    os.makedirs(path if stream.kind == FOLDER else os.path.dirname(path), exist_ok=True)
    if stream.kind == FOLDER:
        folders.append((path, stream))
        return
    try:
        if stream.kind == LINK:
            os.symlink(stream.target, part)
        else:
            with open(part, "xb") as file:
                for piece in writer.content(stream):
                    file.seek(MIB, os.SEEK_CUR) if piece is ZEROS else file.write(piece)
                file.truncate(stream.length)
        set_attributes(part, stream)
        os.rename(part, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(part)

def set_attributes(path, stream):
    if stream.kind != DUMP:
        if os.geteuid() == 0:
            os.lchown(path, stream.owner, stream.group)
        if stream.kind != LINK:
            os.chmod(path, stream.mode)
        os.utime(path, ns=(stream.modified, stream.modified), follow_symlinks=False)

# ---- The command line ----------------------------------------------------------------------------------------------
def main():
    parser = argparse.ArgumentParser(description="Exit codes: 2 usage, 4 access, 5 key, 6 damage")
    parser.add_argument("command", choices=["snapshots", "restore"])
    parser.add_argument("--store", required=True, help="the folder of the repository")
    parser.add_argument("--copy", action="append", default=[], help="a folder with a copy of it; may be repeated")
    parser.add_argument("--key", required=True, help="the restorer's key file")
    parser.add_argument("--passphrase-file", help="holds the passphrase of the key file")
    parser.add_argument("--unverified", action="store_true", help="go on where it cannot be told who wrote something")
    parser.add_argument("--to", help="where to restore: a new folder, or - for one stream to standard output")
    parser.add_argument("--component", help="restore the latest complete snapshot of this component")
    parser.add_argument("--snapshot", help="restore this one: the first digits of its id")
    parser.add_argument("--writer", help="only snapshots of this writer: the first digits of its id")
    parser.add_argument("--stream", help="restore only this stream, or what lies below this folder")
    arguments = parser.parse_args()
    try:
        key = read_key(arguments.key, arguments.passphrase_file)
        if not key["data" if arguments.command == "restore" else "meta"]:
            raise KeyProblem(f"{arguments.key} is the key file of a {key['lifeboat']}")
        if arguments.unverified:
            say("UNVERIFIED: whoever could write to the store may have written what comes out")
        repository = Repository(arguments.store, arguments.copy, key, arguments.unverified)
        (restore if arguments.command == "restore" else list_snapshots)(repository, arguments)
        return 0
    except Problem as problem:
        say(f"{problem}. {problem.hint}")
        return problem.code
    except (OSError, KeyboardInterrupt) as error:
        say(f"{str(error) or 'interrupted'}. Mend the access to it, then start again into a new folder.")
        return 4

if __name__ == "__main__":
    os._exit(main())  # and not sys.exit: a closed pipe must not end in a second message
