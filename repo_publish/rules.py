"""What a publication may not do: binaries without source, two owners of a package, versions that
go down, reused names. Each rule says which component breaks it, and how."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from farm.pool import sha256_of
from repo_publish.content import Content
from repo_publish.line import Line
from repo_publish.manifest import Manifest, ManifestFile, load_manifest
from repo_publish.names import remembered
from repo_publish.retired import Identity, identity, retired_versions

Compare = Callable[[Sequence[tuple[str, str]]], list[int]]
Problems = dict[str, list[str]]
"""Component to what is wrong with its build."""


def merged(*found: Mapping[str, Sequence[str]]) -> Problems:
    """What several rules found."""
    problems: Problems = {}
    for one in found:
        for component, these in one.items():
            problems.setdefault(component, []).extend(these)
    return problems


def source_problems(contents: Iterable[Content]) -> Problems:
    """Components without a source package: every binary can be built again."""
    return {
        content.published.component: ["its binary packages come without their source"]
        for content in contents
        if {placed.file.kind for placed in content.files} == {"binary"}
    }


def ownership_problems(contents: Iterable[Content], live: Manifest | None) -> Problems:
    """Components that claim another one's package: an archive can only offer one of them.

    The package belongs to who has it in the live snapshot; where that is nobody, to none of them.
    """
    claims: dict[Identity, list[str]] = {}
    for content in contents:
        for one in {identity(placed.file) for placed in content.files}:
            claims.setdefault(one, []).append(content.published.component)
    contested = {one: names for one, names in sorted(claims.items()) if len(names) > 1}
    before = live.components if contested and live else ()
    owners = {identity(file): build.component for build in before for file in build.files}
    problems: Problems = {}
    for (kind, package), names in contested.items():
        owner = owners.get((kind, package))
        for name in names:
            if owner not in names:
                others = " and ".join(other for other in names if other != name)
                text = f"the {kind} package {package} comes from {others}, too"
            elif name != owner:
                text = f"the {kind} package {package} belongs to {owner}"
            else:
                continue
            problems.setdefault(name, []).append(text)
    return problems


def version_problems(
    line: Line, contents: Iterable[Content], live: Manifest | None, compare: Compare
) -> Problems:
    """Packages that would be older than what clients of the line may have: the live snapshot's,
    what was rolled back from it, and the last there was of a package that is gone. No client that
    has these would take them."""
    new = [content for content in contents if content.new]
    before: dict[Identity, set[str]] = {}
    for file in live.offered() if live else ():
        before.setdefault(identity(file), set()).add(file.version)
    for one, version in retired_versions(line).items():
        before.setdefault(one, set()).add(version)
    moves = sorted(
        {
            (content.published.component, identity(placed.file), placed.file.version, old)
            for content in new
            for placed in content.files
            for old in before.get(identity(placed.file), ())
            if old != placed.file.version
        }
    )
    signs = compare([(version, old) for *_, version, old in moves]) if moves else []
    problems: Problems = {}
    for (component, (kind, package), version, old), sign in zip(moves, signs, strict=True):
        if sign < 0:
            text = f"the {kind} package {package} would go from {old} down to {version}"
            problems.setdefault(component, []).append(text)
    return problems


def reuse_problems(line: Line, contents: Iterable[Content], live: Manifest | None) -> Problems:
    """File names that an earlier snapshot of the line has, or had, for other bytes: apt keeps
    packages by their names.

    Looks at the disk for the new names only, so the cost grows with the change. Of RPM packages
    that are yet to be signed, what was built is compared.
    """
    new = [(c.published.component, placed.file) for c in contents if c.new for placed in c.files]
    before = {file.filename: file for file in live.offered()} if live and new else {}
    gone = remembered(line, (file.path for _, file in new))
    problems: Problems = {}
    for component, file in new:
        same = before.get(file.filename)
        if same is None or _bytes(same, file) != _bytes(file, file):
            where = _other_bytes(line, file, same, gone.get(file.path))
            if where:
                problems.setdefault(component, []).append(
                    f"{file.filename} was published before with other bytes ({where}): a new build "
                    "needs a new version"
                )
    return problems


def _other_bytes(
    line: Line, file: ManifestFile, live: ManifestFile | None, gone: str | None
) -> str:
    """The snapshot in which a file's name stands for other bytes; empty when there is none."""
    if live is not None and live.path != file.path:
        return "the live snapshot"
    if gone is not None and not _unsigned(file) and gone != file.sha256:
        return "in a snapshot that is no longer kept"
    for number in reversed(line.numbers()):
        earlier = line.snapshot(number) / file.path
        if not earlier.is_file():
            continue
        if _unsigned(file):
            # A snapshot keeps files of the ones before it, too, which its manifest does not list.
            listed = load_manifest(line.snapshot(number)).files().get(file.path)
            if listed is None:
                continue
            other = listed.built_sha256
        else:
            other = sha256_of(earlier)
        return "" if other == file.sha256 else f"snapshot {number}"
    return ""


def _unsigned(file: ManifestFile) -> bool:
    return bool(file.built_sha256) and file.built_sha256 == file.sha256


def _bytes(file: ManifestFile, like: ManifestFile) -> str:
    """The digest of a file that can be compared with that of `like`."""
    return file.built_sha256 if _unsigned(like) else file.sha256
