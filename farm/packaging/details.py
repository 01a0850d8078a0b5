"""What a component's tree says of itself: licence, copyright, readme, age of its ./configure."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from farm.buildsystem import BuildSystem, Kind, recognise
from farm.packaging.manifest import interpreter_of

_LICENCES = re.compile(r"^(?:COPYING|(?:UN)?LICEN[CS]E)(?:[._-][^/]*)?$|^LICENSES$", re.IGNORECASE)
_READMES = re.compile(r"^(?:README|AUTHORS|NEWS)(?:\.(?:md|rst|txt))?$")
_NOTICE = re.compile(
    r"^[\s#*;/]*(?:copyright\b[^\n]*?|\(c\)\s*|©\s*)(?P<rest>(?:\(c\)|©)?\s*\d{4}\b.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_UNSAFE_NAME = re.compile(r"[^A-Za-z0-9._+-]")
MAX_LICENCE_LINES = 60
"""A longer text is not copied into debian/copyright; it lies in the source package."""
NO_SYSTEM = BuildSystem(Kind.UNKNOWN)


@dataclass(frozen=True)
class TreeDetails:
    """What packages say about their source; empty where the tree says nothing."""

    licence_files: tuple[str, ...] = ()
    """Names of files at the top of the tree."""
    readme_files: tuple[str, ...] = ()
    copyright: tuple[str, ...] = ()
    """``2001-2004 Xiph.Org Foundation``: notices without the word Copyright."""
    licence_text: str = ""
    """A short licence in full, empty when it is long."""
    modern_configure: bool = False
    """./configure is of autoconf 2.70 or knows its options, such as --runstatedir."""
    needs_autoreconf: bool = False
    """There is no ./configure yet, but what autoreconf makes it from."""
    system: BuildSystem = NO_SYSTEM
    python_backend: str = ""
    """The build backend that pyproject.toml names."""
    unversioned_python: bool = False
    """Some script of the tree is run by ``python``, which distributions do not have any more."""


NO_DETAILS = TreeDetails()


def is_licence(name: str) -> bool:
    """Whether a file of that name at the top of a tree is a licence."""
    return _LICENCES.match(name) is not None


def tree_details(tree: Path) -> TreeDetails:
    """Read a tree's top directory."""
    names = sorted(p.name for p in tree.iterdir() if p.is_file() and not p.is_symlink())
    safe = [name for name in names if not _UNSAFE_NAME.search(name)]
    licences = tuple(name for name in safe if is_licence(name))
    readmes = tuple(n for n in safe if _READMES.match(n) and (tree / n).stat().st_size)
    texts = {name: _read(tree / name) for name in licences + readmes}
    text = texts[licences[0]].strip() if licences else ""
    return TreeDetails(
        licences,
        readmes,
        _notices("\n".join(texts.values())),
        text if len(text.splitlines()) <= MAX_LICENCE_LINES else "",
        (tree / "configure").is_file() and "--runstatedir" in _read(tree / "configure"),
        (tree / "configure.ac").is_file() and not (tree / "configure").is_file(),
        recognise(tree),
        _python_backend(tree / "pyproject.toml"),
        _has_unversioned_python(tree),
    )


def _has_unversioned_python(tree: Path) -> bool:
    return any(interpreter_of(file) == "python" for file in _scripts(tree))


def _scripts(tree: Path) -> Iterator[Path]:
    """Files that may be scripts, or what scripts are made from."""
    for folder, folders, names in os.walk(tree):
        folders[:] = [name for name in folders if name != ".git"]
        for name in names:
            file = Path(folder, name)
            named_so = name.endswith((".py", ".in")) or "." not in name
            if named_so and not file.is_symlink() and file.is_file():
                yield file


def _python_backend(pyproject: Path) -> str:
    if not pyproject.is_file():
        return ""
    try:
        system = tomllib.loads(_read(pyproject)).get("build-system", {})
    except tomllib.TOMLDecodeError:
        return ""
    backend = system.get("build-backend") if isinstance(system, dict) else None
    return backend if isinstance(backend, str) else ""


def _read(file: Path) -> str:
    return _CONTROL.sub("", file.read_text(errors="replace"))


def _notices(text: str) -> tuple[str, ...]:
    """Copyright notices; those of the GNU licences' own texts say nothing about the component."""
    found = []
    for notice in _NOTICE.finditer(text):
        line = re.sub(r"^(?:\(c\)|©)\s*", "", notice["rest"].strip(), flags=re.IGNORECASE)
        line = re.sub(r"[\s.]*\ball rights reserved\b.*$", "", line, flags=re.IGNORECASE)
        if "Free Software Foundation" not in line:
            found.append(" ".join(line.split()))
    return tuple(dict.fromkeys(found))
