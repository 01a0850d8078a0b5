"""What Debian packages say of themselves, and the names they have in an archive."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from debian.deb822 import Deb822, Dsc
from debian.debian_support import Version

from farm.errors import CommandError
from farm.run import clean_environment, run
from repo_publish.errors import PublishError
from repo_publish.fields import MAX_NAME, MAX_VERSION, field_problems, shown
from repo_publish.manifest import ManifestFile

# Debian Policy 5.6.1, 5.6.7 and 5.6.12.
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")
_VERSION = re.compile(r"(?:[0-9]+:)?[0-9A-Za-z][0-9A-Za-z.+~-]*")

_SOURCE = re.compile(r"(?P<name>[^\s()]+)(?: \((?P<version>[^\s()]+)\))?")
_FIELD = re.compile(r"^([^\s:]+)[ \t]*:", re.MULTILINE)
_ONE_LINE = (
    *("Package", "Source", "Version", "Architecture", "Maintainer", "Section", "Priority"),
    *("Essential", "Protected", "Important", "Multi-Arch", "Homepage", "Format", "Origin"),
)
_OF_INDICES = frozenset(
    ("filename", "size", "md5sum", "sha1", "sha256", "sha512", "description-md5", "directory")
)
"""Fields that say in an index where a package is: not its own to say (deb-control(5))."""

Digests = Mapping[str, tuple[str, int]]
"""File name to SHA256 and size."""


def read_packages(
    sources: Sequence[Path], binaries: Sequence[Path], digests: Digests, architecture: str
) -> list[ManifestFile]:
    """Describe one build's files, each with its path in the archive.

    :raises PublishError: there is not exactly one source package with all its files; a binary is
        not of this source or not for `architecture`; a name is not what the fields ask for.
    """
    dscs = [path for path in sources if path.suffix == ".dsc"]
    if len(dscs) != 1:
        raise PublishError(f"expected one .dsc, found {len(dscs)}: no binaries without source")
    text = dscs[0].read_bytes()
    _, payload, _ = Dsc.split_gpg_and_payload(iter(text.splitlines()))
    _check_paragraph(dscs[0].name, b"\n".join(payload).decode(errors="replace"))
    dsc = Dsc(text)
    source, version = _identity(dscs[0].name, dsc.get("Source", ""), dsc.get("Version", ""))
    problems = _source_problems(dscs[0], dsc, sources, digests)
    problems += field_problems(dscs[0].name, _texts(dsc), one_line=_ONE_LINE)
    directory = pool_directory(source)

    def described(path: Path, kind: str, package: str, of: str, arch: str) -> ManifestFile:
        digest, size = digests[path.name]
        return ManifestFile.model_validate(
            {
                "path": f"{directory}/{path.name}",
                "kind": kind,
                "package": package,
                "version": of,
                "architecture": arch,
                "sha256": digest,
                "size": size,
            }
        )

    files = [described(path, "source", source, version, "source") for path in sorted(sources)]
    for path in sorted(binaries):
        fields = control_fields(path)
        package, of = _identity(path.name, fields.get("Package", ""), fields.get("Version", ""))
        arch = fields.get("Architecture", "")
        problems += field_problems(path.name, _texts(fields), one_line=_ONE_LINE)
        problems += [
            f"{path.name}: {name} is for indices to say"
            for name in fields
            if name.lower() in _OF_INDICES
        ]
        wanted = f"{package}_{without_epoch(of)}_{arch}.deb"
        if path.name != wanted:
            problems.append(f"{path.name} should be called {wanted} by its control file")
        if arch not in (architecture, "all"):
            problems.append(f"{path.name} is for {arch}, the archive is for {architecture}")
        owner = _SOURCE.fullmatch(fields.get("Source", package))
        if owner is None or (owner["name"], owner["version"] or of) != (source, version):
            claim = shown(fields.get("Source", f"{package} ({of})"))
            problems.append(
                f"{path.name} claims to be built from {claim}, not from {source} ({version})"
            )
        files.append(described(path, "binary", package, of, arch))
    if problems:
        raise PublishError("not publishable", problems)
    return files


def control_fields(deb: Path) -> Mapping[str, str]:
    """The fields of a binary package's control file.

    :raises PublishError: it is not a .deb.
    """
    try:
        text = run("read a package", ["dpkg-deb", "-f", deb], env=clean_environment())
    except CommandError as error:
        raise PublishError(f"{deb.name} is not a Debian package") from error
    _check_paragraph(deb.name, text)
    return Deb822(text)


def _check_paragraph(where: str, text: str) -> None:
    """Refuse what readers could take for something else: a field twice, a second paragraph."""
    names = [name.lower() for name in _FIELD.findall(text)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or "\n\n" in text.strip("\n"):
        problem = f"the field {shown(twice[0])} twice" if twice else "more than one paragraph"
        raise PublishError(f"{where} has {problem}")


def compare_versions(pairs: Sequence[tuple[str, str]]) -> list[int]:
    """For each pair, below 0 when the first is older, above 0 when it is newer (Policy 5.6.12)."""
    versions = [(Version(first), Version(second)) for first, second in pairs]
    return [(first > second) - (first < second) for first, second in versions]


def pool_directory(source: str) -> str:
    """Where an archive keeps the files of a source package, as reprepro and Debian do."""
    prefix = source[:4] if source.startswith("lib") and len(source) > 3 else source[:1]
    return f"pool/main/{prefix}/{source}"


def without_epoch(version: str) -> str:
    """A version as file names have it."""
    return version.partition(":")[2] or version


def _identity(filename: str, name: str, version: str) -> tuple[str, str]:
    if (
        not _NAME.fullmatch(name)
        or not _VERSION.fullmatch(version)
        or len(name) > MAX_NAME
        or len(version) > MAX_VERSION
    ):
        raise PublishError(f"{filename}: bad name or version: {shown(name)}, {shown(version)}")
    return name, version


def _texts(fields: Mapping[str, Any]) -> dict[str, str]:
    """Fields that are plain text; python-debian takes lists of files apart."""
    return {name: fields[name] for name in fields if isinstance(fields[name], str)}


def _source_problems(path: Path, dsc: Dsc, sources: Sequence[Path], digests: Digests) -> list[str]:
    problems = []
    wanted = {entry["name"]: entry["sha256"] for entry in dsc.get("Checksums-Sha256", [])}
    given = {source.name for source in sources} - {path.name}
    problems += [f"{path.name} needs {name}" for name in sorted(wanted.keys() - given)]
    problems += [f"{name} is not in {path.name}" for name in sorted(given - wanted.keys())]
    problems += [
        f"{name} is not the file that {path.name} names: its SHA256 differs"
        for name in sorted(wanted.keys() & given)
        if digests[name][0] != wanted[name]
    ]
    plain = without_epoch(dsc["Version"])
    if path.name != f"{dsc['Source']}_{plain}.dsc":
        problems.append(f"{path.name} should be called {dsc['Source']}_{plain}.dsc")
    return problems
