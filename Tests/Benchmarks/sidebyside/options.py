"""What the benchmarks have in common: options, folders, contenders, the end."""
import argparse
import os
import shutil
import sys
import tempfile

from . import newborg
from .contenders import Borg, Lifeboat, Restic
from .machine import confine, describe
from .processes import Problem, say, stop_on_signals, undisturbed
from .servers import find

NEEDED = {
    "restic": "restic", "borg": "borgbackup", "zstd": "zstd", "b2sum": "coreutils", "setpriv": "util-linux",
    "mariadb-dump": "mariadb-client", "mariadbd": "mariadb-server-core"}
"""Programs, and the Debian packages that they come in."""


def parser(name, description, scale_help, days):
    """The options that all programs take."""
    result = argparse.ArgumentParser(
        prog=f"Tests/Benchmarks/{name}", description=description, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("--days", type=number(1), default=days, help=f"days of each corpus ({days})")
    result.add_argument("--scale", type=positive, default=1.0, help=scale_help)
    result.add_argument("--cores", type=number(1), default=2, help="cores that everything is confined to (2)")
    result.add_argument(
        "--corpora", default="/tmp/lifeboat-benchmarks", metavar="DIR",
        help="where dumps and what comes from PyPI are kept for the next run (/tmp/lifeboat-benchmarks)")
    result.add_argument(
        "--folder", default=os.environ.get("TMPDIR", "/tmp"), metavar="DIR",
        help="where repositories and caches lie while they are measured (/tmp)")
    result.add_argument("--lifeboat", metavar="PATH", help="measure this program instead of building one")
    result.add_argument("--skip-install", action="store_true", help="install nothing, also not from PyPI")
    return result


def number(least):
    def parse(text):
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is less than {least}")
        return value

    return parse


def positive(text):
    value = float(text)
    if not 0 < value <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 100")
    return value


def require_programs(needed):
    """Names every missing program at once."""
    missing = sorted({package for name, package in needed.items() if find(name) is None})
    if missing:
        raise Problem(f"missing Debian packages: {' '.join(missing)}; run without --skip-install")


def peers(base, options):
    """restic and both borgs, each in a folder of its own below `base`."""
    new = newborg.program(options.corpora, may_install=not options.skip_install)
    return [Restic(base), Borg(base, find("borg"), "Debian"), Borg(base, new, "PyPI")], new


def lifeboat(base, options):
    """The contender that all others are compared with."""
    return Lifeboat(base, lifeboat_program(options))


def lifeboat_program(options):
    """The path of the program that is measured."""
    if not options.lifeboat or not os.access(options.lifeboat, os.X_OK):
        raise Problem(f"there is no program {options.lifeboat or 'lifeboat'}: give its path with --lifeboat")
    return options.lifeboat


def stages(options):
    """The path of the program that measures the stages, or None, which is said."""
    path = options.stages or os.path.join(os.path.dirname(os.path.abspath(options.lifeboat)), "Stages")
    if os.access(path, os.X_OK):
        return path
    if options.stages:
        raise Problem(f"there is no program {path}")
    say(f"Benchmarks: no {path}, so the stages of lifeboat and the bare gear loop are left out")
    return None


def header(title, options, contenders, cores, lines, kept="repositories"):
    """The beginning of a document: what was measured with what, on what; `kept` is what lies in the folder."""
    return [
        f"# {title}", "", f"- machine: {describe(options.folder, cores, kept)}",
        *(f"- {contender.version}" for contender in contenders), *(f"- {line}" for line in lines), ""]


def perform(work, options, needed=NEEDED):
    """Calls `work` with a temporary folder and the processors, and leaves nothing behind however it ends."""
    stop_on_signals()
    base = None
    for name in ("corpora", "folder", "lifeboat", "raw", "proxy", "stages"):
        if getattr(options, name, None):
            setattr(options, name, os.path.abspath(getattr(options, name)))
    try:
        for folder in (options.corpora, options.folder):
            os.makedirs(folder, exist_ok=True)
        require_programs(needed)
        cores = confine(options.cores)
        base = tempfile.mkdtemp(prefix="lifeboat-benchmark.", dir=options.folder)
        # Where there are no profiles: a component may have the name of one.
        os.chdir(base)
        work(options, base, cores)
    except KeyboardInterrupt:
        say("Benchmarks: interrupted")
        sys.exit(130)
    except (Problem, OSError) as problem:
        say(f"Benchmarks: {problem}")
        sys.exit(1)
    finally:
        undisturbed()
        if base is not None:
            shutil.rmtree(base, ignore_errors=True)
