"""The rounds over a bucket: in each, every contender in turn has a new store to itself, near and then far away."""
import statistics
from contextlib import ExitStack
from typing import NamedTuple

from .cluster import Counters
from .machine import warm
from .processes import Usage, say
from .proxy import Proxy
from .remote import LABEL

UP, DOWN = "upload", "download"


class Network(NamedTuple):
    """The way between clients and the store: how many milliseconds a round trip takes longer."""

    milliseconds: float

    @property
    def title(self):
        return f"{self.milliseconds:g} ms added to each round trip" if self.milliseconds else "no time added"


class Transfer(NamedTuple):
    """One step: what the client took, what the store did meanwhile, what the proxy took, and what the bucket holds then
    where that was asked for."""

    usage: Usage
    service: Counters
    proxy: float | None
    stored: int | None


class Results:
    """All transfers by network, contender (or one of its rows) and step; one each round."""

    def __init__(self):
        self.transfers = {}

    def add(self, network, row, step, transfer):
        self.transfers.setdefault((network, row, step), []).append(transfer)

    def of(self, network, row, step):
        return self.transfers.get((network, row, step), [])

    def plain(self):
        """Everything as values for JSON."""
        return [
            {"network": network.title, "row": row, "step": step, "usage": transfer.usage._asdict(),
             "service": transfer.service._asdict(), "proxy": transfer.proxy, "stored": transfer.stored}
            for (network, row, step), transfers in self.transfers.items() for transfer in transfers]


class Turn:
    """One contender on one network with a new store. A context manager: nothing of it is left."""

    def __init__(self, cluster, contender, network, proxy_program):
        self.cluster, self.contender, self.network, self.proxy_program = cluster, contender, network, proxy_program
        self.proxy = None
        self.stack = ExitStack()

    def __enter__(self):
        with ExitStack() as stack:
            self.cluster.renew()
            # The bucket is made, and checks are done, over the same way.
            endpoint = self.cluster.place("").endpoint
            if self.network.milliseconds:
                self.proxy = stack.enter_context(Proxy(self.proxy_program, endpoint, self.network.milliseconds))
                endpoint = self.proxy.endpoint
            stack.callback(self.contender.remove)
            self.contender.move(self.cluster.place("benchmark", endpoint))
            self.contender.prepare()
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def measured(self, work, stores=False):
        """Calls `work`, which gives a usage, between two looks at the store."""
        self.cluster.settle()
        before, proxy_before = self.cluster.counters(), self.proxy_cpu()
        usage = work()
        service = self.cluster.counters().since(before)
        proxy = None if proxy_before is None else self.proxy_cpu() - proxy_before
        return Transfer(usage, service, proxy, self.contender.stored() if stores else None)

    def proxy_cpu(self):
        return None if self.proxy is None else self.proxy.cpu()


class Rounds:
    """What both parts have in common: networks, contenders, results, and whose turn it is."""

    def __init__(self, cluster, contenders, networks, proxy_program):
        self.cluster, self.contenders, self.networks = cluster, contenders, networks
        self.proxy_program = proxy_program
        self.results = Results()

    def round(self, number, of):
        for network in self.networks:
            turn = number % len(self.contenders)
            for contender in self.contenders[turn:] + self.contenders[:turn]:
                with Turn(self.cluster, contender, network, self.proxy_program) as place:
                    self.take(place, contender, network, number)
                say(f"round {number} of {of}, {network.title}: {self.name}, {contender.name}")

    def median(self, network, row, step, value):
        """The median of a value of a row's transfers; None where there are none."""
        found = [value(transfer) for transfer in self.results.of(network, row, step)]
        return statistics.median(found) if found else None


class PackRounds(Rounds):
    """One stream up and down."""

    name = "packs"

    def __init__(self, corpus, *rest):
        super().__init__(*rest)
        self.corpus = corpus

    def rows(self, step):
        """The rows that have a step: a contender may bring things back in several ways."""
        if step == UP:
            return [contender.name for contender in self.contenders]
        return [row for contender in self.contenders for row, _ in contender.downloads()]

    def take(self, turn, contender, network, number):
        warm(self.corpus.paths[1])
        up = turn.measured(lambda: contender.upload(self.corpus))
        self.results.add(network, contender.name, UP, up)
        for row, work in contender.downloads():
            contender.forget()
            self.results.add(network, row, DOWN, turn.measured(work))
        verify(contender, LABEL, self.corpus.digests[1], number)


class SeriesRounds(Rounds):
    """The days of a database one after the other, then the last one back."""

    name = "series"

    def __init__(self, corpus, *rest):
        super().__init__(*rest)
        self.corpus = corpus

    def take(self, turn, contender, network, number):
        for day, path in self.corpus.paths.items():
            warm(path)
            is_last = day == self.corpus.days
            step = turn.measured(lambda: contender.backup(f"day-{day}", path), stores=is_last)
            self.results.add(network, contender.name, f"day {day}", step)
        contender.forget()
        last = f"day-{self.corpus.days}"
        step = turn.measured(lambda: contender.restore(last))
        self.results.add(network, contender.name, DOWN, step)
        verify(contender, last, self.corpus.digests[self.corpus.days], number)


def verify(contender, label, sha256, number):
    """lifeboat's bytes are compared in every round, the others', which take long to come, in the first."""
    if number == 1 or contender.name == "lifeboat":
        contender.check(label, sha256)
