"""Objects up and down a bucket with boto3 and threads, and nothing else. Run by a Python that has boto3:

    bareloop.py create BUCKET
    bareloop.py total BUCKET                            objects and bytes
    bareloop.py up BUCKET STYLE THREADS FOLDER          every file below a folder, under its path
    bareloop.py down BUCKET STYLE THREADS [FOLDER]      every object of the bucket, dropped once it is in memory, or
                                                        written to a file of a folder

STYLE is `signed`: the body's SHA-256 is in the signature and nothing else is computed, which is the work that every
client has that sends signed bodies; or `default`: what boto3 does unless told otherwise. Where the store is and the
credentials come from the environment. Prints JSON. Seconds are those of the loop: Python, boto3's import, and the list
of names are ready when it begins.
"""
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

SIGNED = {"request_checksum_calculation": "when_required", "response_checksum_validation": "when_required"}


def client(style="default", threads=1):
    s3 = {"addressing_style": "path"}
    more = {}
    if style == "signed":
        s3["payload_signing_enabled"] = True
        more = SIGNED
    return boto3.client("s3", config=Config(s3=s3, max_pool_connections=threads, **more))


def listed(bucket):
    pages = client().get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return [(entry["Key"], entry["Size"]) for page in pages for entry in page.get("Contents", ())]


def create(bucket):
    client().create_bucket(Bucket=bucket)
    return {}


def total(bucket):
    found = listed(bucket)
    return {"objects": len(found), "bytes": sum(size for _, size in found)}


def up(bucket, style, threads, folder):
    paths = sorted(os.path.join(base, name) for base, _, names in os.walk(folder) for name in names)
    store = client(style, int(threads))

    def put(path):
        with open(path, "rb") as file:
            body = file.read()
        store.put_object(Bucket=bucket, Key=os.path.relpath(path, folder), Body=body)
        return len(body)

    return timed(put, paths, int(threads))


def down(bucket, style, threads, folder=None):
    names = [name for name, _ in listed(bucket)]
    store = client(style, int(threads))

    def get(name):
        body = store.get_object(Bucket=bucket, Key=name)["Body"].read()
        if folder:
            with open(os.path.join(folder, os.path.basename(name)), "xb") as file:
                file.write(body)
        return len(body)

    return timed(get, names, int(threads))


def timed(work, items, threads):
    start, cpu = time.monotonic(), time.process_time()
    with ThreadPoolExecutor(threads) as pool:
        bytes_ = sum(pool.map(work, items))
    return {
        "seconds": time.monotonic() - start, "cpu": time.process_time() - cpu, "objects": len(items), "bytes": bytes_}


if __name__ == "__main__":
    verbs = {"create": create, "total": total, "up": up, "down": down}
    print(json.dumps(verbs[sys.argv[1]](*sys.argv[2:])))
