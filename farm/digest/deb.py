"""Reads Debian binary packages for the digest."""

from __future__ import annotations

import json
import re
import stat
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from debian.arfile import ArError
from debian.deb822 import PkgRelation
from debian.debfile import DebError, DebFile

from farm.build.deb.relations import offers_of, package_of
from farm.digest.own import Own
from farm.digest.package import Capabilities, Entry, Header, PackageUnreadable

_PLAIN_FIELDS = ("Architecture", "Multi-Arch", "Essential")
_RELATIONS = (
    "Pre-Depends",
    "Depends",
    "Recommends",
    "Suggests",
    "Enhances",
    "Breaks",
    "Conflicts",
    "Replaces",
    "Provides",
)
# debhelper signs what it adds with its own version.
_DEBHELPER = re.compile(r"^(# (?:Automatically|Triggers) added by \w+)/.*", re.MULTILINE)
_KINDS = {
    tarfile.REGTYPE: "-",
    tarfile.AREGTYPE: "-",
    tarfile.LNKTYPE: "h",
    tarfile.SYMTYPE: "l",
    tarfile.DIRTYPE: "d",
    tarfile.CHRTYPE: "c",
    tarfile.BLKTYPE: "b",
    tarfile.FIFOTYPE: "p",
}


def header(path: Path) -> Header:
    """Who the package is."""
    with _opened(path) as package:
        control = package.debcontrol()
        return Header(control["Package"], control["Version"], control["Architecture"])


def facts(path: Path, own: Own) -> Iterator[str]:
    """Relations, shlibs, symbols, maintainer scripts and lists of the package."""
    with _opened(path) as package:
        control = package.debcontrol()
        yield f"Version {own.provided(control['Version'])}"
        for field in _PLAIN_FIELDS:
            if field in control:
                yield f"{field} {control[field]}"
        for field in _RELATIONS:
            for clause in _clauses(control.get(field, ""), own, provides=field == "Provides"):
                yield f"{field} {clause}"
        for name in package.control:
            name = name.removeprefix("./")
            if name in ("", ".", "control", "md5sums"):
                continue
            text = package.control.get_content(name) or b""
            yield from (f"{name}: {line}" for line in _lines(name, text, own))


def entries(path: Path) -> Iterator[Entry]:
    """What the package contains."""
    with _opened(path) as package:
        yield from tar_entries(package.data.tgz())


def capabilities(path: Path) -> Capabilities:
    """The package's name and what it provides; what its Depends and Pre-Depends name."""
    with _opened(path) as opened:
        package = package_of(opened.debcontrol())
    return Capabilities(
        name=package.name,
        offers=frozenset(offers_of([package])),
        needs=frozenset(one.name for need in package.depends for one in need.alternatives),
    )


def tar_entries(archive: tarfile.TarFile) -> Iterator[Entry]:
    """The members of a tar archive, read in their order."""
    for member in archive:
        content = archive.extractfile(member) if member.isreg() else None
        target = member.linkname
        if member.islnk():
            target = "/" + target.removeprefix("./").lstrip("/")
        elif member.ischr() or member.isblk():
            target = f"{member.devmajor},{member.devminor}"
        yield Entry(
            path="/" + member.name.removeprefix(".").strip("/"),
            kind=_KINDS.get(member.type, "?"),
            mode=stat.S_IMODE(member.mode),
            owner=f"{member.uname or member.uid}:{member.gname or member.gid}",
            target=target,
            data=content.read() if content else b"",
        )


def _lines(name: str, text: bytes, own: Own) -> Iterator[str]:
    lines = text.decode("utf-8", "surrogateescape").splitlines()
    if name == "shlibs":
        # [type:] library version dependencies, deb-shlibs(5)
        for line in lines:
            words = line.split()
            start = 3 if words and words[0].endswith(":") else 2
            dependencies = ", ".join(_clauses(" ".join(words[start:]), own))
            yield " ".join([*words[:start], dependencies])
    elif name == "symbols":
        # " symbol@version minimal-version [id]", deb-symbols(5)
        for line in lines:
            symbol, _, minimum = line.strip().partition(" ") if line[:1] == " " else ("", "", "")
            version, _, template = minimum.partition(" ")
            yield f" {symbol} {own.provided(version)} {template}" if symbol else own.text(line)
    else:
        # One fact: the order of a script's lines counts.
        yield json.dumps(_DEBHELPER.sub(r"\1", own.text("\n".join(lines))))


def _clauses(field: str, own: Own, *, provides: bool = False) -> list[str]:
    if not field.strip():
        return []
    clauses = []
    for alternatives in PkgRelation.parse_relations(field):
        texts = []
        for one in alternatives:
            name = one["name"] + (f":{one['archqual']}" if one.get("archqual") else "")
            if bound := one.get("version"):
                operator, version = bound
                kept = own.provided(version) if provides else own.bound(name, version)
                name += f" ({operator} {kept})"
            texts.append(name)
        clauses.append(" | ".join(texts))
    return sorted(clauses)


@contextmanager
def _opened(path: Path) -> Iterator[DebFile]:
    try:
        with DebFile(filename=str(path)) as package:
            yield package
    except (DebError, ArError, tarfile.TarError, OSError, EOFError, KeyError) as error:
        raise PackageUnreadable(path, str(error) or type(error).__name__) from error
