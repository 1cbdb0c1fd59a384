"""borg 1.4 from PyPI, built once into a virtual environment beside the corpora."""
import os
import shutil

from .processes import Problem, output, quiet, say

REQUIREMENT = "borgbackup==1.4.*"
PYTHON = "/usr/bin/python3"


def program(folder, may_install):
    """The path of borg 1.4's program; builds it (about a minute) where it is missing and that is allowed."""
    environment = os.path.join(folder, "borg-1.4")
    path = os.path.join(environment, "bin", "borg")
    if works(path):
        return path
    if not may_install:
        raise Problem(f"there is no borg 1.4 in {environment}: run once without --skip-install")
    say(f"building {REQUIREMENT} in {environment}")
    shutil.rmtree(environment, ignore_errors=True)
    try:
        quiet(PYTHON, "-m", "venv", environment)
        quiet(os.path.join(environment, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check", REQUIREMENT)
        if not works(path):
            raise Problem(f"{path} was built and does not run")
    except BaseException:
        shutil.rmtree(environment, ignore_errors=True)
        raise
    return path


def works(path):
    """Whether a program is there and runs; after an upgrade of Python it may no longer."""
    try:
        return output(path, "--version").startswith("borg 1.4")
    except (OSError, Problem):
        return False
