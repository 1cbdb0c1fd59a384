"""borg 1.4 from PyPI, which is built in about a minute."""
import os

from .environments import environment
from .processes import Problem, output

REQUIREMENT = "borgbackup==1.4.*"


def program(folder, may_install):
    """The path of borg 1.4's program; builds it where it is missing and that is allowed."""
    return program_in(environment(folder, "borg-1.4", REQUIREMENT, works, may_install))


def program_in(path):
    return os.path.join(path, "bin", "borg")


def works(path):
    """Whether borg is there and runs."""
    try:
        return output(program_in(path), "--version").startswith("borg 1.4")
    except (OSError, Problem):
        return False
