"""A personnel database with pay history, and a table of digits such as load generators make, the same every time.

Each day changes 0.5 % of the names and of the rows of digits, gives 3 % of the people a pay rise, and appends and
deletes a few rows.
"""
import random
from datetime import date, timedelta

PEOPLE, ROWS = 250_000, 600_000
"""Rows of the first day at scale 1: a dump of about 242 MB."""
FIRST_DATE = date(1987, 6, 1)
FIRST_NUMBER = 10_001
NEW_PEOPLE = 300
"""People that come each day, at scale 1."""

GIVEN = (
    "Aino Alberto Anouk Arjun Asli Baptiste Berit Bogdan Cem Chiara Cornelis Dagny Dilip Dorota Eino Eszter Fabian "
    "Ferenc Gertrud Gustavo Haruka Ilse Ivo Jelena Joris Kaito Kirsi Leonor Ludmila Magnus Mireille Noor Orsolya Per "
    "Ragnhild Rosa Sigrid Tadeusz Ursula Wolfgang"
).split()
FAMILY = (
    "Achterberg Bellini Bergstrom Cavalcanti Czerny Delacroix Engstrom Fabbri Gallego Grabowski Hakala Hofstetter "
    "Iversen Jankovic Kallio Kristensen Lefebvre Lindqvist Maldonado Moretti Nakagawa Oberholzer Pellegrini "
    "Quintana Rasmussen Sandoval Stromberg Takahashi Vandenberg Wojcik Zamboni"
).split()
TITLES = ("Accountant", "Senior Buyer", "Clerk", "Head of Stock", "Assistant Buyer", "Shift Leader", "Director")

TABLES = """
SET foreign_key_checks = 0; SET unique_checks = 0; SET autocommit = 0;
CREATE TABLE people (
  number INT NOT NULL PRIMARY KEY, born DATE NOT NULL, given VARCHAR(14) NOT NULL, family VARCHAR(16) NOT NULL,
  sex ENUM('F', 'M') NOT NULL, hired DATE NOT NULL);
CREATE TABLE posts (
  number INT NOT NULL, post VARCHAR(50) NOT NULL, since DATE NOT NULL, until DATE, PRIMARY KEY (number, post, since));
CREATE TABLE pay (
  number INT NOT NULL, amount INT NOT NULL, since DATE NOT NULL, until DATE NOT NULL, PRIMARY KEY (number, since));
CREATE TABLE digits (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, k INT NOT NULL DEFAULT 0, c CHAR(120) NOT NULL DEFAULT '',
  pad CHAR(60) NOT NULL DEFAULT '', KEY k_1 (k));
"""


class Staff:
    """Writes the SQL of each day for the mariadb client; each day has a seed of its own."""

    def __init__(self, scale):
        self.people = max(100, int(PEOPLE * scale))
        self.rows = max(1000, int(ROWS * scale))
        self.newcomers = max(1, int(NEW_PEOPLE * scale))

    def day(self, day):
        """The lines that bring the database from the evening before to the evening of `day`; day 1 makes it."""
        return self.load() if day == 1 else self.change(day)

    def load(self):
        chance = random.Random("staff, day 1")
        numbers = range(FIRST_NUMBER, FIRST_NUMBER + self.people)
        yield TABLES
        yield from insert("people", (person(chance, number) for number in numbers))
        yield from insert("posts", (
            f"({number},'{chance.choice(TITLES)}','{some_date(chance, 0, 6000)}','9999-01-01')" for number in numbers))
        yield from insert("pay", (row for number in numbers for row in career(chance, number)))
        yield from insert("digits", (
            f"({number},{self.row_of_digits(chance)})" for number in range(1, self.rows + 1)), at_once=1000)
        yield "COMMIT;\n"

    def change(self, day):
        chance = random.Random(f"staff, day {day}")
        yield "SET autocommit = 0;\n"
        for _ in range(self.people // 200):
            yield f"UPDATE people SET family = '{chance.choice(FAMILY)}' WHERE number = {self.somebody(chance)};\n"
        today = date(2027, 1, 1) + timedelta(days=day)
        raised = sorted(chance.sample(range(FIRST_NUMBER, FIRST_NUMBER + self.people), self.people * 3 // 100))
        yield from insert("pay", (
            f"({number},{chance.randint(50_000, 150_000)},'{today}','9999-01-01')" for number in raised))
        first = FIRST_NUMBER + self.people + (day - 2) * self.newcomers
        yield from insert("people", (person(chance, number) for number in range(first, first + self.newcomers)))
        for _ in range(self.rows // 200):
            yield (
                f"UPDATE digits SET k = k + 1, c = '{groups(chance, 10)}' WHERE id = {chance.randint(1, self.rows)};\n")
        for _ in range(self.rows // 1000):
            yield f"DELETE FROM digits WHERE id = {chance.randint(1, self.rows)};\n"
        yield from insert("digits (k, c, pad)", (
            f"({self.row_of_digits(chance)})" for _ in range(self.rows // 500)))
        yield "COMMIT;\n"

    def somebody(self, chance):
        return FIRST_NUMBER + chance.randrange(self.people)

    def row_of_digits(self, chance):
        return f"{chance.randint(1, self.rows)},'{groups(chance, 10)}','{groups(chance, 5)}'"


def insert(table, rows, at_once=2000):
    """INSERT statements of many rows each."""
    some = []
    for row in rows:
        some.append(row)
        if len(some) == at_once:
            yield f"INSERT INTO {table} VALUES {','.join(some)};\n"
            some = []
    if some:
        yield f"INSERT INTO {table} VALUES {','.join(some)};\n"


def some_date(chance, least, most):
    return (FIRST_DATE + timedelta(days=chance.randint(least, most))).isoformat()


def groups(chance, count):
    """Groups of eleven random digits."""
    return "-".join(f"{chance.randrange(10**11):011d}" for _ in range(count))


def person(chance, number):
    return (
        f"({number},'{some_date(chance, -9000, 0)}','{chance.choice(GIVEN)}','{chance.choice(FAMILY)}',"
        f"'{chance.choice('FM')}','{some_date(chance, 0, 5000)}')")


def career(chance, number):
    """Four to fourteen years of pay."""
    amount, start = chance.randint(38_000, 70_000), FIRST_DATE + timedelta(days=chance.randint(0, 5000))
    for year in range(chance.randint(4, 14)):
        since, until = start + timedelta(days=365 * year), start + timedelta(days=365 * (year + 1))
        yield f"({number},{amount},'{since}','{until}')"
        amount += chance.randint(-200, 5000)
