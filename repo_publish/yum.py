"""The yum family's tree: signed packages, createrepo_c's metadata, earlier metadata beside it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import createrepo_c

from farm.errors import FarmError
from farm.run import clean_environment, run
from repo_publish.content import Content
from repo_publish.errors import VerifyError
from repo_publish.files import place, place_if_missing

REPOSITORIES = {"binary": ".", "source": "source"}
"""Kind of packages -> their repository's directory in the snapshot."""


def assemble(
    contents: Sequence[Content], *, tree: Path, work: Path, live_tree: Path | None
) -> None:
    """Fill `tree` with the packages and both repositories' metadata.

    Metadata of packages that the live snapshot has is taken from there.

    :raises CommandError: createrepo_c refuses.
    """
    tree.mkdir()
    for placed in (placed for content in contents for placed in content.files):
        place(placed.origin, tree / placed.file.path)
    for kind, directory in REPOSITORIES.items():
        repository = tree / directory
        repository.mkdir(exist_ok=True)
        packages = work / f"{kind}.list"
        packages.write_text(
            "".join(
                f"{(tree / placed.file.path).relative_to(repository)}\n"
                for content in contents
                for placed in content.files
                if placed.file.kind == kind
            )
        )
        update: list[str | Path] = (
            ["--update", "--update-md-path", live_tree / directory] if live_tree else []
        )
        run(
            f"write the metadata of the {kind} packages",
            [
                *(_createrepo_c(), "--quiet", "--no-database", "--unique-md-filenames"),
                *("--checksum", "sha256", "--general-compress-type", "gz", *update),
                *("--workers", "2", "--pkglist", packages, repository),
            ],
            env=clean_environment(TMPDIR=str(work)),
        )


def keep_earlier_metadata(tree: Path, earlier: Iterable[Path]) -> None:
    """Make the metadata of earlier snapshots reachable: its names are unique by digest."""
    for old_tree in earlier:
        for directory in REPOSITORIES.values():
            for name in metadata_files(old_tree / directory):
                place_if_missing(old_tree / directory / name, tree / directory / name)


def repomd_files(tree: Path) -> list[Path]:
    """The files to sign: the entry point of each repository."""
    return [tree / directory / "repodata" / "repomd.xml" for directory in REPOSITORIES.values()]


def metadata_files(repository: Path) -> list[str]:
    """The files that a repository's repomd.xml names, relative to the repository."""
    return [record.location_href for record in read_repomd(repository).records]


def read_repomd(repository: Path) -> createrepo_c.Repomd:
    """Parse a repository's entry point.

    :raises VerifyError: it is missing or damaged.
    """
    path = repository / "repodata" / "repomd.xml"
    try:
        return createrepo_c.Repomd(str(path))
    except (OSError, createrepo_c.CreaterepoCError) as error:
        raise VerifyError(f"{path} cannot be read: {error}") from error


def _createrepo_c() -> str:
    """The tool that came with this Python's createrepo-c, else the system's."""
    ours = Path(sys.executable).with_name("createrepo_c")
    found = str(ours) if ours.exists() else shutil.which("createrepo_c")
    if not found:
        raise FarmError("createrepo_c is not installed")
    return found
