"""What RPM packages say of themselves, and the names they have in an archive."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import createrepo_c

from farm.run import clean_environment, run
from repo_publish.debs import Digests
from repo_publish.errors import PublishError
from repo_publish.fields import (
    MAX_NAME,
    MAX_VERSION,
    SHOWN,
    field_problems,
    path_problems,
    shown,
)
from repo_publish.manifest import ManifestFile

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*")
_VERSION = re.compile(r"(?:[0-9]+:)?[A-Za-z0-9._+~^]+-[A-Za-z0-9._+~^]+")
_PAIRS_PER_CALL = 500
_TEXTS = {
    "Summary": "summary",
    "Description": "description",
    "URL": "url",
    "License": "rpm_license",
    "Vendor": "rpm_vendor",
    "Group": "rpm_group",
    "Packager": "rpm_packager",
    "BuildHost": "rpm_buildhost",
}
_SEVERAL_LINES = {"Description", "Summary"}


def read_packages(
    sources: Sequence[Path], binaries: Sequence[Path], digests: Digests, architecture: str
) -> list[ManifestFile]:
    """Describe one build's files, each with its path in the archive.

    :raises PublishError: there is not exactly one source package; a binary was not built from it
        or not for `architecture`; a name is not what the header asks for.
    """
    if len(sources) != 1:
        raise PublishError(f"expected one .src.rpm, found {len(sources)}: no binaries without it")
    problems: list[str] = []
    files: list[ManifestFile] = []
    for path in [*sources, *sorted(binaries)]:
        header = _header(path)
        is_source = path == sources[0]
        version = f"{header.version}-{header.release}"
        full = version if header.epoch in (None, "", "0") else f"{header.epoch}:{version}"
        if (
            not _NAME.fullmatch(header.name)
            or not _VERSION.fullmatch(full)
            or len(header.name) > MAX_NAME
            or len(full) > MAX_VERSION
        ):
            raise PublishError(
                f"{path.name}: bad name or version: {shown(header.name)}, {shown(full)}"
            )
        problems += _header_problems(path.name, header)
        arch = "source" if is_source else header.arch
        wanted = f"{header.name}-{version}.{'src' if is_source else arch}.rpm"
        if path.name != wanted:
            problems.append(f"{path.name} should be called {wanted} by its header")
        if is_source and header.rpm_sourcerpm:
            problems.append(f"{path.name} is not a source package")
        if not is_source and header.rpm_sourcerpm != sources[0].name:
            problems.append(
                f"{path.name} was built from {shown(header.rpm_sourcerpm or '')}, "
                f"not {sources[0].name}"
            )
        if arch not in (architecture, "noarch", "source"):
            problems.append(f"{path.name} is for {arch}, the archive is for {architecture}")
        digest, size = digests[path.name]
        files.append(
            ManifestFile(
                path=archive_path(path.name, is_source),
                kind="source" if is_source else "binary",
                package=header.name,
                version=full,
                architecture=arch,
                sha256=digest,
                size=size,
                built_sha256=digest,
            )
        )
    if problems:
        raise PublishError("not publishable", problems)
    return files


def archive_path(filename: str, source: bool) -> str:
    """Where an archive keeps a package; source packages have a repository of their own."""
    return f"{'source/' if source else ''}Packages/{filename[0].lower()}/{filename}"


def compare_versions(pairs: Sequence[tuple[str, str]]) -> list[int]:
    """For each pair of ``[epoch:]version-release``, below 0 when the first is older, above when
    newer: rpm's own comparison, asked in one call.
    """
    for version in (version for pair in pairs for version in pair):
        if not _VERSION.fullmatch(version):
            raise PublishError(f"{version!r} is not an rpm version")
    results: list[int] = []
    for start in range(0, len(pairs), _PAIRS_PER_CALL):
        calls = "".join(
            f'print(rpm.vercmp("{first}", "{second}") .. " ") '
            for first, second in pairs[start : start + _PAIRS_PER_CALL]
        )
        printed = run(
            "compare versions", ["rpm", "--eval", f"%{{lua:{calls}}}"], env=clean_environment()
        )
        results += [int(number) for number in printed.split()]
    return results


def _header_problems(where: str, header: createrepo_c.Package) -> list[str]:
    texts = {name: getattr(header, attribute) or "" for name, attribute in _TEXTS.items()}
    for kind in ("requires", "provides", "conflicts", "obsoletes", "recommends", "supplements"):
        for number, entry in enumerate(getattr(header, kind), 1):
            # A name, and the parts of a version: each is one text in the metadata.
            texts[f"{kind} {number} ({entry[0][:SHOWN]!a})"] = " ".join(
                part for part in entry[:5] if part
            )
    problems = field_problems(where, texts, one_line=texts.keys() - _SEVERAL_LINES)
    # A source package's files have no directory.
    top = "/" if header.arch in ("src", "nosrc") else ""
    return problems + path_problems(where, (f"{top}{d}{name}" for _, d, name, *_ in header.files))


def _header(path: Path) -> createrepo_c.Package:
    try:
        return createrepo_c.package_from_rpm(str(path))
    except (OSError, ValueError, createrepo_c.CreaterepoCError) as error:
        raise PublishError(f"{path.name} is not an RPM package") from error
