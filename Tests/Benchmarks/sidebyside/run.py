"""lifeboat beside restic and borg on several days of changing databases, as one Markdown document."""
import json

from . import options as common
from .bars import Bars
from .contenders import Borg
from .corpora import KINDS, Cabinet
from .limits import Limits
from .machine import MEGABYTE, require_disk
from .processes import say
from .rounds import all_rounds
from .tables import Document

DESCRIPTION = """Measures lifeboat, restic and borg in turn on the same dumps and prints a Markdown document.

Each round, every contender makes a new encrypted repository in a local folder, stores the dumps of all days from
standard input, stores the last one again, and restores the last and the first to /dev/null. What comes back is checked
by its SHA-256 in an untimed pass before. Figures are medians with quartiles over the rounds."""


def main():
    parser = common.parser("run", DESCRIPTION, "size of the databases; 1 is 242 to 660 MB a dump (1)", days=5)
    parser.add_argument("--rounds", type=common.number(0), default=7, help="rounds; 0 makes the corpora only (7)")
    parser.add_argument("--warm-up", action="store_true", help="one more round before, which does not count")
    parser.add_argument("--only", type=corpora_named, default=list(KINDS), metavar="A,B", help=", ".join(KINDS))
    parser.add_argument("--stages", metavar="PATH", help="the program Stages (the one beside lifeboat, if there)")
    parser.add_argument("--raw", metavar="FILE", help="also write every sample as JSON, after each round")
    common.perform(work, parser.parse_args())


def corpora_named(text):
    names = text.split(",")
    for name in names:
        if name not in KINDS:
            raise common.argparse.ArgumentTypeError(f"{name} is none of {', '.join(KINDS)}")
    return list(dict.fromkeys(names))


def work(options, base, cores):
    cabinet = Cabinet(options.corpora, options.scale, options.days)
    require_disk([
        (options.corpora, cabinet.bytes_needed(options.only) + 200e6, "dumps, servers and borg 1.4"),
        (base, repository_bytes(options), "repositories")])
    contenders = program_list(base, options) if options.rounds > 0 else []
    corpora = cabinet.corpora(options.only)
    if not contenders:
        say(f"the corpora are in {options.corpora}")
        return
    limits = Limits(base, common.stages(options))

    def after_round(results):
        if options.raw:
            with open(options.raw, "w", encoding="utf-8") as file:
                json.dump({"samples": results.plain(), "stages": limits.reports}, file)

    results = all_rounds(corpora, contenders, limits, options.rounds, options.warm_up, after_round)
    print("\n".join(document(options, Document(results, corpora, contenders, limits), cores)))


def program_list(base, options):
    """lifeboat first, the peers, and the new borg with lz4 for the first day: faster, and larger."""
    own = common.lifeboat(base, options)
    others, new = common.peers(base, options)
    return [own, *others, Borg(base, new, "PyPI", "lz4", first_day_only=True)]


def repository_bytes(options):
    """The disk that the largest repository and the packed dumps take, generously."""
    return options.scale * 660e6 * (0.35 * (options.days + 2) + 1) + 200e6


def document(options, tables, cores):
    corpora = tables.corpora
    lines = common.header(
        "lifeboat beside restic and borg", options, tables.contenders, cores,
        [f"{options.rounds} interleaved rounds{', one more to warm up' if options.warm_up else ''}; medians "
         "(quartiles); ratios are taken round by round; dumps in the page cache; MB = 10^6 bytes"])
    if options.scale != 1:
        lines += [f"**A trial at scale {options.scale:g}: the bars are stated for scale 1.**", ""]
    for corpus in corpora:
        sizes = ", ".join(f"{size / MEGABYTE:.1f}" for size in corpus.sizes.values())
        lines.append(f"- {corpus.name}: {corpus.title}; {sizes} MB on days 1 to {corpus.days}; {corpus.server}")
    lines += ["", "## Beside the better peer", "",
              "The better peer is chosen for wall time, CPU seconds and stored bytes each by itself; borg with lz4 stores "
              "more and does not count. Wall times within 10 % are a tie, which CPU seconds decide.", ""]
    lines += tables.summary()
    for corpus in corpora:
        lines += ["", f"## {corpus.name}", "", *tables.details(corpus), "", *tables.days(corpus)]
    lines += ["", "## Physical limits on the same data", ""]
    for corpus in corpora:
        lines += [*tables.physical(corpus), ""]
    if tables.limits.reports:
        lines += ["lifeboat's stages by CPU time of one thread, on the second day's dump; deltas against the first's.", ""]
        for corpus in corpora:
            lines += [*tables.stages(corpus), ""]
    return lines + ["## Bars", "", *Bars(tables).markdown()]


if __name__ == "__main__":
    main()
