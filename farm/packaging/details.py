"""What a component's tree says of itself: licence, copyright, readme, age of its ./configure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

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
    )


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
