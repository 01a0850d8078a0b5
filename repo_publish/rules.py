"""What a publication may not do: two owners of a package, versions that go down, reused names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from farm.pool import sha256_of
from repo_publish.content import Content
from repo_publish.line import Line
from repo_publish.manifest import Manifest, ManifestFile
from repo_publish.names import remembered

Compare = Callable[[Sequence[tuple[str, str]]], list[int]]


def ownership_problems(contents: Iterable[Content]) -> list[str]:
    """Packages that two components claim: an archive can only offer one of them."""
    owners: dict[tuple[str, str], str] = {}
    problems = []
    for content in contents:
        component = content.published.component
        for kind, package in sorted({(p.file.kind, p.file.package) for p in content.files}):
            owner = owners.setdefault((kind, package), component)
            if owner != component:
                problems.append(f"the {kind} package {package} comes from {owner} and {component}")
    return problems


def version_problems(
    contents: Iterable[Content], live: Manifest | None, compare: Compare
) -> list[str]:
    """Packages that would be older than the live snapshot's, or than what was rolled back from it:
    no client that has these would take them."""
    before: dict[tuple[str, str], set[str]] = {}
    for file in live.offered() if live else ():
        before.setdefault(_identity(file), set()).add(file.version)
    moves = sorted(
        {
            (_identity(placed.file), placed.file.version, old)
            for content in contents
            if content.new
            for placed in content.files
            for old in before.get(_identity(placed.file), ())
            if old != placed.file.version
        }
    )
    signs = compare([(new, old) for _, new, old in moves]) if moves else []
    return [
        f"the {kind} package {package} would go from {old} down to {new}"
        for ((kind, package), new, old), sign in zip(moves, signs, strict=True)
        if sign < 0
    ]


def reuse_problems(line: Line, live: Manifest | None, files: Iterable[ManifestFile]) -> list[str]:
    """File names that an earlier snapshot of the line has, or had, for other bytes.

    Looks at the disk for the new names only, so the cost grows with the change.
    """
    before = live.files() if live else {}
    new = [f for f in files if f.path not in before or before[f.path].sha256 != f.sha256]
    gone = remembered(line, (file.path for file in new))
    numbers = line.numbers()
    problems = []
    for file in new:
        if gone.get(file.path, file.sha256) != file.sha256:
            problems.append(
                f"{file.filename} was published before with other bytes (in a snapshot that is no "
                "longer kept): a new build needs a new version"
            )
            continue
        for number in reversed(numbers):
            earlier = line.snapshot(number) / file.path
            if earlier.is_file():
                if sha256_of(earlier) != file.sha256:
                    problems.append(
                        f"{file.filename} was published before with other bytes (snapshot "
                        f"{number}): a new build needs a new version"
                    )
                break
    return problems


def _identity(file: ManifestFile) -> tuple[str, str]:
    return file.kind, file.package
