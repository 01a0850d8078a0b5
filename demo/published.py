"""A published archive as its users get it: over HTTP, with its key and its client configuration."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

import requests

from demo.errors import DemoError
from demo.where import Archive
from repo_publish.checks import check_signature
from repo_publish.client_files import CONFIGURATION, KEY_ASCII, KEY_BINARY
from repo_publish.manifest import MANIFEST, Manifest, ManifestFile

TIMEOUT_S = 30


@dataclass(frozen=True)
class Published:
    """One archive, fetched and its manifest's signature checked."""

    archive: Archive
    manifest: Manifest
    identity: str
    """Digest of the manifest: another snapshot, another identity."""
    configuration_name: str
    """``farm.sources`` or ``farm.repo``."""
    configuration: str
    key: str
    """The public key, armoured."""

    def source_of(self, component: str) -> ManifestFile:
        """The .dsc or .src.rpm of a component.

        :raises DemoError: the archive has none.
        """
        for entry in self.manifest.components:
            for file in entry.files:
                if entry.component == component and file.path.endswith((".dsc", ".src.rpm")):
                    return file
        raise DemoError(f"{self.archive.url} has no source package of {component}")

    def binaries(self) -> dict[str, str]:
        """Binary package to version."""
        return {
            file.package: file.version
            for entry in self.manifest.components
            for file in entry.files
            if file.kind == "binary"
        }


def fetch_published(archive: Archive) -> Published:
    """Fetch what an archive says about itself.

    :raises DemoError: it is not reachable.
    :raises VerifyError: its signature is wrong.
    """
    session = requests.Session()
    session.trust_env = False  # a proxy has no business between this machine and itself

    def get(name: str) -> bytes:
        try:
            answer = session.get(archive.url + name, timeout=TIMEOUT_S)
            answer.raise_for_status()
        except requests.RequestException as error:
            raise DemoError(
                f"the archive of {archive.line} cannot be read: {error}",
                "Does the master run? .venv/bin/python -m demo status",
            ) from error
        return answer.content

    names = (MANIFEST, f"{MANIFEST}.asc", KEY_BINARY)
    with tempfile.TemporaryDirectory() as scratch:
        for name in names:
            (Path(scratch) / name).write_bytes(get(name))
        manifest, signature, key = (Path(scratch) / name for name in names)
        check_signature(signature, key, of=manifest)
        text = manifest.read_bytes()
    configuration = CONFIGURATION[archive.distro.family]
    return Published(
        archive=archive,
        manifest=Manifest.model_validate_json(text),
        identity=hashlib.sha256(text).hexdigest(),
        configuration_name=configuration,
        configuration=get(configuration).decode(),
        key=get(KEY_ASCII).decode(),
    )
