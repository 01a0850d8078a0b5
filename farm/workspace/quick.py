"""The answer to "is anything to do?", from one file and one stat for each path that decides it.

Most builds of a workspace find nothing to do, and most of their time would go into starting. So a
build that leaves everything up to date writes down every path that this depends on, with its stat.
While all of them are as they were, and so is everything else that was asked with, nothing is to be
done; anything else is answered by looking properly.

Only what Python loads in no time is imported here.
"""

from __future__ import annotations

import json
import os
from _blake2 import blake2b

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from typing import Any

FORMAT = 1
STATE = ".farm"
FILE = f"{STATE}/quick.json"
COMMANDS = ("build", "install", "reinstall")
"""Commands that have nothing to do when everything is up to date."""
HARMLESS = ("--offline", "--yes", "-y")
"""Options that change nothing about that."""


def answer(arguments: list[str], environment: Mapping[str, str]) -> int:
    """How many components are up to date when the command has nothing to do; otherwise 0."""
    if not arguments or arguments[0] not in COMMANDS:
        return 0
    names = [one for one in arguments[1:] if one not in HARMLESS]
    if any(name.startswith("-") for name in names) or (not names and arguments[0] != "build"):
        return 0
    root = environment.get("FARM_WORKSPACE") or _above(environment.get("PWD") or os.getcwd())
    return is_current(root, names, environment) if root else 0


def nothing_to_do(count: int) -> str:
    """What is said when everything is up to date."""
    return f"nothing to do: {count} component{'' if count == 1 else 's'} up to date"


def is_current(root: str, names: Collection[str], environment: Mapping[str, str]) -> int:
    """How many components are up to date, all that was asked for; 0 when that is not certain.

    :param names: components that were asked for; none for all that are checked out.
    """
    try:
        here = os.open(".", os.O_RDONLY)
        try:
            with open(f"{root}/{FILE}", "rb") as file:
                kept = json.loads(file.read())
            os.chdir(root)
            return _count(kept, names, environment)
        finally:
            os.fchdir(here)
            os.close(here)
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _count(kept: Any, names: Collection[str], environment: Mapping[str, str]) -> int:
    if kept["format"] != FORMAT or kept["context"] != context(environment, kept["variables"]):
        return 0
    if signature_of(kept["paths"]) != kept["signature"]:
        return 0
    components = kept["components"]
    waiting = list(names or kept["all"])
    wanted = set(waiting)
    while waiting:
        one = components[waiting.pop()]
        if signature_of(one["paths"], one["installed"]) != one["signature"]:
            return 0
        new = [name for name in one["depends"] if name not in wanted]
        wanted.update(new)
        waiting += new
    return len(wanted)


def signature_of(paths: Iterable[str], installed: Iterable[str] = ()) -> str:
    """One digest of the stats of all paths.

    Of a directory, whose path ends in a slash, only its entries count. Of installed files it does
    not count when they were linked last: the views that builds are shown are made of links.
    """
    digest = blake2b(digest_size=16)
    stat, add = os.lstat, digest.update
    for path in paths:
        try:
            s = stat(path)
        except OSError:
            add(b"-")
            continue
        if path[-1] == "/":
            add(b"%d %d\n" % (s.st_mtime_ns, s.st_ino))
        else:
            add(
                b"%d %d %d %d %d\n" % (s.st_mtime_ns, s.st_ctime_ns, s.st_size, s.st_ino, s.st_mode)
            )
    for path in installed:
        try:
            s = stat(path)
        except OSError:
            add(b"-")
            continue
        add(b"%d %d %d %d\n" % (s.st_mtime_ns, s.st_size, s.st_ino, s.st_mode))
    return digest.hexdigest()


def context(environment: Mapping[str, str], variables: Iterable[str]) -> list[str]:
    """What of the environment decides builds."""
    return [environment.get(name, "") for name in variables]


def _above(start: str) -> str:
    place = start
    while place:
        if os.path.exists(f"{place}/{STATE}/workspace.json"):
            return place
        place = place.rpartition("/")[0]
    return ""
