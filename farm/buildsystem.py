"""How a component is built that says nothing itself: its build system, recognised from its files.

Every build system is put behind the standard interface: four shell lines (configure, build, test,
install) that are run in the component's directory with these variables set:

``PREFIX``
    where the component will live: ``/usr``, or a developer's own prefix.
``DESTDIR``
    install only: what is put before every path that is written.
``LIBDIR``
    optional; the library directory, ``$PREFIX/lib`` when it is not set.
``MAKEFLAGS``, ``JOBS``
    optional; how much runs at once. make reads the first, all others are told the second.

No line holds data of the component but `configure_arguments`, which are quoted.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from farm.model import Commands

RECIPES = 2
"""Raised when a line below changes: workspaces then ask for every component's lines again."""

STEPS = ("configure", "build", "test", "install")

BUILD_DIRECTORY = "farm-build"
"""Where the build systems build that do not build in the source directory."""


class Kind(StrEnum):
    """The build systems that are recognised."""

    CONFIGURE = "configure"
    """A ./configure that is there after a checkout, and make."""
    AUTOTOOLS = "autotools"
    """What autoreconf makes a ./configure from."""
    MAKE = "make"
    """A Makefile alone."""
    MESON = "meson"
    CMAKE = "cmake"
    DUNE = "dune"
    CARGO = "cargo"
    PYTHON = "python"
    UNKNOWN = "unknown"
    """Nothing that is recognised: the component has to name its commands."""


@dataclass(frozen=True)
class BuildSystem:
    """The standard interface of one component; an empty line means that there is nothing to do."""

    kind: Kind
    configure: str = ""
    build: str = ""
    test: str = ""
    install: str = ""
    tools: tuple[str, ...] = ()
    """Programs that the lines need, by the names they are started with."""

    def with_commands(self, commands: Commands) -> BuildSystem:
        """The same with the lines that components.yml gives instead."""
        return self.with_lines({step: getattr(commands, step) for step in STEPS})

    def with_lines(self, lines: Mapping[str, str | None]) -> BuildSystem:
        """The same with those of the lines that are given, by step."""

        def line(step: str, own: str) -> str:
            given = lines.get(step)
            return own if given is None else given

        return replace(
            self,
            configure=line("configure", self.configure),
            build=line("build", self.build),
            test=line("test", self.test),
            install=line("install", self.install),
        )


@dataclass(frozen=True)
class Standard:
    """The lines of one build system, as long as they do not depend on the tree."""

    configure: str
    build: str
    install: str
    tools: tuple[str, ...]


_LIBDIR = '--libdir="${LIBDIR:-$PREFIX/lib}"'
_CONFIGURE = './configure --prefix="$PREFIX" ${LIBDIR:+--libdir="$LIBDIR"}'
_MAKE_PLACES = 'prefix="$PREFIX" PREFIX="$PREFIX" sysconfdir="${SYSCONFDIR:-$PREFIX/etc}"'
"""What a plain Makefile is told: the two usual spellings, and where configuration files go."""
_MAKE_LIBDIR = '${LIBDIR:+libdir="$LIBDIR"}'

STANDARD: dict[Kind, Standard] = {
    Kind.CONFIGURE: Standard(_CONFIGURE, "make", 'make install DESTDIR="$DESTDIR"', ("make",)),
    Kind.AUTOTOOLS: Standard(
        f"autoreconf -fi && {_CONFIGURE}",
        "make",
        'make install DESTDIR="$DESTDIR"',
        ("autoreconf", "automake", "make"),
    ),
    Kind.MAKE: Standard(
        "",
        f"make {_MAKE_PLACES} {_MAKE_LIBDIR}",
        f'make install DESTDIR="$DESTDIR" {_MAKE_PLACES} {_MAKE_LIBDIR}',
        ("make",),
    ),
    Kind.MESON: Standard(
        f'meson setup {BUILD_DIRECTORY} --prefix="$PREFIX" {_LIBDIR}'
        " --buildtype=debugoptimized --wrap-mode=nodownload",
        f"ninja -C {BUILD_DIRECTORY} ${{JOBS:+-j $JOBS}}",
        f'DESTDIR="$DESTDIR" meson install -C {BUILD_DIRECTORY} --no-rebuild',
        ("meson", "ninja"),
    ),
    Kind.CMAKE: Standard(
        f'cmake -S . -B {BUILD_DIRECTORY} -DCMAKE_INSTALL_PREFIX="$PREFIX"'
        ' -DCMAKE_INSTALL_LIBDIR="${LIBDIR:-lib}" -DCMAKE_BUILD_TYPE=RelWithDebInfo',
        f"cmake --build {BUILD_DIRECTORY}",
        f'DESTDIR="$DESTDIR" cmake --install {BUILD_DIRECTORY}',
        ("cmake", "make"),
    ),
    Kind.DUNE: Standard(
        "",
        "dune build --profile release ${JOBS:+-j $JOBS} @install",
        'dune install --profile release --prefix "$PREFIX" ${LIBDIR:+--libdir "$LIBDIR"}'
        ' --mandir "$PREFIX/share/man" --docdir "$PREFIX/share/doc" --destdir "$DESTDIR"',
        ("dune", "ocamlfind"),
    ),
    Kind.CARGO: Standard(
        "",
        "cargo build --release --locked ${JOBS:+-j $JOBS}",
        # --no-track: no registry of installed crates, which several components would overwrite.
        'cargo install --locked --no-track --force --path . --root "$DESTDIR$PREFIX"',
        ("cargo",),
    ),
    Kind.PYTHON: Standard(
        "",
        "python3 -m pip wheel --no-deps --no-build-isolation --no-index --disable-pip-version-check"
        f" --wheel-dir {BUILD_DIRECTORY} .",
        "python3 -m pip install --no-deps --no-index --ignore-installed --no-warn-script-location"
        ' --disable-pip-version-check --root "${DESTDIR:-/}" --prefix "$PREFIX"'
        f" {BUILD_DIRECTORY}/*.whl",
        ("python3",),
    ),
}
"""Everything but the test line, which depends on what a tree has to test."""

_CMAKE_TESTS = re.compile(r"^\s*(?:enable_testing|include\s*\(\s*CTest|add_test)\b", re.M | re.I)
_MESON_TESTS = re.compile(r"^\s*(?:test|benchmark)\s*\(", re.M)
_DUNE_TESTS = re.compile(r"\(\s*(?:tests?|cram|inline_tests)\b|\balias\s+(?:runtest|test)\b")
_LIBTOOL = re.compile(r"^\s*(?:LT_INIT|AC_PROG_LIBTOOL|AM_PROG_LIBTOOL)\b", re.MULTILINE)
_GETTEXT = re.compile(r"^\s*AM_GNU_GETTEXT\b", re.MULTILINE)
_INSTALL_TARGET = re.compile(r"^install\s*::?(?!=)", re.MULTILINE)
_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_SEARCH_DEPTH = 3
"""How deep tests are looked for: files far below are somebody else's, bundled."""


def recognise(directory: Path, configure_arguments: Iterable[str] = ()) -> BuildSystem:
    """The build system of a checked-out component, and the lines that build it with it.

    A ``./configure``, or what autoreconf makes one from, comes first: it is the standard
    interface. Then a Makefile that can install, because that is how a project says what to run
    whatever else it holds; then the others.

    :param configure_arguments: added to the configure line, each quoted.
    :return: kind ``unknown``, with empty lines, for a directory that nothing is known of.
    """
    kind = _kind(directory)
    if kind is Kind.UNKNOWN:
        return BuildSystem(kind)
    standard = STANDARD[kind]
    arguments = shlex.join(configure_arguments)
    takes_arguments = bool(standard.configure and arguments)
    return BuildSystem(
        kind,
        f"{standard.configure} {arguments}" if takes_arguments else standard.configure,
        standard.build,
        _test_line(directory, kind),
        standard.install,
        (*standard.tools, *_more_tools(directory, kind)),
    )


_DECIDING = re.compile(
    r"(?:^|/)(?:(?:GNUm|M|m)akefile(?:\.(?:in|am))?|meson\.build|CMakeLists\.txt|dune)$"
    r"|^(?:configure(?:\.ac|\.in)?|dune-project|Cargo\.toml|pyproject\.toml|setup\.py|pytest\.ini)$"
    r"|^tests?/"
)


def decides(path: str) -> bool:
    """Whether `recognise` may answer differently when the file at that path changes."""
    return _DECIDING.search(path) is not None


def _kind(tree: Path) -> Kind:
    def has(*names: str) -> bool:
        return any((tree / name).is_file() for name in names)

    if has("configure"):
        return Kind.CONFIGURE
    if has("configure.ac", "configure.in"):
        return Kind.AUTOTOOLS
    makefile = next((tree / name for name in _MAKEFILES if has(name)), None)
    if makefile and _INSTALL_TARGET.search(_text(makefile)):
        return Kind.MAKE
    for kind, names in (
        (Kind.MESON, ("meson.build",)),
        (Kind.CMAKE, ("CMakeLists.txt",)),
        (Kind.DUNE, ("dune-project",)),
        (Kind.CARGO, ("Cargo.toml",)),
        (Kind.PYTHON, ("pyproject.toml", "setup.py")),
    ):
        if has(*names):
            return kind
    return Kind.MAKE if makefile else Kind.UNKNOWN


def _test_line(tree: Path, kind: Kind) -> str:
    """The line that tests; empty when the tree has nothing to test, as far as one can see."""
    if kind in (Kind.CONFIGURE, Kind.AUTOTOOLS, Kind.MAKE):
        # Here, because most commands need not recognise anything anew.
        from farm.make_targets import test_target

        target = test_target(tree)
        places = f" {_MAKE_PLACES} {_MAKE_LIBDIR}" if kind is Kind.MAKE else ""
        return f"make {target}{places}" if target else ""
    if kind is Kind.MESON and _mentions(tree, "meson.build", _MESON_TESTS):
        return f"meson test -C {BUILD_DIRECTORY} --no-rebuild --print-errorlogs"
    if kind is Kind.CMAKE and _mentions(tree, "CMakeLists.txt", _CMAKE_TESTS):
        return f"ctest --test-dir {BUILD_DIRECTORY} --output-on-failure"
    if kind is Kind.DUNE and _mentions(tree, "dune", _DUNE_TESTS):
        return "dune build --profile release @runtest"
    if kind is Kind.CARGO:
        return "cargo test --release --locked ${JOBS:+-j $JOBS}"
    if kind is Kind.PYTHON:
        return _python_tests(tree)
    return ""


def _python_tests(tree: Path) -> str:
    folders = [name for name in ("tests", "test") if (tree / name).is_dir()]
    files = [p for name in folders for p in _below(tree / name) if p.name.startswith("test_")]
    if (tree / "pytest.ini").is_file() or "[tool.pytest" in _text(tree / "pyproject.toml"):
        return "python3 -m pytest"
    if any("pytest" in _text(path) for path in files):
        return "python3 -m pytest"
    return f"python3 -m unittest discover -s {folders[0]} -t ." if files else ""


def _more_tools(tree: Path, kind: Kind) -> Iterator[str]:
    if kind is Kind.AUTOTOOLS:
        text = _text(tree / "configure.ac") or _text(tree / "configure.in")
        if _LIBTOOL.search(text):
            yield "libtoolize"
        if _GETTEXT.search(text):
            yield "autopoint"


def _mentions(tree: Path, name: str, wanted: re.Pattern[str]) -> bool:
    return any(wanted.search(_text(path)) for path in _below(tree) if path.name == name)


def _below(directory: Path, depth: int = _SEARCH_DEPTH) -> Iterator[Path]:
    for path in sorted(directory.iterdir()):
        if path.is_symlink():
            continue
        if path.is_file():
            yield path
        elif path.is_dir() and depth and not path.name.startswith("."):
            yield from _below(path, depth - 1)


def _text(file: Path) -> str:
    return file.read_text(errors="replace") if file.is_file() else ""
