"""Building a published package again from the archive alone, and comparing it bit by bit.

Everything comes from one snapshot: the source package, and the packages that the build was made
with, found by the build keys in the manifest. Signing changes an RPM, so that the comparison is
with the file as it was built.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import requests
from pydantic import ValidationError

from farm.build.interface import InputPackage
from farm.digest import is_debug_package
from farm.errors import FarmError
from farm.local.rebuild import rebuild
from farm.model import Distro
from farm.pool import sha256_of
from repo_publish.errors import PublishError
from repo_publish.manifest import MANIFEST, Manifest, ManifestComponent, ManifestFile, load_manifest

TIMEOUT_S = (10.0, 120.0)
"""Of connecting, and of waiting for the next bytes."""
_BLOCK = 1 << 18

Say = Callable[[str], None]


class Snapshot:
    """A snapshot of an archive, as a directory or at a URL.

    :raises PublishError: there is none.
    """

    def __init__(self, place: str):
        self._place = place.rstrip("/")
        self._remote = "://" in place
        self.manifest = self._read_manifest()

    def fetch(self, file: ManifestFile, into: Path) -> Path:
        """Have a file of the snapshot in a directory, and the bytes that the manifest says.

        :raises PublishError: it cannot be had, or has other bytes.
        """
        target = into / file.filename
        if self._remote:
            with self._get(file.path) as answer, target.open("wb") as stream:
                for block in answer.iter_content(_BLOCK):
                    stream.write(block)
        else:
            source = Path(self._place, file.path)
            if not source.is_file():
                raise PublishError(f"{source} is missing")
            shutil.copyfile(source, target)
        if sha256_of(target) != file.sha256:
            raise PublishError(f"{file.path} has other bytes than the manifest says")
        return target

    def _read_manifest(self) -> Manifest:
        if not self._remote:
            return load_manifest(Path(self._place))
        with self._get(MANIFEST) as answer:
            try:
                return Manifest.model_validate_json(answer.content)
            except ValidationError as error:
                raise PublishError(f"{answer.url} is not a manifest of a farm") from error

    def _get(self, path: str) -> requests.Response:
        url = f"{self._place}/{path}"
        try:
            answer = requests.get(url, timeout=TIMEOUT_S, stream=True)
            answer.raise_for_status()
        except requests.RequestException as error:
            raise PublishError(f"{url} cannot be fetched: {error}") from error
        return answer


@dataclass(frozen=True)
class Reproduction:
    """What came of building a component again."""

    component: str
    version: str
    same: tuple[str, ...]
    """Packages with the published bytes."""
    different: tuple[str, ...]
    missing: tuple[str, ...]
    """Published, and not made this time."""
    root_differs: bool
    """The clean root has other packages than it had then."""

    @property
    def identical(self) -> bool:
        """Every published package was made again, bit by bit."""
        return not self.different and not self.missing


def component_of(manifest: Manifest, package: str) -> ManifestComponent:
    """The component that a package, or the component of that name, belongs to.

    :raises PublishError: the snapshot has neither.
    """
    for component in manifest.components:
        names = {file.package for file in component.files if file.kind == "binary"}
        if package == component.component or package in names:
            return component
    raise PublishError(f"the snapshot has no package and no component {package}")


def inputs_of(
    manifest: Manifest, component: ManifestComponent
) -> Iterator[tuple[str, ManifestFile]]:
    """The packages of other components that a build was made with, each with its component.

    :raises PublishError: the snapshot has another build of one, or the manifest does not say.
    """
    published = {(c.component, c.key): c for c in manifest.components}
    for name, wanted in sorted(component.inputs.items()):
        found = published.get((name, wanted.key))
        if found is None:
            raise PublishError(
                f"{component.component} was built with {name} {wanted.version or wanted.key[:12]}, "
                "which this snapshot does not have: take the snapshot that first published it"
            )
        for file in found.files:
            if file.kind == "binary" and not is_debug_package(file.package):
                yield name, file


def reproduce(
    snapshot: Snapshot, package: str, distro: Distro, cache: Path, scratch: Path, log: TextIO
) -> Reproduction:
    """Build the component of a published package again and compare what comes of it.

    :param distro: what the snapshot is for; its root is made from it.
    :param scratch: an empty directory.
    :raises PublishError: the snapshot lacks something.
    :raises BuildFailure: it does not build any more.
    """
    manifest = snapshot.manifest
    _check(manifest, distro)
    component = component_of(manifest, package)
    fetched, inputs = scratch / "source", scratch / "inputs"
    for directory in (fetched, inputs):
        directory.mkdir()
    given = tuple(
        InputPackage(name, file.package, file.version, snapshot.fetch(file, inputs), direct=True)
        for name, file in inputs_of(manifest, component)
    )
    sources = [snapshot.fetch(f, fetched) for f in component.files if f.kind == "source"]
    source = next((p for p in sources if p.name.endswith((".dsc", ".src.rpm"))), None)
    if source is None:
        raise PublishError(f"the snapshot has no source package of {component.component}")
    outcome = rebuild(source, component.component, distro, given, cache, scratch, log)
    made = {name: sha256_of(scratch / "out" / name) for name in outcome.binaries}
    return compare(component, made, outcome.root_identity)


def compare(component: ManifestComponent, made: dict[str, str], root_identity: str) -> Reproduction:
    """Published packages beside those that were made now.

    :param made: file name to SHA-256.
    """
    published = {
        f.filename: f.built_sha256 or f.sha256 for f in component.files if f.kind == "binary"
    }
    return Reproduction(
        component=component.component,
        version=component.version,
        same=tuple(sorted(n for n, digest in published.items() if made.get(n) == digest)),
        different=tuple(sorted(n for n, d in published.items() if n in made and made[n] != d)),
        missing=tuple(sorted(published.keys() - made.keys())),
        root_differs=bool(component.root_identity) and component.root_identity != root_identity,
    )


def _check(manifest: Manifest, distro: Distro) -> None:
    if (manifest.family, manifest.architecture) != (distro.family, distro.architecture):
        raise FarmError(
            f"the snapshot is for {manifest.distro} ({manifest.family}, {manifest.architecture}), "
            f"and {distro.name} is {distro.family}, {distro.architecture}"
        )
    if distro.build_backend == "mock":
        raise FarmError(f"{distro.name} is built by mock: rebuild its source RPM with mock itself")
