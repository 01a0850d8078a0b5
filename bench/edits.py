"""Commits of every kind to real components of the demo's stack, for real builds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.commit_kinds import Kind

Edit = Callable[[Path], None]
"""Changes files of a component's tree."""


@dataclass(frozen=True)
class Commit:
    """What somebody commits to a component."""

    kind: Kind
    what: str
    edit: Edit
    tag: str = ""
    component: str = "libogg"


def replace(file: str, old: str, new: str) -> Edit:
    """Replace text that has to be there."""

    def edit(tree: Path) -> None:
        path = tree / file
        text = path.read_text()
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new))

    return edit


def append(file: str, text: str) -> Edit:
    """Add text to the end of a file, new or not."""

    def edit(tree: Path) -> None:
        path = tree / file
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as out:
            out.write(text)

    return edit


_VERSION_DECLARED = "extern int      ogg_page_version(const ogg_page *og);\n"
_SONAME = "LIB_CURRENT=8\nLIB_REVISION=5\nLIB_AGE=8\n"

README = Commit(Kind.DOCUMENTATION, "README", append("README.md", "\nMore is said here.\n"))
CHANGELOG = Commit(Kind.DOCUMENTATION, "changelog", append("CHANGES", "\n * More.\n"))
WEB_PAGE = Commit(
    Kind.DOCUMENTATION, "web page that is installed", append("doc/index.html", "<!-- more -->\n")
)
MANUAL_PAGE = Commit(
    Kind.DOCUMENTATION,
    "manual page that is installed",
    append("src/speexenc.1", ".SH NOTES\nMore is said here.\n"),
    component="speex",
)
NOT_BUILT = Commit(
    Kind.NOT_BUILT, "CI settings", append(".gitlab-ci.yml", "test: {script: make}\n")
)
TESTS = Commit(
    Kind.TESTS,
    "self-test",
    replace("src/bitwise.c", "#ifdef _V_SELFTEST\n", "#ifdef _V_SELFTEST\nstatic int more;\n"),
)
COMMENT = Commit(
    Kind.COMMENT,
    "comment of three lines at the top of the code",
    replace(
        "src/framing.c", "#ifdef HAVE_CONFIG_H", "/* More\n   is\n   said. */\n#ifdef HAVE_CONFIG_H"
    ),
)
HEADER_COMMENT = Commit(
    Kind.HEADER_COMMENT,
    "comment in an installed header",
    replace("include/ogg/ogg.h", "toplevel libogg include", "libogg's main header"),
)
BUILD_FILES = Commit(
    Kind.BUILD_FILES,
    "another compiler option",
    replace("src/Makefile.in", "CFLAGS = @CFLAGS@", "CFLAGS = @CFLAGS@ -fno-inline"),
)
CODE = Commit(
    Kind.CODE,
    "a function's constant",
    replace("src/framing.c", "newsize=size+oy->fill+4096;", "newsize=size+oy->fill+8192;"),
)
HEADER = Commit(
    Kind.HEADER,
    "another function declared",
    replace(
        "include/ogg/ogg.h", _VERSION_DECLARED, _VERSION_DECLARED + "extern int ogg_more(void);\n"
    ),
)
RELEASE = Commit(
    Kind.RELEASE,
    "the next release, with nothing new",
    replace("configure", "1.3.5", "1.3.5.1"),
    tag="v1.3.5.1",
)
SONAME = Commit(
    Kind.SONAME,
    "a new SONAME",
    replace("configure", _SONAME, "LIB_CURRENT=9\nLIB_REVISION=0\nLIB_AGE=0\n"),
)

COMMITS = (
    NOT_BUILT,
    README,
    CHANGELOG,
    WEB_PAGE,
    MANUAL_PAGE,
    TESTS,
    COMMENT,
    HEADER_COMMENT,
    BUILD_FILES,
    CODE,
    HEADER,
    RELEASE,
    SONAME,
)
"""At least one of every kind but translations, which no library of the stack has."""
