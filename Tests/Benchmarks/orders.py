#!/usr/bin/python3
"""Prints a dump of an order-processing database: UUIDs, JSON, free text, timestamps. Same seed, same bytes.

  orders.py MEBIBYTES [SEED]
"""
import json
import random
import sys
import uuid

WORDS = (
    "deliver before noon leave at the door call first fragile gift wrap invoice separate customer asked again about "
    "the blue one replacement for damaged item second attempt no answer neighbour took it paid in advance refund "
    "pending warehouse north south express standard pallet oversized battery cold chain keep upright do not bend"
).split()
CITIES = "Aachen Bergen Cadiz Delft Essen Faro Ghent Halle Izmir Jena Kassel Lille Malmo Nantes Oulu Porto".split()
STATES = ["new", "paid", "picked", "shipped", "delivered", "returned"]


def order(rng, number):
    placed = 1_700_000_000 + number * 7 + rng.randrange(7)
    items = [
        {
            "sku": f"SKU-{int(rng.paretovariate(0.7)) % 50_000:05d}",
            "quantity": 1 + int(rng.expovariate(1)),
            "price": rng.randrange(99, 99_999) / 100,
        }
        for _ in range(1 + int(rng.expovariate(0.7)))
    ]
    note = " ".join(rng.choices(WORDS, k=rng.randrange(0, 24)))
    detail = {"items": items, "ship_to": {"city": rng.choice(CITIES), "zip": f"{rng.randrange(100_000):05d}"}}
    return "\t".join((
        str(number),
        str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        str(int(rng.paretovariate(0.5)) % 2_000_000),
        rng.choices(STATES, weights=(1, 2, 1, 3, 20, 1))[0],
        str(placed),
        json.dumps(detail, separators=(",", ":")),
        note or "\\N",
    ))


def main():
    wanted = int(sys.argv[1]) << 20
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    out = sys.stdout
    written = out.write("COPY orders (id, key, customer, state, placed, detail, note) FROM stdin;\n")
    number = 0
    while written < wanted:
        number += 1
        written += out.write(order(rng, number) + "\n")
    out.write("\\.\n\n-- dump complete\n")


main()
