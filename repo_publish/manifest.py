"""`manifest.json`: what a snapshot holds, and where every file in it came from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json

from farm.model import Family
from repo_publish.errors import PublishError
from repo_publish.gate.record import GateRecord
from repo_publish.held_back import HeldBack
from repo_publish.line import SNAPSHOTS
from repo_publish.model import Publication

MANIFEST = "manifest.json"
LAYOUT = 3
"""Raised when the same packages would give another tree: the next publication is then a change."""


class _Plain(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ManifestFile(_Plain):
    """One package file of a snapshot."""

    path: str
    """Relative to the snapshot."""
    kind: Literal["source", "binary"]
    package: str
    version: str
    """With epoch."""
    architecture: str
    """``source`` for source packages."""
    sha256: str
    size: int
    built_sha256: str = ""
    """Of the file as it was built, where signing changed it (rpm)."""

    @property
    def filename(self) -> str:
        """The last part of `path`."""
        return self.path.rpartition("/")[2]


class ManifestInput(_Plain):
    """A build that another one was made with."""

    key: str
    """Build key."""
    version: str
    """Of its packages; empty when it is known no more."""


class Extra(_Plain):
    """A file of a snapshot that is no package."""

    path: str
    """Relative to the snapshot."""
    sha256: str
    size: int


class ManifestComponent(_Plain):
    """One component's packages in a snapshot, and how they were built."""

    component: str
    commit: str
    key: str
    """Build key."""
    version: str
    reason: str = ""
    """Why it was built."""
    files: tuple[ManifestFile, ...]
    git: str = ""
    """Clone URL of the component's repository."""
    directory: str = "."
    """In the repository."""
    licence: str = ""
    """SPDX expression."""
    inputs: dict[str, ManifestInput] = {}
    """Components whose packages the build saw."""
    output_digest: str = ""
    root_identity: str = ""
    """Digest of the clean root that it was built in."""
    tests: str = ""
    """``passed`` or ``none``."""
    started: int = 0
    """When the build began and when it ended, in seconds since 1970; 0: not known."""
    finished: int = 0
    log: Extra | None = None
    """Of the build."""
    provenance: Extra | None = None
    """Signed statement of where the build came from; its signature is beside it (``.asc``)."""
    since: int = 0
    """When the line first published this build, in seconds since 1970; 0: not known."""
    changes: tuple[str, ...] = ()
    """Subjects of the commits that the build brought to the line, newest first."""

    @property
    def extras(self) -> tuple[Extra, ...]:
        """Files that come with the packages."""
        return tuple(extra for extra in (self.log, self.provenance) if extra)


class Rollback(_Plain):
    """A snapshot that was published to go back to an older one's content."""

    from_snapshot: int
    """The one that was live."""
    to_snapshot: int
    """The one whose content it has."""
    reason: str


class Refused(_Plain):
    """A build that a rollback took back: it is not published again until somebody undoes that."""

    build: ManifestComponent
    snapshot: int
    """The newest snapshot that has it."""
    reason: str
    """Of the rollback."""
    since: int
    """Seconds since 1970."""


class Origin(_Plain):
    """The snapshot of another line that this one was made from, without building anything."""

    channel: str
    distro: str
    snapshot: int


class Manifest(_Plain):
    """A whole snapshot.

    Fields with defaults came later: snapshots are never rewritten, so old ones lack them.
    """

    layout: int = LAYOUT
    channel: str
    distro: str
    family: Family
    architecture: str
    title: str
    url: str
    """Base URL of the archive that the client configuration names."""
    number: int
    previous: int | None
    """The snapshot that this one replaced."""
    timestamp: int
    """Seconds since 1970, different for every snapshot of a line."""
    signing_key: str
    """Fingerprint of the key that signed everything, packages too."""
    components: tuple[ManifestComponent, ...]
    signing_keys: tuple[str, ...] = ()
    """Of all keys that signed the indices and the manifest; two while a key is replaced."""
    key_expires: int = 0
    """When the signing key does; seconds since 1970, 0 for never."""
    origin: Origin | None = None
    """Of a promotion or a release."""
    sbom: Extra | None = None
    """What the snapshot is made of, in CycloneDX; its signature is beside it."""
    release: str = ""
    """The release that this is, as ``1.2``; its channel is then ``releases/1.2``."""
    rollback: Rollback | None = None
    """Only of the snapshot that went back, not of those after it."""
    refused: dict[str, Refused] = {}
    """Component to the build that was rolled back, until another one is published."""
    held_back: tuple[HeldBack, ...] = ()
    """What was wanted, too, and would have broken something."""
    gate: GateRecord | None = None
    """What the content was checked with."""

    @property
    def lasting_path(self) -> str:
        """Where the snapshot is for ever, relative to the archive."""
        if self.release:
            return f"{self.channel}/{self.distro}"
        return f"{SNAPSHOTS}/{self.channel}/{self.distro}/{self.number}"

    def extras(self) -> dict[str, Extra]:
        """Every file beside the packages that the snapshot vouches for, by its path."""
        found = [
            *(e for c in self.components for e in c.extras),
            *([self.sbom] if self.sbom else []),
        ]
        return {extra.path: extra for extra in found}

    def offered(self) -> list[ManifestFile]:
        """Every package file that a client of the line may have: of this snapshot, and of what was
        rolled back."""
        taken_back = [file for refused in self.refused.values() for file in refused.build.files]
        return [*self.files().values(), *taken_back]

    def files(self) -> dict[str, ManifestFile]:
        """Every package file by its path."""
        return {file.path: file for c in self.components for file in c.files}

    def serves(self, publication: Publication, url: str, signing_keys: Sequence[str]) -> bool:
        """Whether publishing `publication` would give this snapshot again.

        Commits and reasons do not count: the same build key is the same packages.
        """
        return (
            self.layout == LAYOUT
            and self.family is publication.family
            and self.architecture == publication.architecture
            and self.title == publication.title
            and self.url == url
            and (self.signing_keys or (self.signing_key,)) == tuple(signing_keys)
            and {(c.component, c.key) for c in self.components}
            == {(p.component, p.key) for p in publication.packages}
        )


def load_manifest(snapshot: Path) -> Manifest:
    """Read a snapshot's manifest.

    :raises PublishError: it is missing or not one.
    """
    path = snapshot / MANIFEST
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise PublishError(f"{path} is missing: the snapshot is damaged") from error
    except ValidationError as error:
        raise PublishError(f"{path} is not a manifest that this farm wrote") from error


def package_paths(snapshot: Path) -> set[str]:
    """The paths of a snapshot's packages, for when nothing else in its manifest is of interest:
    checking the rest of thousands of files takes most of the time of reading it.

    :raises PublishError: it is missing or not one.
    """
    path = snapshot / MANIFEST
    try:
        manifest = from_json(path.read_bytes())
        return {file["path"] for one in manifest["components"] for file in one["files"]}
    except FileNotFoundError as error:
        raise PublishError(f"{path} is missing: the snapshot is damaged") from error
    except (ValueError, KeyError, TypeError) as error:
        raise PublishError(f"{path} is not a manifest that this farm wrote") from error
