"""`manifest.json`: what a snapshot holds, and where every file in it came from."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from farm.model import Family
from repo_publish.errors import PublishError
from repo_publish.model import Publication

MANIFEST = "manifest.json"
LAYOUT = 1
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


class ManifestComponent(_Plain):
    """One component's packages in a snapshot."""

    component: str
    commit: str
    key: str
    """Build key."""
    version: str
    reason: str
    files: tuple[ManifestFile, ...]


class Manifest(_Plain):
    """A whole snapshot."""

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
    """Fingerprint."""
    components: tuple[ManifestComponent, ...]

    def files(self) -> dict[str, ManifestFile]:
        """Every package file by its path."""
        return {file.path: file for c in self.components for file in c.files}

    def serves(self, publication: Publication, url: str, signing_key: str) -> bool:
        """Whether publishing `publication` would give this snapshot again.

        Commits and reasons do not count: the same build key is the same packages.
        """
        return (
            self.layout == LAYOUT
            and self.family is publication.family
            and self.architecture == publication.architecture
            and self.title == publication.title
            and self.url == url
            and self.signing_key == signing_key
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
