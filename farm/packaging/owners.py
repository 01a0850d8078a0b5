"""Which packages have what a component's development files ask for by name.

pkg-config's names are written as they are. findlib, which OCaml's tools ask for libraries, has two
packages for each in Debian: ``findlib:NAME`` is the one with its META file, which programs load,
and ``findlib-dev:NAME`` the one that is compiled with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from farm.packaging.manifest import FINDLIB, Manifest

FINDLIB_DEVELOPMENT = "findlib-dev:"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_FILES = {
    "": ("*/pkgconfig/{}.pc", re.compile(r"/pkgconfig/([^/]+)\.pc$")),
    FINDLIB: ("*/ocaml/{}/META", re.compile(r"/ocaml/([^/]+)/META$")),
    FINDLIB_DEVELOPMENT: ("*/ocaml/{}/*.cmi", re.compile(r"/ocaml/([^/]+)/[^/]+\.cmi$")),
}
"""By the beginning of a name: where dpkg looks for its files, and the name in their paths."""


def asked_names(manifest: Manifest) -> list[str]:
    """What a component's own files want, sorted. Names that could be patterns are left out."""
    found = {name for f in manifest.files for name in (*f.requires, *f.requires_private)}
    found |= {development_name(name) for name in found}
    return sorted(name for name in found if _NAME.fullmatch(_split(name)[1]))


def development_name(name: str) -> str:
    """What has to be there to compile with what `name` means."""
    return FINDLIB_DEVELOPMENT + name.removeprefix(FINDLIB) if name.startswith(FINDLIB) else name


def search_pattern(name: str) -> str:
    """What ``dpkg-query --search`` is asked for to find the package of a name."""
    beginning, rest = _split(name)
    return _FILES[beginning][0].format(rest)


def parse_owners(text: str) -> dict[str, str]:
    """Name to package, from what ``dpkg-query --search`` printed of `search_pattern`."""
    owners = {}
    for line in text.splitlines():
        packages, colon, path = line.partition(": ")
        for name in _names_of(path) if colon else ():
            owners[name] = packages.partition(",")[0].partition(":")[0]
    return owners


def _split(name: str) -> tuple[str, str]:
    beginning = next((one for one in _FILES if one and name.startswith(one)), "")
    return beginning, name.removeprefix(beginning)


def _names_of(path: str) -> Iterable[str]:
    for beginning, (_, pattern) in _FILES.items():
        if found := pattern.search(path):
            yield beginning + found[1]
