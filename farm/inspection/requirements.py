"""Which pkg-config modules a tree asks for, and which it provides, read from its build files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

_BUILD_FILES = {
    "configure.ac": "autoconf",
    "configure.in": "autoconf",
    "meson.build": "meson",
    "CMakeLists.txt": "cmake",
    "Makefile": "make",
    "Makefile.am": "make",
    "Makefile.in": "make",
    "GNUmakefile": "make",
}
_MACROS = re.compile(
    r"\bPKG_(?:CHECK_MODULES(?:_STATIC)?|CHECK_EXISTS|HAVE_WITH_MODULES)"
    r"\s*\((?P<inside>[^)]*)\)"
)
_MESON = re.compile(r"\bdependency\s*\(\s*(?P<names>'[^')]*'(?:\s*,\s*'[^')]*')*)")
_MESON_OTHERS = frozenset(
    # Names that meson looks up in its own ways, which no pkg-config file needs to have.
    ("threads", "dl", "boost", "python3", "gtest", "gmock", "openmp", "mpi", "appleframeworks")
)
_CMAKE = re.compile(
    r"\bpkg_(?:check_modules|search_module)\s*\(\s*\w+\s+(?P<inside>[^)]*)\)", re.IGNORECASE
)
_CMAKE_WORDS = frozenset(
    ("REQUIRED", "QUIET", "NO_CMAKE_PATH", "NO_CMAKE_ENVIRONMENT_PATH", "IMPORTED_TARGET", "GLOBAL")
)
_MAKE = re.compile(r"\bpkg-?conf(?:ig)?\)?[ \t](?P<words>[^)`\n|;&]*)", re.IGNORECASE)
_RELATION = re.compile(r"\s*(?:[<>]=?|!?=)\s*[^\s,]+")
_MODULE = re.compile(r"[A-Za-z][A-Za-z0-9+._-]*$")
_COMMENT = re.compile(r"(?:^|\s)(?:#|dnl\b).*$", re.MULTILINE)
_FOREIGN = (".git", "subprojects", "third_party", "vendor", "tests", "test")
"""Directories whose files say nothing of what the component needs or offers."""
_DEPTH = 3


def required_modules(tree: Path) -> tuple[str, ...]:
    """The pkg-config modules that the tree's build files ask for, also optional ones, sorted."""
    own = set(provided_modules(tree))
    found = {
        name
        for path in build_files(tree)
        for name in modules_in(path.read_text(errors="replace"), _BUILD_FILES[path.name])
    }
    return tuple(sorted(found - own))


def provided_modules(tree: Path) -> tuple[str, ...]:
    """The pkg-config modules that the tree installs, as its templates and build files name them."""
    found = set()
    for path in _below(tree, _DEPTH):
        stem = re.match(r"(.+?)(?:-uninstalled)?\.pc(?:\.in|\.cmake|\.cmakein)*$", path.name)
        if stem:
            found.add(stem[1])
        elif path.name == "meson.build":
            text = path.read_text(errors="replace")
            found |= set(re.findall(r"\bfilebase\s*:\s*'([^'@]+)'", text))
    return tuple(sorted(found))


def modules_in(text: str, language: str) -> tuple[str, ...]:
    """The pkg-config modules that a build file asks for.

    :param language: ``autoconf``, ``meson``, ``cmake`` or ``make``.
    """
    plain = _COMMENT.sub("", text)
    match language:
        case "autoconf":
            names = _from_autoconf(plain)
        case "meson":
            quoted = " ".join(call["names"] for call in _MESON.finditer(plain))
            names = [n for n in re.findall(r"'([^']*)'", quoted) if n.lower() not in _MESON_OTHERS]
        case "cmake":
            inside = (word for c in _CMAKE.finditer(plain) for word in _words(c["inside"]))
            names = [word for word in inside if word not in _CMAKE_WORDS]
        case _:
            asked = (c["words"] for c in _MAKE.finditer(plain) if "--" in c["words"])
            names = [word for words in asked for word in _words(words) if word[0] != "-"]
    return tuple(dict.fromkeys(name for name in names if _MODULE.match(name)))


def build_files(tree: Path) -> Iterator[Path]:
    """The files of a tree that say how it is built; generated and bundled ones are left out."""
    for path in _below(tree, _DEPTH):
        made = path.name == "Makefile.in" and path.with_name("Makefile.am").exists()
        if path.name in _BUILD_FILES and not made:
            yield path


def _from_autoconf(text: str) -> list[str]:
    names = []
    for call in _MACROS.finditer(text):
        arguments = [one.strip().strip("[]").strip() for one in _arguments(call["inside"])]
        first = 0 if "CHECK_EXISTS" in call[0] else 1
        names += [word for argument in arguments[first : first + 1] for word in _words(argument)]
    return names


def _arguments(inside: str) -> list[str]:
    """The arguments of a macro; a comma in brackets parts none."""
    return re.findall(r"(?:\[[^\]]*\]|[^,\[])+", inside)


def _words(text: str) -> Iterable[str]:
    unquoted = re.sub(r"[\"'\[\]]", " ", text)
    return [PurePosixPath(w).name for w in re.split(r"[\s,]+", _RELATION.sub("", unquoted)) if w]


def _below(directory: Path, depth: int) -> Iterator[Path]:
    for path in sorted(directory.iterdir()):
        if path.is_symlink():
            continue
        if path.is_file():
            yield path
        elif depth and path.is_dir() and path.name not in _FOREIGN:
            yield from _below(path, depth - 1)
