"""Builders of what publishing works with: files of a snapshot, manifests, publications."""

from __future__ import annotations

import hashlib
from pathlib import Path

from repo_publish.content import Content, Placed
from repo_publish.line import Line, line_of
from repo_publish.manifest import MANIFEST, Manifest, ManifestComponent, ManifestFile
from repo_publish.model import Publication, Published

FINGERPRINT = "0123456789ABCDEF0123456789ABCDEF01234567"
URL = "http://farm.example.invalid"


def key_of(component: str, version: str = "1.0-1") -> str:
    """A build key."""
    return hashlib.sha256(f"{component} {version}".encode()).hexdigest()


def a_file(
    package: str, version: str = "1.0-1", *, kind: str = "binary", content: bytes = b"content"
) -> ManifestFile:
    """A .deb, or with kind ``source`` a .dsc, of that content."""
    ending = "_all.deb" if kind == "binary" else ".dsc"
    return ManifestFile.model_validate(
        {
            "path": f"pool/main/{package[0]}/{package}/{package}_{version}{ending}",
            "kind": kind,
            "package": package,
            "version": version,
            "architecture": "all" if kind == "binary" else "source",
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
        }
    )


def a_content(component: str, *files: ManifestFile, new: bool = True) -> Content:
    """A component with those files, as found for a publication."""
    placed = tuple(Placed(file, Path("/pool") / file.filename) for file in files)
    published = Published(component=component, key=key_of(component), commit="c" * 40)
    return Content(published, "1.0-1", placed, new)


def a_manifest(*components: ManifestComponent, **changes: object) -> Manifest:
    """The manifest of a snapshot of development/bookworm."""
    values: dict[str, object] = {
        "channel": "development",
        "distro": "bookworm",
        "family": "deb",
        "architecture": "amd64",
        "title": "Farm",
        "url": URL,
        "number": 7,
        "previous": 6,
        "timestamp": 1_700_000_000,
        "signing_key": FINGERPRINT,
        "components": components,
    }
    return Manifest.model_validate(values | changes)


def a_component(name: str, *files: ManifestFile, version: str = "1.0-1") -> ManifestComponent:
    """A component of a manifest."""
    return ManifestComponent(
        component=name,
        commit="c" * 40,
        key=key_of(name, version),
        version=version,
        reason="",
        files=files,
    )


def a_publication(*packages: Published, **changes: object) -> Publication:
    """What development/bookworm should hold."""
    values: dict[str, object] = {
        "channel": "development",
        "distro": "bookworm",
        "family": "deb",
        "architecture": "amd64",
        "packages": packages,
    }
    return Publication.model_validate(values | changes)


def published(name: str, version: str = "1.0-1", commit: str = "c" * 40) -> Published:
    """A component of a publication."""
    return Published(component=name, key=key_of(name, version), commit=commit)


def a_line(archive: Path, *manifests: Manifest) -> Line:
    """A line with these snapshots on disk, the last one live; of each the manifest only."""
    line = line_of(archive, manifests[0].channel, manifests[0].distro)
    line.state.mkdir(parents=True)
    for manifest in manifests:
        add_manifest(line, manifest)
    return line


def add_snapshot(line: Line, number: int) -> None:
    """Another live snapshot of a line of `a_line`."""
    names = {"channel": line.channel, "distro": line.distro}
    add_manifest(line, a_manifest(number=number, previous=number - 1, **names))


def add_manifest(line: Line, manifest: Manifest) -> None:
    """A snapshot with that manifest, which is then the live one."""
    tree = line.snapshot(manifest.number)
    tree.mkdir(parents=True)
    (tree / MANIFEST).write_text(manifest.model_dump_json())
    line.link.parent.mkdir(parents=True, exist_ok=True)
    line.link.unlink(missing_ok=True)
    line.link.symlink_to(f"../snapshots/{line}/{manifest.number}")
