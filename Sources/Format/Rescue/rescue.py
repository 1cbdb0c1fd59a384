#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a lifeboat repository without lifeboat. Written from FORMAT.md alone; the sections carry its numbers.

Needs Python 3.11 with PyNaCl and python-zstandard (Debian: python3-nacl, python3-zstandard). Compare this file's
sha256sum with "rescue" in your key file before you give it a key.

Nothing leaves this program that was not verified: objects against their names, envelopes against the authority that
the key file pins, blobs against their keyed names. Exit codes: 0 done, 2 usage, 4 store, 5 key, 6 damage.
"""
import argparse, base64, contextlib, datetime, getpass, hashlib, hmac, json, os, re, secrets, stat, struct, sys
from collections import OrderedDict, namedtuple

import zstandard
from nacl import bindings as sodium
from nacl.exceptions import CryptoError

USAGE, STORE, KEY, DAMAGE = 2, 4, 5, 6
MIB = 1 << 20
RETRY = "Mend the access to it, then try again."
HEAL = "Add a whole copy of the store with --copy, or restore another snapshot."


class Problem(Exception):
    """What is wrong, where, what to do next: one line, and the exit code that goes with it."""

    def __init__(self, code, what, where="", next_step=""):
        self.code, self.fact = code, f"{where} {what}".strip()
        super().__init__(f"{self.fact}. {next_step}".strip())


class Damage(Problem):
    """An object or a blob that cannot be used. Its neighbours may still be good."""

    def __init__(self, what, where, next_step=HEAL):
        super().__init__(DAMAGE, what, where, next_step)


class Missing(Damage):
    """An object that no given store has."""


class Refused(Damage):
    """Whole, but it does not count: nobody with the right to say it has said it."""


def say(text):
    print(f"rescue: {text}", file=sys.stderr)


def expect(condition, what="is malformed"):
    if not condition:
        raise ValueError(what)


@contextlib.contextmanager
def parsing(where):
    """Whatever bytes from a store make a parser stumble over is damage, with a place."""
    try:
        yield
    except (ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError, struct.error) as error:
        plain = type(error) is ValueError and error.args and len(str(error)) < 100
        raise Damage(str(error) if plain else "is malformed", where) from None


class Cursor:
    """Reads forward over bytes, and never past their end."""

    def __init__(self, data):
        self.data, self.position = data, 0

    def take(self, count):
        self.position += count
        expect(self.position <= len(self.data), "ends too early")
        return self.data[self.position - count : self.position]

    def unpack(self, layout):
        return struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout)))

    def only_zeros_left(self):
        rest = self.data[self.position :]
        expect(rest.count(0) == len(rest), "holds something after its end")


# ---- JSON (the page's introduction), strictly ----------------------------------------------------------------------

HEX16, HEX32, COMPONENT = re.compile("[0-9a-f]{32}"), re.compile("[0-9a-f]{64}"), re.compile("[a-z0-9-]{1,64}")
KNOWN = set(
    "FORMAT.md authority bytes catalogue change checks chunking chunks closed component components content data dataAge"
    " detail drill engine enrolment epoch epochs finished format heads id identity index installation keepers keys kind"
    " label length level lifeboat lists location looksAtData maximum meta minimum name nanoseconds newBytes newChunks"
    " number outcome packs parents phases previous profile reasons recipient records repository rescue rescue.py"
    " restorers revision root rootSeed rpo rto sealed sequence sign snapshot sort started statement statistics"
    " storedBytes streams target tool ttr verdict version wrap writer writerKey".split()
)


def parse_json(data, shape, where):
    def strict(pairs):
        value = dict(pairs)
        expect(len(value) == len(pairs), "holds a name twice")
        expect(set(value.get("critical", [])) <= KNOWN, "holds something critical that this reader does not know")
        return value

    def constant(_):
        raise ValueError

    with parsing(where):
        value = json.loads(data.decode("utf-8"), object_pairs_hook=strict, parse_constant=constant)
        expect(fits(value, shape), "lacks a field, or holds a wrong one")
        return value


def fits(value, shape):
    """A shape is a pattern, a tuple of choices, [shape of every element], {name: shape}, a type, or a constant."""
    if isinstance(shape, re.Pattern):
        return type(value) is str and shape.fullmatch(value) is not None
    if isinstance(shape, tuple):
        return any(fits(value, choice) for choice in shape)
    if isinstance(shape, list):
        return type(value) is list and all(fits(element, shape[0]) for element in value)
    if isinstance(shape, dict):
        return type(value) is dict and all(name in value and fits(value[name], part) for name, part in shape.items())
    if shape is int:
        return type(value) is int and 0 <= value <= 2**53
    return type(value) is shape if isinstance(shape, type) else type(value) is type(shape) and value == shape


# ---- 1. Objects and paths ------------------------------------------------------------------------------------------

_ID, _SHA = "[0-9a-f]{32}", "[0-9a-f]{64}"
LAYOUT = re.compile(
    f"authority/[0-9]{{8}}-{_SHA}|records/{_SHA}|writers/{_ID}/(enrolment|index|snapshots|tombstones)/{_SHA}"
    f"|writers/{_ID}/packs/([0-9a-f]{{2}})/\\2[0-9a-f]{{62}}|rescue/{_SHA}/(rescue.py|FORMAT.md)"
)


class Store:
    """Folders that hold the same objects; the first is asked first. Only bytes that match their name come out."""

    def __init__(self, roots):
        self.roots, self.whole = roots, {}
        for root in roots:
            if not os.path.isdir(root):
                raise Problem(STORE, "is not a folder", root, "Name the folder of a repository with --store.")

    def paths(self, folder):
        """The objects under a folder, over all roots."""
        found = set()
        for root in self.roots:
            for place, folders, files in os.walk(os.path.join(root, folder), onerror=self.unreadable):
                inside = os.path.relpath(place, root)
                found.update(os.path.normpath(os.path.join(inside, name)) for name in files)
        return sorted(path for path in found if LAYOUT.fullmatch(path))

    @staticmethod
    def unreadable(error):
        if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
            raise Problem(STORE, f"cannot be read ({error.strerror})", str(error.filename), RETRY)

    def first_whole(self, path, attempt):
        """The attempt's result for the first root that holds the object undamaged."""
        first = None
        for root in self.roots:
            try:
                result = attempt(root)
                if first:
                    say(f"{first.fact}; taken from {root}")
                return result
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                problem = Missing("is missing", path)
            except OSError as error:
                problem = Problem(STORE, f"cannot be read ({error.strerror})", path, RETRY)
            except Damage as damage:
                problem = damage
            first = first or problem
        raise first

    def digest(self, root, path):
        size, digest = 0, hashlib.sha256()
        with open(os.path.join(root, path), "rb") as file:
            while piece := file.read(MIB):
                size += len(piece)
                digest.update(piece)
                if size > 64 * MIB:
                    raise Damage("is larger than 64 MiB", path)
        return digest.hexdigest(), size

    def read(self, path, limit):
        def attempt(root):
            with open(os.path.join(root, path), "rb") as file:
                data = file.read(limit + 1)
            if len(data) > limit:
                raise Damage(f"is larger than {limit} bytes", path)
            if hashlib.sha256(data).hexdigest() != path[-64:]:
                raise Damage("is damaged: its digest differs from its name", path)
            return data

        return self.first_whole(path, attempt)

    def slice(self, path, offset, length):
        """A part of a pack. The whole pack is compared with its name before its first byte is used."""

        def attempt(root):
            digest, size = self.digest(root, path)
            if digest != path[-64:]:
                raise Damage("is damaged: its digest differs from its name", path)
            return root, size

        if path not in self.whole:
            self.whole[path] = self.first_whole(path, attempt)
        with open(os.path.join(self.whole[path][0], path), "rb") as file:
            file.seek(offset)
            data = file.read(length)
        if len(data) != length:
            raise Damage("ends too early", path)
        return data

    def size(self, path):
        self.slice(path, 0, 0)
        return self.whole[path][1]


# ---- 2. Envelope, and the age format that seals it -----------------------------------------------------------------

AUTHORITY, ENROLMENT, DIRECTORY, INDEX, SNAPSHOT, TOMBSTONE, RECORD = range(1, 8)
Envelope = namedtuple("Envelope", "kind number time body signer")


def parse_envelope(data, kind, repository, writer, where):
    with parsing(where):
        cursor = Cursor(data)
        magic, found, version, flags, length, of, by, number, time = cursor.unpack("8sBBHI16s16sQQ")
        expect(magic == b"lifeboat" and version == 1 and flags == 0, "is no envelope of format version 1")
        body, signer, signature = cursor.take(length), cursor.take(32), cursor.take(64)
        expect(cursor.position == len(data), "holds something after its end")
        expect(of == repository, "belongs to another repository")
        expect(by == writer, "belongs to another writer")
        message = b"lifeboat-1 envelope\0" + data[:64] + hashlib.blake2b(body).digest()
        try:
            sodium.crypto_sign_open(signature + message, signer)
        except CryptoError:
            raise ValueError("carries a wrong signature") from None
        expect(found == kind, f"is of kind {found} and lies where kind {kind} belongs")
        return Envelope(kind, number, time, body, signer.hex())


def hkdf(secret, salt, info):
    extracted = hmac.digest(salt or bytes(32), secret, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


def age_base64(text):
    data = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    expect(base64.b64encode(data).rstrip(b"=") == text)
    return data


def age_stanzas(header):
    lines = header.split(b"\n")
    expect(lines.pop(0) == b"age-encryption.org/v1", "is no age file")
    while lines:
        arguments, body = lines.pop(0).split(b" "), []
        expect(arguments.pop(0) == b"->" and arguments and all(re.fullmatch(rb"[!-~]+", part) for part in arguments))
        while not body or len(body[-1]) == 64:
            body.append(lines.pop(0))
        expect(len(body[-1]) < 64)
        yield arguments, age_base64(b"".join(body))


def age_unwrap(key, body):
    with contextlib.suppress(CryptoError):
        return sodium.crypto_aead_chacha20poly1305_ietf_decrypt(body, None, bytes(12), key)


def age_file_key(stanzas, identities, passphrase):
    if any(arguments[0] == b"scrypt" for arguments, _ in stanzas):
        expect(len(stanzas) == 1 and passphrase is not None, "is sealed with a passphrase")
        (_, salt, factor), body = stanzas[0]
        expect(re.fullmatch(rb"[1-9][0-9]?", factor) and int(factor) <= 22, "has too large a scrypt work factor")
        expect(len(age_base64(salt)) == 16 and len(body) == 32)
        salt = b"age-encryption.org/v1/scrypt" + age_base64(salt)
        key = sodium.crypto_pwhash_scryptsalsa208sha256_ll(passphrase, salt, 1 << int(factor), 8, 1, 32, 5 << 30)
        return age_unwrap(key, body)
    for arguments, body in stanzas:
        if arguments[0] == b"X25519":
            expect(len(arguments) == 2 and len(age_base64(arguments[1])) == 32 and len(body) == 32)
            for identity in identities:
                share, own = age_base64(arguments[1]), sodium.crypto_scalarmult_base(identity)
                try:
                    shared = sodium.crypto_scalarmult(identity, share)
                except (CryptoError, RuntimeError):
                    raise ValueError("is malformed") from None
                if file_key := age_unwrap(hkdf(shared, share + own, b"age-encryption.org/v1/X25519"), body):
                    return file_key
    return None


def age_open(data, where, identities=(), passphrase=None):
    with parsing(where):
        end = data.find(b"\n--- ", 0, 65536)
        expect(end >= 0, "is no age file")
        mac, newline, payload = data[end + 5 :].partition(b"\n")
        file_key = age_file_key(list(age_stanzas(data[:end])), identities, passphrase)
        expect(file_key is not None, "is not sealed to this key")
        expect(len(file_key) == 16 and newline and len(payload) >= 32, "ends too early")
        expected = hmac.digest(hkdf(file_key, b"", b"header"), data[: end + 4], "sha256")
        expect(hmac.compare_digest(age_base64(mac), expected), "carries a forged age header")
        key, position, plain = hkdf(file_key, payload[:16], b"payload"), 16, []
        for counter in range(1 << 20):
            chunk = payload[position : position + 65552]
            position += len(chunk)
            last = position == len(payload)
            expect(not last or len(chunk) > 16 or counter == 0, "ends in an empty chunk")
            nonce = counter.to_bytes(11, "big") + bytes([last])
            try:
                plain.append(sodium.crypto_aead_chacha20poly1305_ietf_decrypt(chunk, None, nonce, key))
            except CryptoError:
                raise ValueError("does not decrypt") from None
            if last:
                return b"".join(plain)
        raise ValueError("is too long")


# ---- 3. Derived values and wraps -----------------------------------------------------------------------------------

BLOB_KEY, LIST_KEY, CONTENT_SECRET, LIST_SECRET = range(1, 5)


def keyed(key, data):
    return hashlib.blake2b(data, digest_size=32, key=key).digest()


def open_wrap(data, kind, epoch, repository, writer, identities, where):
    plain = age_open(data, where, identities)
    with parsing(where):
        expected = b"lbwrap-1" + struct.pack("<B3xI", kind, epoch) + repository + writer
        expect(len(plain) == 80 and plain[:48] == expected, "holds a key that was wrapped for something else")
        return plain[48:]


# ---- 4. and 5. Authority and enrolment -----------------------------------------------------------------------------

STATEMENT_SHAPE = {
    "number": int, "previous": (None, HEX32), "repository": HEX16, "root": HEX32, "format": 1,
    "keepers": [HEX32], "restorers": [HEX32], "closed": [HEX32], "rescue": {"rescue.py": HEX32, "FORMAT.md": HEX32},
}
ENROLMENT_SHAPE = {
    "writer": HEX16, "revision": int, "label": str, "sign": HEX32, "components": [("*", COMPONENT)],
    "epoch": int, "content": str, "lists": str,
}
SNAPSHOT_SHAPE = {
    "sequence": int, "parents": [HEX32], "authority": HEX32, "enrolment": HEX32, "component": COMPONENT,
    "verdict": ("complete", "quarantined"), "index": [HEX32],
    "catalogue": {"level": int, "name": HEX32, "length": int, "streams": int},
}
Snapshot = namedtuple("Snapshot", "name writer time body")


class Repository:
    def __init__(self, store, key, unverified):
        self.store, self.key, self.unverified = store, key, unverified
        self.id, self.newest = bytes.fromhex(key["repository"]), None
        self.keepers, self.restorers, self.closed, self.statements = set(), set(), set(), {}
        self.read_authority()

    def distrust(self, problem):
        """The one door that --unverified opens: everything about who said so, nothing about what the bytes are."""
        if not self.unverified:
            raise problem
        say(f"UNVERIFIED: {problem.fact}")

    def forged(self, what, where):
        hint = "The store hides or forges authority: use another copy, or --unverified at your own risk."
        self.distrust(Problem(DAMAGE, what, where, hint))

    def read_authority(self):
        by_number, pinned = {}, self.key["authority"]
        for path in self.store.paths("authority"):
            number = int(path[10:18])
            try:
                envelope = parse_envelope(self.store.read(path, MIB), AUTHORITY, self.id, bytes(16), path)
                if envelope.signer != self.key["root"]:
                    raise Damage("is not signed by the root that the key file pins", path)
                statement = parse_json(envelope.body, STATEMENT_SHAPE, path)
                same = (statement["number"], statement["repository"], statement["root"])
                if envelope.number != number or same != (number, self.key["repository"], self.key["root"]):
                    raise Damage("contradicts its place", path)
            except Damage as damage:
                self.forged(damage.fact.removeprefix(path).strip(), path)
                continue
            if number in by_number:
                self.forged("is a second statement of one number", path)
            by_number[number] = (path[-64:], statement)
        if not by_number and not self.unverified:
            hint = "Name the folder that holds authority/ and writers/."
            raise Problem(STORE, "holds no lifeboat repository", self.store.roots[0], hint)
        self.newest = max(by_number, default=0)
        if self.newest < pinned["number"]:
            self.forged("is missing, and the key file has seen it", f"authority statement {pinned['number']}")
        for number in range(self.newest + 1):
            name, statement = by_number.get(number, (None, None))
            if name is None:
                self.forged("is missing", f"authority statement {number}")
                continue
            if number == pinned["number"] and name != pinned["statement"]:
                self.forged("is not the one that the key file pins", f"authority statement {number}")
            if statement["previous"] != (by_number.get(number - 1, (None,))[0] if number else None):
                self.forged("does not follow the one before it", f"authority statement {number}")
            self.keepers, self.restorers = set(statement["keepers"]), set(statement["restorers"])
            self.closed, self.statements[name] = set(statement["closed"]), statement

    def open(self, data, kind, writer, where):
        """An envelope that is sealed to meta, whole and signed by a key whose signature counts for its kind."""
        identifier = writer.id if writer else bytes(16)
        envelope = parse_envelope(age_open(data, where, self.key["meta"]), kind, self.id, identifier, where)
        if envelope.number > self.newest:
            what = f"knew authority statement {envelope.number}, and the store shows none after {self.newest}"
            self.forged(what, where)
        signer, own = envelope.signer, {writer.sign} if writer else set()
        roles = {ENROLMENT: self.keepers, TOMBSTONE: self.keepers, SNAPSHOT: own, RECORD: self.restorers}
        if signer in self.closed or signer not in roles.get(kind, own | self.keepers):
            self.distrust(Refused("is signed by a key that does not count for it", where))
        return envelope

    def writers(self):
        """Everyone who is enrolled, and what is wrong with those of whom that cannot be told."""
        found, problems = {}, {}
        for identifier in sorted({path.split("/")[1] for path in self.store.paths("writers")}):
            try:
                found[identifier] = Writer(self, identifier)
            except Damage as damage:
                problems[identifier] = damage
        return found, problems


class Writer:
    def __init__(self, repository, identifier):
        self.repository, self.name, self.id, self.sign = repository, identifier, bytes.fromhex(identifier), None
        self.folder, revisions = f"writers/{identifier}", {}
        for path in repository.store.paths(f"{self.folder}/enrolment"):
            try:
                envelope = repository.open(repository.store.read(path, MIB), ENROLMENT, self, path)
                body = parse_json(envelope.body, ENROLMENT_SHAPE, path)
                if body["writer"] != identifier:
                    raise Damage("contradicts its place", path)
            except Refused as refused:
                say(f"ignored: {refused.fact}")
                continue
            except Damage as damage:  # it may have been the newest, and may have taken rights away
                repository.distrust(damage)
                continue
            if body["revision"] in revisions:
                raise Damage("is the second enrolment of one revision", path)
            revisions[body["revision"]] = body
        if not revisions:
            raise Damage("has no enrolment that counts", self.folder)
        self.enrolment = revisions[max(revisions)]
        self.sign, self.components = self.enrolment["sign"], self.enrolment["components"]

    def secret(self, field, kind, label, identities):
        where = f"{self.folder}/enrolment, field {field},"
        with parsing(where):
            wrap = base64.b64decode(self.enrolment[field], validate=True)
        secret = open_wrap(wrap, kind, self.enrolment["epoch"], self.repository.id, self.id, identities, where)
        return keyed(secret, b"lifeboat-1 " + label)

    def granted(self, component, others):
        named = any(component in other.components for other in others if other is not self)
        return component in self.components or ("*" in self.components and not named)


# ---- 6. Packs ------------------------------------------------------------------------------------------------------

DATA, LIST = 1, 2
ZSTD, DELTA = 1, 2
Directory = namedtuple("Directory", "region digest keys entries")
Entry = namedtuple("Entry", "name kind flags depth key plain sealed offset base")


def parse_directory(cursor):
    region, digest, count = cursor.unpack("Q32sH")
    keys, entries, end = [], [], 0
    for _ in range(count):
        kind, epoch, identifier, length = cursor.unpack("BI32sH")
        keys.append((kind, epoch, identifier, cursor.take(length)))
    for _ in range(cursor.unpack("I")[0]):
        fields = cursor.unpack("32sBBBBIII")
        entry = Entry(*fields, cursor.take(32) if fields[2] & DELTA else bytes(32))
        expect(entry.kind in (DATA, LIST) and entry.flags in (0, ZSTD, ZSTD | DELTA) and entry.depth <= 32)
        expect((entry.depth > 0) == (entry.flags & DELTA > 0) and entry.plain <= 4 * MIB and entry.sealed >= 40)
        expect(entry.key < len(keys) and keys[entry.key][0] == entry.kind and entry.offset == end)
        end += entry.sealed
        expect(end <= region)
        entries.append(entry)
    return Directory(region, digest, keys, entries)


def read_directory(repository, writer, path):
    """The directory that a pack carries itself, and its body without the padding."""
    store, size = repository.store, repository.store.size(path)
    with parsing(path):
        expect(size >= 16, "has no trailer of a pack")
        magic, length, zero = struct.unpack("<8sII", store.slice(path, size - 16, 16))
        expect(magic == b"lbpack-1" and zero == 0 and length <= min(8 * MIB, size - 16), "has no trailer of a pack")
        sealed = store.slice(path, size - 16 - length, length)
    cursor = Cursor(repository.open(sealed, DIRECTORY, writer, path).body)
    with parsing(path):
        directory = parse_directory(cursor)
        cursor.only_zeros_left()
        expect(directory.region == size - 16 - length, "has a directory of another length")
        region = hashlib.sha256(store.slice(path, 0, directory.region)).digest()
        expect(region == directory.digest, "has the directory of another pack")
    return directory, cursor.data[: cursor.position]


def check_frame(frame, plain):
    """Exactly one zstd frame with a content size, no dictionary id and a window of at most 2^24 bytes."""
    cursor = Cursor(frame)
    magic, descriptor = cursor.unpack("4sB")
    single = descriptor >> 5 & 1
    expect(magic == b"\x28\xb5\x2f\xfd" and descriptor & 0b1011 == 0, "is not one plain zstd frame")
    if not single:
        (window,) = cursor.unpack("B")
        expect((1 << 10 + (window >> 3)) * (8 + (window & 7)) >> 3 <= 1 << 24, "has too large a zstd window")
    width = (single, 2, 4, 8)[descriptor >> 6]
    size = int.from_bytes(cursor.take(width), "little") + (256 if width == 2 else 0)
    expect(width and size == plain, "has a wrong zstd content size")
    last = False
    while not last:
        block = int.from_bytes(cursor.take(3), "little")
        last, kind = block & 1, block >> 1 & 3
        expect(kind != 3)
        cursor.take(1 if kind == 1 else block >> 3)
    cursor.take(4 if descriptor & 4 else 0)
    expect(cursor.position == len(frame), "holds something after its zstd frame")


# ---- 7. Index, and the way from a name to its plain bytes ----------------------------------------------------------


class Blobs:
    """All blobs of one writer: where they lie, and their plain bytes, verified."""

    # pack, key, kind, flags, depth, plain, sealed, offset, base: packed, for there may be millions
    RECORD = struct.Struct("<IIBBBIII32s")

    def __init__(self, repository, writer):
        self.repository, self.writer, self.store = repository, writer, repository.store
        self.packs, self.indexed, self.records = [], {}, {}
        self.keys, self.key_numbers = [], {}
        self.cache, self.cached, self.directories_read = OrderedDict(), 0, False
        self.problems, self.superseded = [], set()
        key = repository.key
        self.name_keys = {LIST: writer.secret("lists", LIST_SECRET, b"list names", key["meta"])}
        if key["data"]:
            self.name_keys[DATA] = writer.secret("content", CONTENT_SECRET, b"chunk names", key["data"])
        for path in self.store.paths(f"{writer.folder}/index"):
            try:
                self.add_index(path)
            except Damage as damage:
                self.problems.append(damage)

    def add_index(self, path):
        envelope = self.repository.open(self.store.read(path, 64 * MIB), INDEX, self.writer, path)
        with parsing(path):
            cursor, packs = Cursor(envelope.body), []
            _, _, parents = cursor.unpack("16sQH")
            cursor.take(32 * parents)
            (count,) = cursor.unpack("I")
            superseded = cursor.take(32 * count).hex()
            for _ in range(cursor.unpack("I")[0]):
                name, _, length = cursor.unpack("32sQI")
                part = Cursor(cursor.take(length))
                packs.append((name.hex(), parse_directory(part), part.data))
                expect(part.position == length)
            cursor.only_zeros_left()
        self.superseded.update(superseded[at : at + 64] for at in range(0, len(superseded), 64))
        for name, directory, body in packs:
            self.add_pack(name, directory, body)

    def add_pack(self, name, directory, body):
        if name in self.indexed:
            return
        self.indexed[name] = hashlib.sha256(body).digest()
        numbers = []
        for kind, epoch, identifier, wrap in directory.keys:
            number = self.key_numbers.setdefault((kind, epoch, identifier), len(self.keys))
            if number == len(self.keys):
                self.keys.append([None, []])
            if wrap not in self.keys[number][1]:
                self.keys[number][1].append(wrap)
            numbers.append(number)
        for name_, kind, flags, depth, key, plain, sealed, offset, base in directory.entries:
            record = self.RECORD.pack(len(self.packs), numbers[key], kind, flags, depth, plain, sealed, offset, base)
            self.records[name_] = self.records.get(name_, b"") + record
        self.packs.append(f"{self.writer.folder}/packs/{name[:2]}/{name}")

    def read_directories(self):
        """What the index does not say, the packs say themselves."""
        self.directories_read = True
        for path in self.store.paths(f"{self.writer.folder}/packs"):
            if path[-64:] not in self.indexed:
                try:
                    self.add_pack(path[-64:], *read_directory(self.repository, self.writer, path))
                except Damage as damage:
                    self.problems.append(damage)

    def session_key(self, number, path):
        known = self.keys[number]
        if known[0] is None:
            kind, epoch, identifier = next(key for key, place in self.key_numbers.items() if place == number)
            identities = self.repository.key["data" if kind == BLOB_KEY else "meta"]
            problem = Damage("names a session key that nothing wraps", path)
            for wrap in known[1]:
                try:
                    where = f"{path}, session key,"
                    secret = open_wrap(wrap, kind, epoch, self.repository.id, self.writer.id, identities, where)
                    if keyed(secret, b"lifeboat-1 session key") != identifier:
                        raise Damage("carries a wrong session key", path)
                    known[0] = (secret, identifier)
                except Damage as damage:
                    problem = damage
            if known[0] is None:
                raise problem
        return known[0]

    def plain(self, name, kind, below=33):
        """The bytes of a name: the copy of lowest depth first, then the others, then what the index did not know."""
        if (kind, name) in self.cache:
            self.cache.move_to_end((kind, name))
            return self.cache[kind, name]
        problem = None
        while True:
            copies = sorted(self.RECORD.iter_unpack(self.records.get(name, b"")), key=lambda record: record[4])
            for record in copies:
                if record[2] == kind and record[4] < below:
                    try:
                        return self.remember((kind, name), self.open_copy(name, record))
                    except Damage as damage:
                        problem = problem or damage
            if self.directories_read:
                where = f"{self.writer.folder}: {'list' if kind == LIST else 'chunk'} {name.hex()[:16]}"
                raise problem or Damage("is in no pack of its writer", where)
            self.read_directories()

    def remember(self, key, plain):
        self.cached += len(plain) - len(self.cache.get(key, b""))
        self.cache[key] = plain
        while self.cached > 96 * MIB:
            self.cached -= len(self.cache.popitem(last=False)[1])
        return plain

    def open_copy(self, name, record):
        pack, key, kind, flags, depth, plain_length, sealed_length, offset, base = record
        path = self.packs[pack]
        where = f"{path}, blob at {offset},"
        secret, identifier = self.session_key(key, path)
        sealed = self.store.slice(path, offset, sealed_length)
        numbers = struct.pack("<BBBBII", kind, flags, depth, 0, plain_length, sealed_length)
        data = b"lifeboat-1 blob\0" + self.repository.id + name + numbers + identifier + base
        try:
            content = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed[24:], data, sealed[:24], secret)
        except CryptoError:
            raise Damage("does not decrypt", where) from None
        with parsing(where):
            if flags & ZSTD:
                check_frame(content, plain_length)
                raw = zstandard.DICT_TYPE_RAWCONTENT
                prefix = self.plain(base, kind, depth) if flags & DELTA else None
                dictionary = zstandard.ZstdCompressionDict(prefix, dict_type=raw) if prefix else None
                try:
                    content = zstandard.ZstdDecompressor(dict_data=dictionary).decompress(content)
                except zstandard.ZstdError:
                    raise ValueError("does not decompress") from None
            expect(len(content) == plain_length, "has a wrong length")
            expect(keyed(self.name_keys[kind], content) == name, "holds other bytes than its name says")
            return content


# ---- 8. Lists: recipes and the catalogue ---------------------------------------------------------------------------

RECIPE, CATALOGUE = 1, 2
DUMP, FILE, FOLDER, LINK = 1, 2, 3, 4
HOLE = bytes(32)
Stream = namedtuple("Stream", "kind level name target mode owner group modified length root")


def parse_stream(cursor):
    kind, level, count = cursor.unpack("BBH")
    name = cursor.take(count)
    target = cursor.take(*cursor.unpack("H"))
    stream = Stream(kind, level, name, target, *cursor.unpack("IIIqQ32s"))
    parts = name.split(b"/")
    expect(DUMP <= kind <= LINK and level <= 6 and stream.mode <= 0o7777)
    expect(not {b"", b".", b".."} & set(parts) and b"\0" not in name + target, "holds a name that leads elsewhere")
    expect((kind == LINK) == (target != b"") and (stream.length == 0) == (stream.root == HOLE))
    expect(kind in (DUMP, FILE) or stream.length == 0)
    return stream


def children(blobs, level, sort, name, length):
    where = f"{blobs.writer.folder}: list {name.hex()[:16]}"
    data = blobs.plain(name, LIST)
    with parsing(where):
        cursor = Cursor(data)
        head = cursor.unpack("4sBBHIQ")
        expect(head[:4] == (b"list", level, sort, 0) and head[5] == length, "is not the list that was asked for")
        if sort == CATALOGUE and level == 1:
            found = [parse_stream(cursor) for _ in range(head[4])]
            total = sum(stream.length for stream in found)
        else:
            found = list(struct.iter_unpack("<32sQ", cursor.take(40 * head[4])))
            total = sum(size for _, size in found)
        expect(cursor.position == len(data) and total == length, "does not add up")
        return found


def walk(blobs, level, sort, name, length):
    """The leaves: streams of a catalogue, (name, length) of a recipe's chunks; a Damage where a part is lost."""
    if level == 0:
        yield name, length
        return
    try:
        found = children(blobs, level, sort, name, length)
    except Damage as damage:
        yield damage
        return
    if level == 1:
        yield from found
    else:
        for child, size in found:
            yield from walk(blobs, level - 1, sort, child, size)


def streams(blobs, snapshot):
    catalogue, count, failed = snapshot.body["catalogue"], 0, False
    if catalogue["level"] > 6 or (catalogue["level"] == 0) != (catalogue["streams"] == 0):
        yield Damage("names an impossible catalogue", f"snapshot {snapshot.name[:16]}")
    elif catalogue["level"]:
        for stream in walk(blobs, catalogue["level"], CATALOGUE, bytes.fromhex(catalogue["name"]), catalogue["length"]):
            count, failed = count + 1, failed or isinstance(stream, Damage)
            yield stream
        if count != catalogue["streams"] and not failed:
            yield Damage("has another number of streams than it says", f"snapshot {snapshot.name[:16]}")


def content(blobs, stream):
    """The bytes of a stream in order, each piece verified; a hole comes as its length."""
    if stream.length:
        for leaf in walk(blobs, stream.level, RECIPE, stream.root, stream.length):
            if isinstance(leaf, Damage):
                raise leaf
            name, length = leaf
            if name == HOLE and stream.level:
                yield length
                continue
            data = blobs.plain(name, DATA)
            if len(data) != length:
                raise Damage("has another length than its recipe says", f"chunk {name.hex()[:16]}")
            yield data


# ---- 9. Snapshots --------------------------------------------------------------------------------------------------


def read_snapshots(repository, writer, others):
    """The writer's snapshots that count, and a problem for each object that does not, by its name."""
    found, problems = [], {}
    for path in repository.store.paths(f"{writer.folder}/snapshots"):
        try:
            envelope = repository.open(repository.store.read(path, 4 * MIB), SNAPSHOT, writer, path)
            body = parse_json(envelope.body, SNAPSHOT_SHAPE, path)
            if not writer.granted(body["component"], others):
                what = f"is of component {body['component']}, which its writer is not granted"
                repository.distrust(Refused(what, path))
            found.append(Snapshot(path[-64:], writer, envelope.time, body))
        except Damage as damage:
            problems[path[-64:]] = damage
    return found, problems


def all_snapshots(repository, prefix):
    """Of the writers with this prefix: (writers, snapshots, problems of snapshots, problems of whole writers)."""
    writers, lost = repository.writers()
    snapshots, problems = [], []
    for writer in writers.values():
        if writer.name.startswith(prefix):
            found, bad = read_snapshots(repository, writer, writers.values())
            snapshots += found
            problems += bad.values()
    return writers.values(), snapshots, problems, list(lost.values())


def order(snapshot):
    return snapshot.body["sequence"], snapshot.time, snapshot.name


def choose(repository, arguments):
    writers, snapshots, problems, lost = all_snapshots(repository, arguments.writer or "")
    for damage in lost + problems:
        say(damage.fact)
    if arguments.snapshot:
        snapshots = [snapshot for snapshot in snapshots if snapshot.name.startswith(arguments.snapshot)]
    components = sorted({snapshot.body["component"] for snapshot in snapshots})
    component = arguments.component or (components[0] if len(components) == 1 else None)
    if components and component is None:
        raise Problem(USAGE, ", ".join(components), "there are several components:", "Choose one with --component.")
    chosen = [snapshot for snapshot in snapshots if snapshot.body["component"] == component]
    if not arguments.snapshot:
        chosen = [snapshot for snapshot in chosen if snapshot.body["verdict"] == "complete"]
        by_name = {writer.name for writer in writers if component in writer.components}
        able = by_name or {snapshot.writer.name for snapshot in chosen}
        if len(able) > 1 and not arguments.writer:
            raise Problem(USAGE, f"write {component}", " and ".join(sorted(able)), "Choose one with --writer.")
        unsure = [problem for problem in problems if not isinstance(problem, Refused)] + ([] if by_name else lost)
        if unsure:
            what = "the latest snapshot cannot be told:"
            raise Problem(DAMAGE, unsure[0].fact, what, "Name one with --snapshot, or give a whole --copy.")
    if not chosen:
        code = DAMAGE if problems or lost else USAGE
        raise Problem(code, "matches", "no snapshot that counts", "The command snapshots lists what there is.")
    if len({snapshot.writer.name for snapshot in chosen}) > 1 or (arguments.snapshot and len(chosen) > 1):
        raise Problem(USAGE, "match", "several snapshots", "Give more digits, or --writer.")
    return max(chosen, key=order)


# ---- 12. Key files -------------------------------------------------------------------------------------------------

KEY_SHAPE = {
    "lifeboat": ("writer", "keeper", "restorer"), "format": 1, "repository": HEX16, "root": HEX32,
    "authority": {"number": int, "statement": HEX32},
}
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def bech32_identity(text):
    expect(re.fullmatch("AGE-SECRET-KEY-1[0-9A-Z]{58}", text), "holds an identity that is none")
    prefix, values = "age-secret-key-", [BECH32.find(letter) for letter in text[16:].lower()]
    state = 1
    for value in [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix] + values:
        top, state = state >> 25, (state & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            state ^= generator if top >> bit & 1 else 0
    bits = int("".join(f"{value & 31:05b}" for value in values[:52]), 2)
    expect(min(values) >= 0 and state == 1 and bits & 15 == 0, "holds an identity that is none")
    return (bits >> 4).to_bytes(32, "big")


def read_key(path, passphrase_file):
    try:
        with open(path, "rb") as file:
            data = file.read(MIB)
        begin, end = b"-----BEGIN AGE ENCRYPTED FILE-----", b"-----END AGE ENCRYPTED FILE-----"
        with parsing(path):
            if data.strip().startswith(begin):
                lines = data.strip().splitlines()
                expect(lines[-1] == end, "ends too early")
                data = base64.b64decode(b"".join(lines[1:-1]), validate=True)
            if data.startswith(b"age-encryption.org/"):
                if passphrase_file:
                    with open(passphrase_file, "rb") as file:
                        passphrase = file.read(MIB).rstrip(b"\r\n")
                else:
                    passphrase = getpass.getpass("Passphrase of the key file: ").encode()
                try:
                    data = age_open(data, path, passphrase=passphrase)
                except Damage:
                    hint = "The passphrase is wrong, or the key file is damaged."
                    raise Problem(KEY, "does not open", path, hint) from None
            text = b"\n".join(line for line in data.splitlines() if not line.startswith(b"#"))
            key = parse_json(text, KEY_SHAPE, path)
            for field in ("meta", "data"):
                expect(fits(key.get(field, []), [str]))
                key[field] = [bech32_identity(identity) for identity in key.get(field, [])]
            return key
    except (OSError, EOFError) as error:
        raise Problem(KEY, f"cannot be read ({error})", path, "Give the restorer's key file with --key.") from None
    except Damage as damage:
        raise Problem(KEY, damage.fact, "", "Give the restorer's key file with --key.") from None


# ---- 13. Restore, step by step -------------------------------------------------------------------------------------


def visible(name):
    text = os.fsdecode(name)
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def moment(nanoseconds):
    try:
        time = datetime.datetime.fromtimestamp(nanoseconds // 10**9, datetime.timezone.utc)
        return time.strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return str(nanoseconds)


def list_snapshots(repository, _):
    _, snapshots, problems, lost = all_snapshots(repository, "")
    for snapshot in sorted(snapshots, key=lambda each: (each.body["component"], order(each))):
        body = snapshot.body
        print(
            body["component"], moment(snapshot.time), snapshot.writer.name[:8], body["sequence"], body["verdict"],
            body["catalogue"]["length"], snapshot.name[:12], sep="\t",
        )
    for problem in lost + problems:
        say(problem.fact)
    if lost + problems:
        raise Problem(DAMAGE, "cannot be listed", f"{len(lost + problems)} objects", "The command check says more.")


def place(target, stream):
    """Where a stream goes. Every folder above it is a real one, so that no symbolic link leads out of the target."""
    path, name = target, visible(stream.name)
    for part in stream.name.split(b"/")[:-1]:
        path = path + b"/" + part
        try:
            if not stat.S_ISDIR(os.lstat(path).st_mode):
                raise Damage("lies below something that is no folder", name)
        except FileNotFoundError:
            os.mkdir(path, 0o700)
    path = target + b"/" + stream.name
    if os.path.lexists(path) and not (stream.kind == FOLDER and stat.S_ISDIR(os.lstat(path).st_mode)):
        raise Damage("stands twice in the catalogue", name)
    return path


def attributes(path, stream):
    if stream.kind != DUMP:
        if os.geteuid() == 0:
            os.lchown(path, stream.owner, stream.group)
        if stream.kind != LINK:
            os.chmod(path, stream.mode)
        os.utime(path, ns=(stream.modified, stream.modified), follow_symlinks=False)


def write_file(blobs, stream, target, path):
    """Under a name of its own until the last byte is verified: a file that has its name is whole."""
    part = os.path.join(target, b".lifeboat-" + secrets.token_hex(8).encode() + b".part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
            for piece in content(blobs, stream):
                file.seek(piece, os.SEEK_CUR) if isinstance(piece, int) else file.write(piece)
            file.truncate()
            if file.tell() != stream.length:
                raise Damage("has another length than the catalogue says", visible(stream.name))
        attributes(part, stream)
        os.rename(part, path)
    except BaseException:
        os.unlink(part)
        raise


def write_output(blobs, stream):
    output, done = sys.stdout.buffer, 0
    for piece in content(blobs, stream):
        size = piece if isinstance(piece, int) else len(piece)
        if isinstance(piece, int):
            for start in range(0, piece, MIB):
                output.write(bytes(min(MIB, piece - start)))
        else:
            output.write(piece)
        done += size
    output.flush()
    if done != stream.length:
        raise Damage("has another length than the catalogue says", visible(stream.name))


def restore(repository, arguments):
    snapshot = choose(repository, arguments)
    body = snapshot.body
    about = f"{body['component']}, sequence {body['sequence']}, signed {moment(snapshot.time)}"
    about += f", writer {snapshot.writer.name[:8]}, snapshot {snapshot.name[:12]}"
    if body["verdict"] != "complete":
        say(f"WARNING: this snapshot is {body['verdict']}: {about}")
    blobs = Blobs(repository, snapshot.writer)
    for problem in blobs.problems:
        say(f"{problem.fact}; the packs themselves are read in its place")
    wanted = os.fsencode(arguments.stream) if arguments.stream else None

    def is_wanted(stream):
        return isinstance(stream, Damage) or wanted is None or (stream.name + b"/").startswith(wanted + b"/")

    chosen = filter(is_wanted, streams(blobs, snapshot))
    if arguments.to == "-":
        chosen = [stream for stream in chosen if isinstance(stream, Damage) or stream.kind in (DUMP, FILE)]
        for stream in chosen:
            if isinstance(stream, Damage):
                raise stream
        if len(chosen) != 1:
            raise Problem(USAGE, "streams for standard output, not one", f"{len(chosen)}", "Choose one with --stream.")
        write_output(blobs, chosen[0])
        say(f"wrote {chosen[0].length} bytes: {about}")
        return
    target = os.path.abspath(os.fsencode(arguments.to))
    try:
        os.makedirs(target, 0o700, exist_ok=True)
        if os.listdir(target):
            raise Problem(USAGE, "is not empty", visible(target), "Give a new folder with --to.")
    except FileExistsError:
        raise Problem(USAGE, "is not a folder", visible(target), "Give a new folder with --to.") from None
    done, size, failed, folders = 0, 0, 0, []
    for stream in chosen:
        try:
            if isinstance(stream, Damage):
                raise stream
            path = place(target, stream)
            if stream.kind == FOLDER:
                os.makedirs(path, 0o700, exist_ok=True)
                folders.append((path, stream))
            elif stream.kind == LINK:
                os.symlink(stream.target, path)
                attributes(path, stream)
            else:
                write_file(blobs, stream, target, path)
            done, size = done + 1, size + stream.length
        except Damage as damage:
            failed += 1
            who = "a part of the catalogue" if isinstance(stream, Damage) else visible(stream.name)
            say(f"not restored: {who}: {damage.fact}")
    for path, stream in sorted(folders, key=lambda each: -len(each[0])):  # the deepest first: writing changes times
        attributes(path, stream)
    os.sync()
    say(f"restored {done} streams, {size} bytes: {about}")
    if failed:
        raise Problem(DAMAGE, f"is incomplete: {failed} parts are damaged and were left out", visible(target), HEAL)
    if not done and wanted is not None:
        raise Problem(USAGE, "is not in this snapshot", arguments.stream, "Leave out --stream to restore everything.")


# ---- Check: every object, every signature, every blob, and what each loss costs ------------------------------------


class Check:
    def __init__(self, repository):
        self.repository, self.store, self.problems = repository, repository.store, {}

    def found(self, problem, costs=()):
        self.problems.setdefault(problem.fact, set()).update(costs)

    def run(self):
        self.digests()
        writers, lost = self.repository.writers()
        for identifier, damage in lost.items():
            self.found(damage, [f"every snapshot of writer {identifier[:8]}"])
        for writer in writers.values():
            self.writer(writer, writers.values())
        records = self.store.paths("records")
        for path in records:
            try:
                envelope = self.repository.open(self.store.read(path, MIB), RECORD, None, path)
                for parent in parse_json(envelope.body, {"parents": [HEX32]}, path)["parents"]:
                    if f"records/{parent}" not in records:
                        self.found(Damage("is missing, and a record names it as its parent", f"records/{parent}"))
            except Damage as damage:
                self.found(damage)
        for fact, costs in self.problems.items():
            print(f"{fact}; costs {', '.join(sorted(costs)) or 'no snapshot'}")
        if self.problems:
            hint = "Heal the store from a copy; restore what is whole."
            raise Problem(DAMAGE, "found", f"{len(self.problems)} problems", hint)
        print("no damage found")

    def digests(self):
        """Every object of every store against its name, and the guides to rescue against the authority."""
        guides = [statement["rescue"] for statement in self.repository.statements.values()]
        paths = set(self.store.paths(""))
        for guide in guides[-1:]:
            paths.update(f"rescue/{guide['rescue.py']}/{name}" for name in ("rescue.py", "FORMAT.md"))
        for path in sorted(paths):
            folder, _, file = path.rpartition("/")
            names, whole = {path[-64:]}, []
            if folder.startswith("rescue/"):
                names = {guide[file] for guide in guides if guide["rescue.py"] == folder[7:]}
            for root in self.store.roots:
                where = path if root == self.store.roots[0] else f"{root}/{path}"
                try:
                    digest, size = self.store.digest(root, path)
                    if digest not in names:
                        raise Damage("is damaged: its digest differs from its name", where)
                    whole.append((root, size))
                except FileNotFoundError:
                    if where == path:
                        self.found(Missing("is missing", where))
                except OSError as error:
                    raise Problem(STORE, f"cannot be read ({error.strerror})", where, RETRY) from None
                except Damage as damage:
                    self.found(damage)
            if whole:
                self.store.whole[path] = whole[0]

    def writer(self, writer, writers):
        snapshots, bad = read_snapshots(self.repository, writer, writers)
        for name, damage in bad.items():
            self.found(damage, [name[:12]])
        try:
            blobs = Blobs(self.repository, writer)
        except Damage as damage:
            return self.found(damage, [f"every snapshot of writer {writer.name[:8]}"])
        good, blamed = self.packs(blobs)
        for path in self.store.paths(f"{writer.folder}/tombstones"):
            try:
                envelope = self.repository.open(self.store.read(path, MIB), TOMBSTONE, writer, path)
                parse_json(envelope.body, {"packs": [HEX32]}, path)
            except Damage as damage:
                self.found(damage)
        present = set(self.store.paths(writer.folder))
        everywhere = {path[-64:] for path in self.store.paths("writers") if "/snapshots/" in path}
        for snapshot in snapshots:
            self.snapshot(snapshot, blobs, good, blamed)
            body, who = snapshot.body, f"snapshot {snapshot.name[:12]} names it"
            for name in body["parents"]:
                if name not in everywhere:
                    what = f"is missing: hidden or removed, and {who} as its parent"
                    self.found(Damage(what, f"snapshot {name}"), [name[:12]])
            for name in body["index"]:
                if f"{writer.folder}/index/{name}" not in present and name not in blobs.superseded:
                    self.found(Damage(f"is missing, and {who}", f"{writer.folder}/index/{name}"))
            if f"{writer.folder}/enrolment/{body['enrolment']}" not in present:
                self.found(Damage(f"is missing, and {who}", f"{writer.folder}/enrolment/{body['enrolment']}"))
            if body["authority"] not in self.repository.statements:
                self.found(Damage(f"is missing, and {who}", f"authority statement {body['authority']}"))

    def packs(self, blobs):
        """Opens every blob of every pack. The names that are good, and for the others what is to blame."""
        good, blamed, indexed = set(), {}, dict(blobs.indexed)
        for path in self.store.paths(f"{blobs.writer.folder}/packs"):
            try:
                directory, body = read_directory(self.repository, blobs.writer, path)
                blobs.add_pack(path[-64:], directory, body)
                if hashlib.sha256(body).digest() != indexed.get(path[-64:], hashlib.sha256(body).digest()):
                    raise Damage("has another directory than the index says", path)
            except Damage as damage:
                self.found(damage)
        blobs.directories_read = True
        for damage in blobs.problems:
            self.found(damage)
        for name in blobs.records:
            for record in blobs.RECORD.iter_unpack(blobs.records[name]):
                try:
                    blobs.remember((record[2], name), blobs.open_copy(name, record))
                    good.add((record[2], name))
                except Damage as damage:
                    blamed.setdefault((record[2], name), []).append(damage)
                    if not isinstance(damage, Missing):  # what no snapshot needs may be gone
                        self.found(damage)
        return good, blamed

    def snapshot(self, snapshot, blobs, good, blamed):
        """Charges what is missing from the snapshot's closure to the snapshot."""

        def charge(damage, key=None):
            for problem in blamed.get(key, [damage]):
                self.found(problem, [snapshot.name[:12]])

        for stream in streams(blobs, snapshot):
            if isinstance(stream, Damage):
                charge(stream)
            elif stream.length:
                for leaf in walk(blobs, stream.level, RECIPE, stream.root, stream.length):
                    if isinstance(leaf, Damage):
                        charge(leaf)
                    elif (DATA, leaf[0]) not in good and not (leaf[0] == HOLE and stream.level):
                        where = f"{blobs.writer.folder}: chunk {leaf[0].hex()[:16]}"
                        charge(Damage("is in no pack of its writer", where), (DATA, leaf[0]))


def check(repository, _):
    Check(repository).run()


# ---- The command line ----------------------------------------------------------------------------------------------


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise Problem(USAGE, message, "", "--help lists the options.")


def parse_arguments():
    parser = Parser(prog="rescue.py", description="Restores from a lifeboat repository without lifeboat.")
    parser.add_argument("--store", required=True, metavar="DIR", help="the folder of the repository")
    parser.add_argument("--copy", action="append", default=[], metavar="DIR", help="asked where the store is damaged")
    parser.add_argument("--key", required=True, metavar="FILE", help="the restorer's key file")
    parser.add_argument("--passphrase-file", metavar="FILE", help="holds the passphrase of the key file")
    parser.add_argument("--unverified", action="store_true", help="go on where it cannot be told who wrote something")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    columns = "list snapshots: component, time of signing, writer, sequence, verdict, bytes, id"
    commands.add_parser("snapshots", help=columns).set_defaults(run=list_snapshots)
    commands.add_parser("check", help="verify every object and every blob").set_defaults(run=check)
    one = commands.add_parser("restore", help="restore a snapshot, the latest complete one unless told otherwise")
    one.set_defaults(run=restore)
    one.add_argument("--to", required=True, metavar="DIR", help="a new folder, or - for one stream to standard output")
    one.add_argument("--component", metavar="NAME", help="which component, if there are several")
    one.add_argument("--snapshot", metavar="HEX", help="the first digits of a snapshot's id")
    one.add_argument("--writer", metavar="HEX", help="the first digits of a writer's id")
    one.add_argument("--stream", metavar="NAME", help="only this stream, or what lies below this folder")
    return parser.parse_args()


def main():
    sys.stdout.reconfigure(errors="backslashreplace")
    sys.stderr.reconfigure(errors="backslashreplace")
    try:
        arguments = parse_arguments()
        store = Store([arguments.store, *arguments.copy])
        key = read_key(arguments.key, arguments.passphrase_file)
        if not key["meta"] or (not key["data"] and arguments.command != "snapshots"):
            hint = "This needs the key file of a restorer."
            raise Problem(KEY, f"is the key file of a {key['lifeboat']}", arguments.key, hint)
        if arguments.unverified:
            say("UNVERIFIED: whoever could write to the store may have written what comes out")
        arguments.run(Repository(store, key, arguments.unverified), arguments)
        sys.stdout.flush()
        return 0
    except Problem as problem:
        say(str(problem))
        return problem.code
    except OSError as error:
        say(f"{os.fsdecode(error.filename or 'output')} cannot be read or written ({error.strerror}). {RETRY}")
        return STORE
    except KeyboardInterrupt:
        say("interrupted. What has its name is whole; start again into a new folder.")
        return 130


if __name__ == "__main__":
    status = main()
    with contextlib.suppress(OSError):
        sys.stderr.flush()
        sys.stdout.flush()
    os._exit(status)  # a closed pipe must not end in a second message
