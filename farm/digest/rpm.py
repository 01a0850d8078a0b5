"""Reads binary RPMs for the digest."""

from __future__ import annotations

import re
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import createrepo_c

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
_SCRIPTS = ("PREIN", "POSTIN", "PREUN", "POSTUN", "PRETRANS", "POSTTRANS", "VERIFYSCRIPT")
_TRIGGERS = ("TRIGGERSCRIPTS", "FILETRIGGERSCRIPTS", "TRANSFILETRIGGERSCRIPTS")
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
    """Relations, scriptlets and triggers of the package."""
    names = [*(f"{relation}NEVRS" for relation in _RELATIONS), *_TRIGGERS]
    single = ["ARCH", *_SCRIPTS]
    formats = [*(f"[%{{{n}}}\n]" for n in names), *(f"%{{{n}}}" for n in single)]
    for name, text in zip([*names, *single], _query(path, formats), strict=True):
        if name.endswith("NEVRS"):
            for line in text.splitlines():
                if line != _NONE and not line.startswith("rpmlib("):
                    yield f"{name} {_relation(line, own, provides=name == 'PROVIDENEVRS')}"
        elif text.strip() != _NONE:
            yield from (f"{name}: {line}" for line in own.text(text).splitlines())


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
