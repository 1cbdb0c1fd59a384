"""boto3 from PyPI, for the bare loop and for buckets; this program itself stays without it."""
import json
import os

from .environments import environment
from .processes import Problem, output

REQUIREMENT = "boto3==1.43.*"
LOOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bareloop.py")


class Boto:
    """A Python that has boto3, and what it does with buckets while no clock runs."""

    def __init__(self, folder, may_install):
        path = environment(folder, "boto3-1.43", REQUIREMENT, works, may_install)
        self.python = python_in(path)
        self.version = "boto3 " + output(self.python, "-c", "import boto3; print(boto3.__version__)").strip()

    def command(self, *arguments):
        """A call of the bare loop's program."""
        return [self.python, LOOP, *arguments]

    def create(self, place):
        """Makes the bucket of a place."""
        output(*self.command("create", place.bucket), environment=place.environment())

    def stored(self, place):
        """The bytes of all objects in the bucket of a place."""
        return json.loads(output(*self.command("total", place.bucket), environment=place.environment()))["bytes"]


def python_in(path):
    return os.path.join(path, "bin", "python")


def works(path):
    try:
        return output(python_in(path), "-c", "import boto3; print(boto3.__version__)").startswith("1.43.")
    except (OSError, Problem):
        return False
