"""The machine: what it is, what it has room for, what its page cache holds."""
import hashlib
import os
import platform
import re
import shutil

from .processes import Problem, say

MEGABYTE = 1_000_000


def describe(folder, cores, kept):
    """One line about the processor, the memory, the kernel and the file system of what is kept in a folder."""
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        found = re.search(r"model name\s*:\s*(.*)", lines.read())
    with open("/proc/meminfo", encoding="ascii") as lines:
        memory = int(lines.readline().split()[1]) * 1024 / 1e9
    model = found.group(1) if found else platform.machine()
    shani = "with" if has_sha_instructions() else "without"
    return (
        f"{model}, {shani} SHA instructions, {len(cores)} of {os.cpu_count()} cores used, {memory:.1f} GB of memory, "
        f"Linux {platform.release()}, {kept} on {file_system(folder)}")


def has_sha_instructions():
    """Whether the processor computes SHA-256 itself."""
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        return re.search(r"^(flags|Features)\s*:.*\b(sha_ni|sha2)\b", lines.read(), re.M) is not None


def file_system(folder):
    """The type of the file system that a folder lies on."""
    best, kind = "", "an unknown file system"
    path = os.path.realpath(folder)
    with open("/proc/mounts", encoding="utf-8") as lines:
        for line in lines:
            _, point, type_, *_ = line.split()
            if (path + "/").startswith(point.rstrip("/") + "/") and len(point) >= len(best):
                best, kind = point, type_
    return kind


def confine(count):
    """Confines this program and everything it starts to so many processors; returns which."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < count:
        say(f"Benchmarks: {count} cores wanted, {len(allowed)} there")
    os.sched_setaffinity(0, allowed[:count])
    return allowed[:count]


def require_disk(needs):
    """Says what disk is needed and what is free, and ends if it is not enough.

    `needs` lists (folder, bytes, what for); folders on one file system share its free bytes.
    """
    wanted = {}
    for folder, bytes_, purpose in needs:
        device = os.stat(folder).st_dev
        wanted.setdefault(device, []).append((folder, bytes_, purpose))
    for parts in wanted.values():
        total = sum(bytes_ for _, bytes_, _ in parts)
        free = shutil.disk_usage(parts[0][0]).free
        purposes = ", ".join(f"{bytes_ / MEGABYTE:.0f} MB for {purpose}" for _, bytes_, purpose in parts)
        say(f"disk: {total / MEGABYTE:.0f} MB needed ({purposes}), {free / MEGABYTE:.0f} MB free in {parts[0][0]}")
        if free < total:
            raise Problem(f"not enough disk in {parts[0][0]}: give another folder, fewer days or a smaller scale")


def require_memory(bytes_, purpose):
    """Says what memory is needed beside the programs, and ends if it is not free."""
    with open("/proc/meminfo", encoding="ascii") as lines:
        free = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable")) * 1024
    say(f"memory: {bytes_ / MEGABYTE:.0f} MB needed for {purpose}, {free / MEGABYTE:.0f} MB available")
    if free < bytes_:
        raise Problem("not enough memory: give a smaller scale")


def size_of(*folders):
    """Bytes of all files below folders; files that go away meanwhile count as nothing."""
    total = 0
    for folder in folders:
        for path in files_below(folder):
            try:
                total += os.lstat(path).st_size
            except FileNotFoundError:
                pass
    return total


def digest_of(path):
    """The SHA-256 of a file, which is in the page cache afterwards."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def warm(*paths):
    """Reads files once, so that no contender pays for the disk, and lets the disk come to rest."""
    os.sync()
    for path in paths:
        read_through(path)


def files_below(folder):
    """The paths of all files below a folder."""
    return [os.path.join(base, name) for base, _, names in os.walk(folder) for name in names]


def read_through(path):
    """Reads a file from its beginning to its end."""
    with open(path, "rb", buffering=0) as file:
        while file.read(1 << 22):
            pass


def chill(*folders):
    """Takes files out of the page cache: the kernel's whole cache as root, else the files below `folders`.

    Returns how it was done.
    """
    os.sync()
    try:
        with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
            file.write("3\n")
        return "all caches of the kernel dropped"
    except OSError:
        pass
    for folder in folders:
        for path in files_below(folder):
            number = os.open(path, os.O_RDONLY)
            try:
                os.posix_fadvise(number, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(number)
    return "the repositories' files dropped from the page cache"
