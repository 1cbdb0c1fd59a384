"""lifeboat beside restic and a bare boto3 loop on one object store in memory, as one Markdown document."""
import json
import os

from . import options as common
from .boto import Boto
from .cluster import Cluster
from .corpora import Cabinet
from .machine import MEGABYTE, require_disk, require_memory
from .processes import Problem
from .remote import GETS, IN_MEMORY, PUTS, BareLoop, Copier, Reference, RemoteLifeboat, RemoteRestic
from .s3tables import PackTables, SeriesTables
from .stream import Stream
from .transfers import Network, PackRounds, SeriesRounds

DESCRIPTION = """Measures lifeboat, restic and a bare boto3 loop in turn on a Ceph object store in memory.

Packs: each contender stores one stream that does not compress and brings it back, lifeboat and restic as backup and
restore, `lifeboat copy` and the bare loop as the packs that lifeboat makes of it. Series: lifeboat and restic store
the days of an order-processing database and bring the last one back. Each turn has a new store to itself, first as
near as can be, then with a proxy in between that adds time to each round trip and takes no bandwidth. Restores begin
without anything kept from the backups. Prints a Markdown document."""

PARTS = ("packs", "series")
NEEDED = {
    "restic": "restic", "setpriv": "util-linux", "radosgw": "radosgw", "ceph-mon": "ceph-mon", "ceph-osd": "ceph-osd",
    "radosgw-admin": "radosgw", "ceph": "ceph-common", "curl": "curl"}
RESTIC_CONNECTIONS = 8


def main():
    parser = common.parser(
        "s3", DESCRIPTION, "size of the data; 1 is a stream of 1074 MB and days of 370 to 400 MB (1)", days=5)
    parser.add_argument("--rounds", type=common.number(1), default=7, help="rounds (7)")
    parser.add_argument(
        "--latency", type=latencies, default=[0, 40], metavar="A,B",
        help="milliseconds that are added to each round trip, in turn (0,40)")
    parser.add_argument("--only", type=parts, default=list(PARTS), metavar="A,B", help=", ".join(PARTS))
    parser.add_argument("--proxy", metavar="PATH", help="the program Proxy (the one beside lifeboat)")
    parser.add_argument("--raw", metavar="FILE", help="also write every sample as JSON, after each round")
    common.perform(work, parser.parse_args(), NEEDED)


def latencies(text):
    return [float(part) for part in text.split(",")]


def parts(text):
    names = text.split(",")
    for name in names:
        if name not in PARTS:
            raise common.argparse.ArgumentTypeError(f"{name} is none of {', '.join(PARTS)}")
    return names


def work(options, base, cores):
    stream = Stream(options.corpora, options.scale)
    cabinet = Cabinet(options.corpora, options.scale, options.days)
    require_room(options, base, stream, cabinet)
    proxy = proxy_program(options)
    boto = Boto(options.corpora, may_install=not options.skip_install)
    networks = [Network(milliseconds) for milliseconds in options.latency]
    own = RemoteLifeboat(base, common.lifeboat_program(options), boto)
    restic = RemoteRestic(base, boto)
    with Cluster(store_gibibytes(stream)) as cluster:
        packs = series = None
        if "packs" in options.only:
            stream.make()
            reference = Reference(base, own.program, stream)
            contenders = [
                own, Copier(base, reference, boto), restic, RemoteRestic(base, boto, RESTIC_CONNECTIONS),
                BareLoop(base, reference, boto, "signed"), BareLoop(base, reference, boto, "default")]
            packs = PackRounds(stream, cluster, contenders, networks, proxy)
        if "series" in options.only:
            orders, = cabinet.corpora(["orders"])
            series = SeriesRounds(orders, cluster, [own, restic], networks, proxy)
        measured = [part for part in (packs, series) if part is not None]
        for number in range(1, options.rounds + 1):
            for part in measured:
                part.round(number, options.rounds)
            keep(options, measured)
        lines = beginning(options, cluster, measured, cores)
    if packs:
        lines += pack_section(packs, own, reference, len(cores))
    if series:
        lines += series_section(series, own, restic, len(cores))
    print("\n".join(lines + bar_section(packs, series, own, restic, len(cores))))


def proxy_program(options):
    """The path of the proxy; it is needed only where time is added."""
    path = options.proxy or os.path.join(os.path.dirname(os.path.abspath(options.lifeboat or "")), "Proxy")
    if any(options.latency) and not os.access(path, os.X_OK):
        raise Problem(f"there is no proxy {path}: build it, give its path with --proxy, or ask for --latency 0")
    return path


def store_gibibytes(stream):
    """Room for what one turn stores, and for the store's own."""
    return max(4, round(2 * stream.bytes / (1 << 30)) + 2)


def require_room(options, base, stream, cabinet):
    orders = cabinet.bytes_needed(["orders"]) if "series" in options.only else 0
    days = options.scale * 400e6 * options.days
    require_disk([
        (options.corpora, orders + (0 if stream.is_there else stream.bytes) + 100e6, "the stream, dumps and boto3"),
        (base, 2.5 * stream.bytes + days / 2 + 200e6, "the packs of the bare loop, and what contenders keep beside")])
    # The store holds the stream, or the days; so may the folder that restic restores to. The page cache is extra.
    require_memory(2.5 * max(stream.bytes, days / 3) + 1.5e9, f"the store and {IN_MEMORY}")


def keep(options, measured):
    if options.raw:
        with open(options.raw, "w", encoding="utf-8") as file:
            json.dump({part.name: part.results.plain() for part in measured}, file)


def beginning(options, cluster, measured, cores):
    contenders = {contender.name: contender for part in measured for contender in part.contenders}
    lines = common.header(
        "lifeboat beside restic and a bare loop on an object store", options, list(contenders.values()), cores,
        [f"{cluster.version()} (Debian), one front and one disk in memory, on the same cores as the clients; new for "
         "every turn",
         f"{options.rounds} interleaved rounds; medians (quartiles); ratios are taken round by round; dumps and packs "
         "in the page cache; MB = 10^6 bytes",
         "requests, and MB sent and received, are the front's own count: the bodies of objects in either direction",
         "restores are those of a host that keeps nothing from the backups, to /dev/null"], kept="caches")
    if options.scale != 1:
        lines += [f"**A trial at scale {options.scale:g}: the bars are stated for scale 1.**", ""]
    return lines


def pack_section(packs, own, reference, cores):
    tables = PackTables(packs, own.name, cores)
    lines = [
        "## Packs", "",
        f"{packs.corpus.title}: {packs.corpus.bytes / MEGABYTE:.1f} MB, in {reference.pack_count} packs of together "
        f"{reference.pack_bytes / MEGABYTE:.1f} MB. lifeboat and restic read the stream, cut, seal and send it, and "
        "give it back verified; `lifeboat copy` and the bare loop move the finished packs. The loop's seconds are "
        "without the start of Python; down it drops what it gets, or writes it to files; it has as many threads as lifeboat, "
        f"{PUTS} up and {GETS} down. restic restores in two ways, and the faster one counts.", ""]
    for network in packs.networks:
        lines += [f"### {capital(network.title)}", "", *tables.details(network), ""]
    return lines


def series_section(series, own, restic, cores):
    tables = SeriesTables(series, own.name, restic.name, cores)
    sizes = ", ".join(f"{size / MEGABYTE:.1f}" for size in series.corpus.sizes.values())
    lines = [
        f"## {series.corpus.days} days of orders", "",
        f"{series.corpus.title}; {sizes} MB.", ""]
    for network in series.networks:
        lines += [f"### {capital(network.title)}", "", *tables.per_day(network), "", *tables.details(network), ""]
    return lines


def bar_section(packs, series, own, restic, cores):
    lines = ["## Bars", "", "| bar | network | value | limit | |", "|---|---|---|---|---|"]
    if packs:
        tables = PackTables(packs, own.name, cores)
        lines += tables.bars() + tables.memory()
    if series:
        tables = SeriesTables(series, own.name, restic.name, cores)
        lines += tables.outcomes() + tables.memory()
    return lines


def capital(text):
    return text[0].upper() + text[1:]


if __name__ == "__main__":
    main()
