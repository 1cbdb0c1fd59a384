"""An order-processing database, the same every time: customers, orders with JSON items, events with JSON; UUID keys.

Each day appends 2 % of the first day's rows, updates 0.5 % of the rows at scattered places, and deletes 0.2 %.
"""
import json
import random
import uuid
from datetime import datetime, timedelta

CUSTOMERS, ORDERS, EVENTS = 150_000, 600_000, 700_000
"""Rows of the first day at scale 1: a plain dump of about 370 MB."""
FIRST_DAY = datetime(2025, 3, 1)
HISTORY_DAYS = 300
"""Over how many days the first day's rows are spread."""

GIVEN = (
    "Amara Anton Beatriz Bram Camille Carl Dana Deniz Elena Emil Farid Femke Giulia Goran Hana Henrik Ines Ismail Jana "
    "Joao Katrin Kofi Laila Lukas Malin Marek Nadia Nils Oksana Otto Paula Pavel Rania Ruben Selma Stefan Tamar Tomas "
    "Ulla Viktor Wanda Yara"
).split()
FAMILY = (
    "Abebe Almeida Andersson Bakker Barbosa Becker Bianchi Castro Demir Dimitrov Eriksen Farkas Fischer Fontaine "
    "Fernandes Gruber Haddad Hansen Horvat Ibrahim Jansen Jovanovic Kaya Keller Kovacs Larsen Lindberg Lopes Mancini "
    "Marino Mensah Meyer Nagy Nielsen Novotny Okafor Olsen Petrovic Pinto Popescu Richter Santos Schulz Silva Sorensen "
    "Visser Vogel Weiss Yildiz Zimmermann"
).split()
TOWNS = (
    "Aarhus Antwerp Basel Bergen Bilbao Bologna Bremen Bristol Brno Bruges Cologne Cork Dresden Gdansk Geneva Genoa "
    "Ghent Granada Graz Krakow Leipzig Linz Lyon Malmo Marseille Munich Nantes Odense Porto Poznan Rotterdam Salzburg "
    "Seville Split Tampere Trieste Turin Utrecht"
).split()
WORDS = (
    "a about after again all also and any arrived as ask at back bag because been before below blue bottle box bring "
    "broken but by call came can carton change check clean close code cold collect colour come could customer cut day "
    "deliver did different do door down driver early empty enough evening every fast few first floor for found friday "
    "from front full gate get gift give glass go good green had half hand has have heavy help her here him his home "
    "hour house how if in inside invoice is it item just keep key knock know label large last late later leave left "
    "letter light like long look lost made make many may missing monday more morning most move much name near need "
    "neighbour never new next night no not note now number of off office old on once one only open or order other our "
    "out over own pack paid paper parcel part phone place please point porter price put question quick rain ready red "
    "refund repair reply return right ring room round safe said same saw say second see send sent set she shelf ship "
    "shop short should side sign size small so some soon spare stairs still stock stop store street sunday table take "
    "tell than that the their them then there these they thing this three time to today together told tomorrow too top "
    "town tracking tuesday turn two under until up upon use voucher wait want warm was water way we week well went were "
    "what when where which while who will window with without work would wrap write wrong year yellow yes yesterday you "
    "your"
).split()
STATES = ("open", "billed", "billed", "sent", "sent", "closed", "closed", "closed", "void")
KINDS = (
    "view_page", "fill_basket", "begin_payment", "payment_made", "payment_refused", "sign_in", "sign_out", "find",
    "open_letter", "ask_refund")
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{0}.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_{0}) AppleWebKit/605.1.15 Version/17.4 Safari/605.1.15",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:{0}.0) Gecko/20100101 Firefox/{0}.0")

TABLES = """
CREATE TABLE customers (
  id integer PRIMARY KEY, key uuid NOT NULL UNIQUE, name text, mail text, phone text, address jsonb,
  joined timestamptz);
CREATE TABLE orders (
  id integer PRIMARY KEY, key uuid NOT NULL UNIQUE, customer integer NOT NULL, state text, total numeric(12,2),
  items jsonb, note text, changed timestamptz);
CREATE INDEX ON orders (customer);
CREATE TABLE events (
  key uuid PRIMARY KEY, number bigint, customer integer, kind text, detail jsonb, happened timestamptz);
CREATE INDEX ON events (customer);
"""


class Shop:
    """Writes the SQL of each day for psql; days have to be asked for in order, but each has a seed of its own."""

    def __init__(self, scale):
        self.first = [max(100, int(count * scale)) for count in (CUSTOMERS, ORDERS, EVENTS)]

    def day(self, day):
        """The lines that bring the database from the evening before to the evening of `day`; day 1 makes it."""
        return self.load() if day == 1 else self.change(day)

    def load(self):
        chance = random.Random("shop, day 1")
        customers, orders, events = self.first
        span = HISTORY_DAYS * 86_400
        yield TABLES
        yield from copy("customers", (
            customer(chance, number, FIRST_DAY, span) for number in range(1, customers + 1)))
        yield from copy("orders", (
            order(chance, number, customers, FIRST_DAY + timedelta(seconds=number * span / orders), 600)
            for number in range(1, orders + 1)))
        yield from copy("events", (
            event(chance, number, customers, FIRST_DAY + timedelta(seconds=number * span / events), 60)
            for number in range(1, events + 1)))
        yield "VACUUM ANALYZE;\n"

    def change(self, day):
        chance = random.Random(f"shop, day {day}")
        before = [count + (day - 2) * (count // 50) for count in self.first]
        after = [count + (day - 1) * (count // 50) for count in self.first]
        start = FIRST_DAY + timedelta(days=HISTORY_DAYS + day)
        yield "BEGIN;\n"
        yield from self.updates(chance, day, before, start)
        yield from self.deletions(day)
        yield from copy("customers", (
            customer(chance, number, start, 86_400) for number in range(before[0] + 1, after[0] + 1)))
        yield from copy("orders", (
            order(chance, number, before[0], start, 86_400) for number in range(before[1] + 1, after[1] + 1)))
        yield from copy("events", (
            event(chance, number, before[0], start, 86_400) for number in range(before[2] + 1, after[2] + 1)))
        yield "COMMIT;\n"
        # Room is used again as in a living database, and always at the same moment: autovacuum is off.
        yield "VACUUM ANALYZE;\n"

    @staticmethod
    def updates(chance, day, before, start):
        customers, orders, _ = before
        for _ in range(orders // 200):
            state = chance.choice(("billed", "sent", "closed", "returned"))
            yield (
                f"UPDATE orders SET state = '{state}', changed = '{moment(chance, start, 86_400)}' "
                f"WHERE id = {chance.randint(1, orders)};\n")
        for _ in range(customers // 200):
            yield f"UPDATE customers SET phone = '{phone(chance)}' WHERE id = {chance.randint(1, customers)};\n"
        yield (
            f"UPDATE events SET detail = detail || '{{\"read\": {day}}}' "
            f"WHERE mod(hashint8(number + {day})::bigint + 2147483648, 1000) < 5;\n")

    @staticmethod
    def deletions(day):
        for table, number in (("orders", "id"), ("events", "number")):
            yield f"DELETE FROM {table} WHERE mod(hashint8({number} - {day})::bigint + 2147483648, 1000) IN (500, 501);\n"


def copy(table, rows):
    """COPY in text form: one line a row."""
    yield f"COPY {table} FROM STDIN;\n"
    for row in rows:
        yield "\t".join(row) + "\n"
    yield "\\.\n"


def encoded(value):
    """JSON for COPY, which takes a backslash as the beginning of an escape."""
    return json.dumps(value).replace("\\", "\\\\")


def key(chance):
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def phone(chance):
    return f"+{chance.randrange(10**10, 10**11)}"


def moment(chance, start, seconds):
    return (start + timedelta(seconds=chance.random() * seconds)).isoformat(sep=" ", timespec="milliseconds")


def text(chance, least, most):
    return " ".join(chance.choices(WORDS, k=chance.randint(least, most)))


def customer(chance, number, start, seconds):
    given, family = chance.choice(GIVEN), chance.choice(FAMILY)
    mail = f"{given}.{family}{chance.randint(1, 99_999)}@mail.{chance.choice(('example', 'test', 'invalid'))}".lower()
    address = {
        "town": chance.choice(TOWNS), "street": f"{chance.randint(1, 999)} {chance.choice(FAMILY)} Rd",
        "code": f"{chance.randrange(100_000):05d}"}
    return (
        str(number), key(chance), f"{given} {family}", mail, phone(chance), encoded(address),
        moment(chance, start, seconds))


def order(chance, number, customers, start, seconds):
    items = [
        {"art": f"ART-{chance.randint(1, 50_000):06d}", "count": chance.randint(1, 5),
         "price": round(chance.random() * 300, 2)}
        for _ in range(chance.randint(1, 4))]
    total = sum(item["count"] * item["price"] for item in items)
    note = text(chance, 3, 14) if chance.random() < 0.5 else "\\N"
    return (
        str(number), key(chance), str(chance.randint(1, customers)), chance.choice(STATES), f"{total:.2f}",
        encoded(items), note, moment(chance, start, seconds))


def event(chance, number, customers, start, seconds):
    kind = chance.choice(KINDS)
    detail = {
        "ip": f"{chance.randint(1, 223)}.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randint(1, 254)}",
        "agent": chance.choice(AGENTS).format(chance.randint(90, 126)),
        "visit": f"{chance.getrandbits(64):016x}",
        "took": chance.randint(1, 5000),
        "find": text(chance, 1, 4) if kind == "find" else None}
    return (
        key(chance), str(number), str(chance.randint(1, customers)), kind, encoded(detail),
        moment(chance, start, seconds))
