"""Build dependencies: resolved by dnf once, kept as layers, the farm's own put on top.

What dnf decided is remembered under everything that decided it (`resolution_key`). A warm build
therefore runs no dnf at all: it mounts the distro's packages as a layer, and rpm installs the
dependencies' packages of this very build, checking that they still fit.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from farm.build.phases import Phases
from farm.build.rpm.dnf import verdict
from farm.build.rpm.inputs import RpmFile, make_repository, relations_digest
from farm.build.rpm.roots import RpmRoot
from farm.build.rpm.scratch import scratch_directory
from farm.build.sandbox import Overlay
from farm.errors import CommandError

INPUT_PRIORITY = 50
"""Below dnf's default of 99: the farm's own packages come before the distro's."""

_INSIDE = "/mnt"
"""Where a directory of packages is mounted to install from."""


@dataclass(frozen=True)
class Resolution:
    """What dnf decided to install for one set of build requirements."""

    layer: str
    """Name of the layer with the distro's packages; empty when the root has all of them."""
    inputs: tuple[str, ...]
    """Names of the input packages that are needed."""


def resolution_key(root: RpmRoot, requires: Iterable[str], inputs: Iterable[RpmFile]) -> str:
    """Digest of all that decides which packages a build needs."""
    said = [root.key, *sorted(requires), relations_digest(inputs)]
    return hashlib.sha256("\0".join(said).encode()).hexdigest()[:32]


class Dependencies:
    """The dependency layers of one root, shared by all builds in it.

    :param work: for mount points.
    """

    def __init__(self, root: RpmRoot, work: Path):
        self._root = root
        self._work = work
        self._resolutions = root.place / "resolutions"
        self._layers = root.place / "layers"
        for directory in (self._resolutions, self._layers):
            directory.mkdir(parents=True, exist_ok=True)

    def resolve(
        self,
        requires: Sequence[str],
        inputs: Sequence[RpmFile],
        source_package: Callable[[], Path],
        phases: Phases,
        *,
        anew: bool = False,
    ) -> Resolution:
        """What a build needs, and the layer with the distro's part of it.

        :param requires: the build requirements, as the source package says them.
        :param source_package: makes the source package, which is what dnf reads; called only when
            dnf is asked.
        :param anew: ask dnf even when the answer is known.
        :raises BuildFailure: what is required cannot be had.
        :raises InfrastructureError: a repository or the disk fails.
        """
        key = resolution_key(self._root, requires, inputs)
        with _locked(self._resolutions / f"{key}.lock"):
            known = None if anew else self._known(key)
            if known is None:
                known = self._ask(source_package(), inputs, phases)
                self._remember(key, known)
            return known

    def lower(self, resolution: Resolution) -> list[Path]:
        """The directories that an overlay with the distro's packages lies on."""
        if not resolution.layer:
            return [self._root.path]
        return [self._root.path, self._layers / resolution.layer]

    def _known(self, key: str) -> Resolution | None:
        try:
            said = json.loads((self._resolutions / f"{key}.json").read_text())
            found = Resolution(said["layer"], tuple(said["inputs"]))
        except (FileNotFoundError, ValueError, KeyError):
            return None
        complete = not found.layer or (self._layers / found.layer).is_dir()
        return found if complete else None

    def _remember(self, key: str, resolution: Resolution) -> None:
        file = self._resolutions / f"{key}.json"
        scratch = file.with_suffix(".new")
        scratch.write_text(json.dumps({"layer": resolution.layer, "inputs": resolution.inputs}))
        scratch.replace(file)

    def _ask(self, source_package: Path, inputs: Sequence[RpmFile], phases: Phases) -> Resolution:
        with scratch_directory(self._root.place) as scratch:
            downloads = scratch / "packages"
            downloads.mkdir()
            with self._offered(inputs, scratch / "repository") as options:
                self._download(source_package, downloads, options, phases)
            own = {rpm.path.name: rpm.name for rpm in inputs}
            needed = sorted(file.name for file in downloads.iterdir() if file.name in own)
            for name in needed:
                (downloads / name).unlink()
            layer = self._layer(downloads, phases)
        return Resolution(layer, tuple(own[name] for name in needed))

    @contextlib.contextmanager
    def _offered(self, inputs: Sequence[RpmFile], directory: Path) -> Iterator[list[str]]:
        """Options with which dnf finds the input packages."""
        if not inputs:
            yield []
            return
        make_repository(inputs, directory)
        # dnf keeps metadata by name: one that no other build uses, and that is removed again.
        name = f"farm-inputs-{uuid.uuid4().hex}"
        yield [
            f"--repofrompath={name},{directory.absolute().as_uri()}",
            f"--setopt={name}.priority={INPUT_PRIORITY}",
            f"--setopt={name}.gpgcheck=0",
        ]
        for kept in self._root.dnf.cache.glob(f"{name}*"):
            if kept.is_dir():
                shutil.rmtree(kept, ignore_errors=True)
            else:
                kept.unlink()

    def _download(
        self, source_package: Path, directory: Path, options: list[str], phases: Phases
    ) -> None:
        """Have dnf put what is missing for building a source package into `directory`."""
        fetch = ("builddep", "--downloadonly", f"--downloaddir={directory}", source_package)
        with Overlay([self._root.path], self._work) as overlay:
            argv = self._root.dnf.argv(overlay.mount_point, *options, *fetch)
            try:
                overlay.run_host(
                    "resolve the build dependencies",
                    argv,
                    env=self._root.dnf.environment,
                    output=phases.line,
                )
            except CommandError as error:
                raise verdict(error) from error

    def _layer(self, packages: Path, phases: Phases) -> str:
        """A layer with these packages of the distro, made unless it exists; its name."""
        names = sorted(file.name for file in packages.iterdir())
        if not names:
            return ""
        said = "\0".join([self._root.key, *names])
        name = hashlib.sha256(said.encode()).hexdigest()[:32]
        layer = self._layers / name
        with _locked(self._layers / f"{name}.lock"):
            if not layer.is_dir():
                scratch = self._layers / f".new-{name}"
                shutil.rmtree(scratch, ignore_errors=True)
                with Overlay([self._root.path], self._work, upper=scratch) as overlay:
                    # dnf has checked it all; what of it the farm's own packages satisfy is not
                    # installed yet.
                    install(overlay, packages, phases, "--nodeps")
                scratch.rename(layer)
        return name


def install_inputs(
    overlay: Overlay, packages: Sequence[RpmFile], scratch: Path, phases: Phases
) -> bool:
    """Install input packages; False when rpm finds that they do not fit.

    :param scratch: a directory to gather them in.
    :raises BuildFailure: they conflict with each other or with the distro's packages.
    """
    if not packages:
        return True
    place = scratch / "inputs"
    place.mkdir(exist_ok=True)
    for rpm in packages:
        _link(rpm.path, place / rpm.path.name)
    with phases.verdict(overlay.is_full):
        try:
            install(overlay, place, phases)
        except CommandError as error:
            phases.line(error.output)
            if "Failed dependencies:" in error.output:
                return False
            raise
    return True


def install(overlay: Overlay, packages: Path, phases: Phases, *options: str) -> None:
    """Install all packages of a directory with the root's own rpm, without network.

    :raises CommandError: rpm fails.
    """
    names = sorted(file.name for file in packages.iterdir())
    for name in names:
        phases.line(f"installing {name}\n")
    argv = ["rpm", "--upgrade", "--oldpackage", *options, *(f"{_INSIDE}/{name}" for name in names)]
    overlay.run("install the build dependencies", argv, bind={packages: _INSIDE})


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source.resolve(), target)
    except OSError:
        shutil.copyfile(source, target)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
