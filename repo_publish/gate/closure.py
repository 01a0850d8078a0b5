"""Which of a Debian suite's packages can matter to some names: those that they lead to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from debian.debian_support import version_compare

from repo_publish.paragraphs import read_paragraphs

Fields = Mapping[str, str]
"""The fields of a package that say what can be installed together."""

IDENTITY = ("Package", "Version", "Architecture", "Multi-Arch", "Essential")
NEEDS = ("Pre-Depends", "Depends")
RELATIONS = (*NEEDS, "Conflicts", "Breaks", "Provides")
BUILD_NEEDS = ("Build-Depends", "Build-Depends-Arch", "Build-Depends-Indep")
BUILD_RELATIONS = (
    *BUILD_NEEDS,
    *("Build-Conflicts", "Build-Conflicts-Arch", "Build-Conflicts-Indep"),
)
WANTED = (*IDENTITY, *RELATIONS, *BUILD_RELATIONS)

_NAMES = re.compile(r"(?:^|[,|])\s*([a-z0-9][a-z0-9+.-]+)")


def needed_names(fields: Fields) -> set[str]:
    """Every package name in the relations that a package needs fulfilled."""
    values = (fields[name] for name in (*NEEDS, *BUILD_NEEDS) if name in fields)
    return {name for value in values for name in _NAMES.findall(value)}


def provided_names(fields: Fields) -> list[str]:
    """Every name that a package provides beside its own."""
    return _NAMES.findall(fields.get("Provides", ""))


def newest(indices: Iterable[Path]) -> dict[str, Fields]:
    """The newest version of each name in Packages files, which is the one that apt takes."""
    found: dict[str, Fields] = {}
    for path in indices:
        for fields in read_paragraphs(path, (*IDENTITY, *RELATIONS)):
            other = found.get(fields["Package"])
            if other is None or version_compare(fields["Version"], other["Version"]) > 0:
                found[fields["Package"]] = fields
    return found


def closure(packages: Mapping[str, Fields], names: Iterable[str]) -> tuple[set[str], list[Fields]]:
    """The names that `names` lead to through what is needed, and the packages that have them.

    Whether something that needs only `names` can be installed is the same with these packages as
    with all of them: no other package can be of help, and one that nobody needs does not have to
    be installed. Essential packages are always among them.

    :param packages: by name.
    """
    providers: dict[str, list[str]] = {}
    for package, fields in packages.items():
        for name in provided_names(fields):
            providers.setdefault(name, []).append(package)
    essential = (n for n, fields in packages.items() if fields.get("Essential") == "yes")
    seen: set[str] = set()
    todo = [*names, *essential]
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        todo += providers.get(name, ())
        if name in packages:
            todo += needed_names(packages[name])
    return seen, [packages[name] for name in sorted(seen & packages.keys())]


def paragraphs(packages: Iterable[Fields]) -> str:
    """A Packages (or Sources) file of these packages."""
    return "\n".join(
        "".join(f"{name}: {value}\n" for name, value in fields.items()) for fields in packages
    )
