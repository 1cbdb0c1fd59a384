"""Programs from PyPI, each in a virtual environment of its own beside the corpora, made once and kept."""
import os
import shutil

from .processes import Problem, quiet, say

PYTHON = "/usr/bin/python3"


def environment(folder, name, requirement, works, may_install):
    """The folder of a virtual environment; makes it where `works(folder)` says no and that is allowed.

    After an upgrade of Python an environment may work no longer, so this is asked every time.
    """
    path = os.path.join(folder, name)
    if works(path):
        return path
    if not may_install:
        raise Problem(f"there is no {requirement} in {path}: run once without --skip-install")
    say(f"installing {requirement} in {path}")
    shutil.rmtree(path, ignore_errors=True)
    try:
        quiet(PYTHON, "-m", "venv", path)
        quiet(os.path.join(path, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check", requirement)
        if not works(path):
            raise Problem(f"{requirement} was installed in {path} and does not run")
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
    return path
