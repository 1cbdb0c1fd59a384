"""Living databases: a private server, a generator, and what can be dumped on the evening of each day."""

from .processes import quiet, say
from .servers import MariaDB, PostgreSQL
from .shop import Shop
from .staff import Staff

PGBENCH_SCALE = 40
"""pgbench's own scale at scale 1: four million accounts, a plain dump of about 390 MB."""


class Source:
    """A database that lives day by day; a context manager, for it runs a server.

    `forms` are the kinds of dumps: the beginning of the file name and the bytes of day 1 at scale 1.
    """

    name = ""
    forms = {}
    server_bytes = 0
    growth = 0.02
    """By how much a dump grows a day at most, as a part of the first."""
    modules = ()
    """The files that decide what the dumps hold."""

    def __init__(self, scale, scratch):
        self.scale = scale
        self.scratch = scratch
        self.server = None
        self.today = 0

    def __enter__(self):
        self.server = self.make_server().__enter__()
        return self

    def __exit__(self, *problem):
        self.server.__exit__(*problem)

    def to_next_day(self):
        """Lives one day: the first fills the database."""
        self.today += 1
        say(f"{self.name}: day {self.today}")
        self.live(self.today)

    def live(self, day):
        self.server.sql(self.generator.day(day))

    def dump(self, form, path):
        """Writes today's dump of one form."""
        assert form in self.forms
        self.server.dump(path)

    @classmethod
    def bytes_needed(cls, scale, days):
        """The disk that all dumps of all days take, about, and a server while they are made."""
        dumps = sum(size * scale * (days + cls.growth * days * (days - 1) / 2) for size in cls.forms.values())
        return int(dumps), int(cls.server_bytes * scale + cls.growth * cls.server_bytes * scale * days + 600e6)


class OrdersSource(Source):
    """The order-processing database on PostgreSQL."""

    name = "orders"
    forms = {"plain": 370e6}
    server_bytes = 800e6
    modules = ("shop.py",)

    def make_server(self):
        self.generator = Shop(self.scale)
        return PostgreSQL(self.scratch, "shop", ["autovacuum=off"])


class PgbenchSource(Source):
    """pgbench's four tables; one in a hundred accounts is changed each day. pgbench's clock makes dumps differ a little."""

    name = "pgbench"
    forms = {"plain": 390e6, "base": 660e6}
    server_bytes = 700e6
    growth = 0.008

    def make_server(self):
        return PostgreSQL(self.scratch, "bench", ["wal_level=replica", "max_wal_senders=4"])

    def live(self, day):
        scale = max(1, round(PGBENCH_SCALE * self.scale))
        if day == 1:
            self.pgbench("-i", "-s", str(scale))
        else:
            changes = 100_000 * scale // 100
            self.pgbench("-n", "-c", "2", "-j", "2", f"--random-seed={2000 + day}", "-t", str(changes // 2))
        self.server.sql(["CHECKPOINT;\n"])

    def pgbench(self, *arguments):
        quiet(*self.server.client("pgbench", "-q" if "-i" in arguments else "-n", *arguments, "bench"),
              environment=self.server.environment())

    def dump(self, form, path):
        if form == "base":
            self.server.base_backup(path)
        else:
            super().dump(form, path)


class StaffSource(Source):
    """The personnel database on MariaDB."""

    name = "mariadb"
    forms = {"dump": 242e6}
    server_bytes = 600e6
    growth = 0.003
    modules = ("staff.py",)

    def make_server(self):
        self.generator = Staff(self.scale)
        return MariaDB(self.scratch, "staff")


SOURCES = {source.name: source for source in (OrdersSource, PgbenchSource, StaffSource)}
