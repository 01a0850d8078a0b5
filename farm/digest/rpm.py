"""Reads binary RPMs for the digest."""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import createrepo_c

from farm.digest.content import is_unseen
from farm.digest.deb import tar_entries
from farm.digest.own import Own
from farm.digest.package import Capabilities, Entry, Header, PackageUnreadable
from farm.errors import FarmError
from farm.run import clean_environment, run

QUERY_TIMEOUT_S = 120.0

_RELATIONS = (
    "PROVIDE",
    "REQUIRE",
    "CONFLICT",
    "OBSOLETE",
    "RECOMMEND",
    "SUGGEST",
    "SUPPLEMENT",
    "ENHANCE",
)
_SCRIPTS = tuple(
    script + what
    for script in ("PREIN", "POSTIN", "PREUN", "POSTUN", "PRETRANS", "POSTTRANS", "VERIFYSCRIPT")
    # `%post -p /sbin/ldconfig` has an interpreter and no text.
    for what in ("", "PROG")
)
_TRIGGERS = ("TRIGGER", "FILETRIGGER", "TRANSFILETRIGGER")
_TRIGGER_FORMAT = "[%{?TYPE} %{?SCRIPTPROG} %{?CONDS}\n%{?SCRIPTS}\n]"
_COUNTED_FLAGS = frozenset("cmng")
"""Configuration, may be missing, not replaced, and ghosts: paths that are owned and not packed."""
_RICH_OPERATORS = frozenset({"and", "or", "if", "else", "unless", "with", "without"})
_COMPARISONS = frozenset({"<", "<=", "=", ">=", ">"})
_MERGED = re.compile(r"^/(?=(?:s?bin|lib(?:32|64)?)/)")
_NEXT = "\x1e"
_NONE = "(none)"


def header(path: Path) -> Header:
    """Who the package is."""
    fields = ("NAME", "EPOCHNUM", "VERSION", "RELEASE", "ARCH")
    name, epoch, version, release, architecture = _query(path, [f"%{{{f}}}" for f in fields])
    prefix = "" if epoch == "0" else f"{epoch}:"
    return Header(name, f"{prefix}{version}-{release}", architecture)


def facts(path: Path, own: Own) -> Iterator[str]:
    """Relations, scriptlets, triggers and marked files of the package."""
    single = ("ARCH", *_SCRIPTS)
    formats = {
        **{name: f"[%{{{name}NEVRS}}\n]" for name in _RELATIONS},
        **{name: f"%{{{name}}}" for name in single},
        **{name: _TRIGGER_FORMAT.replace("?", name) for name in _TRIGGERS},
        "FILE": "[%{FILEFLAGS:fflags}\t%{FILECAPS}\t%{FILENAMES}\n]",
    }
    said = dict(zip(formats, _query(path, list(formats.values())), strict=True))
    for name in _RELATIONS:
        for line in said[name].splitlines():
            if line != _NONE and not line.startswith("rpmlib("):
                yield f"{name} {_relation(line, own, provides=name == 'PROVIDE')}"
    for name in (*single, *_TRIGGERS):
        if not said[name].startswith(_NONE):
            yield f"{name}: {json.dumps(own.text(said[name]))}"
    for line in said["FILE"].splitlines():
        flags, capabilities, name = line.split("\t") if "\t" in line else ("", "", "")
        counted = "".join(sorted(_COUNTED_FLAGS & set(flags)))
        if (counted or capabilities) and not is_unseen(name):
            yield f"FILE {name} {counted} {capabilities}"


def entries(path: Path) -> Iterator[Entry]:
    """What the package contains."""
    with (
        path.open("rb") as package,
        subprocess.Popen(
            ["rpm2archive", "--nocompression", "-"],
            stdin=package,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=clean_environment(),
        ) as process,
    ):
        assert process.stdout is not None and process.stderr is not None  # noqa: S101 - for mypy
        try:
            with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
                yield from tar_entries(archive)
        except tarfile.TarError as error:
            reason = process.stderr.read().decode(errors="replace").strip()
            raise PackageUnreadable(path, reason or str(error)) from error
        finally:
            process.stdout.read()
    if process.returncode:
        raise PackageUnreadable(path, f"rpm2archive exited with {process.returncode}")


def capabilities(path: Path) -> Capabilities:
    """What the package provides, the files in it, and what it requires."""
    try:
        package = createrepo_c.package_from_rpm(str(path))
    except Exception as error:  # the bindings raise nothing narrower
        raise PackageUnreadable(path, str(error)) from error
    provided = [package.name, *(entry[0] for entry in package.provides)]
    files = (entry[1] + entry[2] for entry in package.files)
    needed = (name for entry in package.requires for name in required_names(entry[0]))
    return Capabilities(
        name=package.name,
        offers=frozenset(map(_merged, [*provided, *files])),
        needs=frozenset(map(_merged, needed)),
    )


def required_names(requirement: str) -> Iterator[str]:
    """Every name that a requirement mentions; it may be a rich dependency.

    Names may end with parentheses of their own, as in ``(a and libogg.so.0()(64bit))``: all
    readings are given.
    """
    if not requirement.startswith("("):
        yield requirement
        return
    for word in requirement.split():
        name = word.lstrip("(")
        if name in _RICH_OPERATORS or name in _COMPARISONS:
            continue
        yield name
        while name.endswith(")"):
            name = name[:-1]
            yield name


def _merged(name: str) -> str:
    """The path below /usr of a file that may be named with or without it."""
    return _MERGED.sub("/usr/", name)


def _relation(line: str, own: Own, *, provides: bool) -> str:
    """``name``, or ``name >= version``; rich dependencies stay as they are."""
    words = line.split(" ")
    if len(words) != 3 or line.startswith("("):
        return own.text(line)
    name, operator, version = words
    return f"{name} {operator} {own.provided(version) if provides else own.bound(name, version)}"


def _query(path: Path, formats: list[str]) -> list[str]:
    argv = ["rpm", "-qp", "--nosignature", "--nodigest", "--queryformat", _NEXT.join(formats)]
    try:
        printed = run("read", [*argv, path], env=clean_environment(), timeout_s=QUERY_TIMEOUT_S)
    except FarmError as error:
        raise PackageUnreadable(path, str(error)) from error
    return printed.split(_NEXT)
