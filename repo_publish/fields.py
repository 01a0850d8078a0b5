"""Texts that packages say of themselves: what of them may go into indices, paths and pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

MAX_NAME = 128
"""Characters of a package's name; the longest in Debian has some seventy."""
MAX_VERSION = 128
MAX_FIELD = 256 * 1024
"""Characters of any other field; the list of Linux's packages has some hundred thousand."""
MAX_PATH = 4096
SHOWN = 60

_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffd]"
)
"""Control characters, those that end a line or turn text around, and what was not UTF-8. Tabs and
line feeds are for the caller to judge."""


def field_problems(
    where: str, fields: Mapping[str, str], *, one_line: Iterable[str] = ()
) -> list[str]:
    """What is wrong with the texts of a package's fields.

    :param where: the file that has them, for messages.
    :param one_line: names of fields that may not go on in a second line.
    """
    single = set(one_line)
    problems = []
    for name, text in fields.items():
        if not name.isascii() or not name.isprintable():
            problems.append(f"{where}: {name[:SHOWN]!r} is not the name of a field")
        elif len(text) > MAX_FIELD:
            problems.append(f"{where}: {name} is {len(text)} characters long")
        elif found := _UNPRINTABLE.search(text):
            problems.append(f"{where}: {name} has the character {found.group()!r}")
        elif name in single and "\n" in text:
            problems.append(f"{where}: {name} has more than one line")
    return problems


def path_problems(where: str, paths: Iterable[str]) -> list[str]:
    """What is wrong with the paths that a package installs."""
    problems = []
    for path in paths:
        if not path.startswith("/") or ".." in path.split("/"):
            problems.append(f"{where}: installs {path[:SHOWN]!r}")
        elif "\n" in path or "\t" in path or _UNPRINTABLE.search(path) or len(path) > MAX_PATH:
            problems.append(f"{where}: installs a path with odd characters: {path[:SHOWN]!r}")
    return problems


def shown(text: str) -> str:
    """A text from a package in a message: quoted, and not longer than a line."""
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")
