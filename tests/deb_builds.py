"""Builder of build requests for deb distros."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from farm.build.interface import Backend, BuildOutcome, BuildRequest, InputPackage
from farm.model import Distro, Family, Root
from tests.packaging_data import tree_info
from tests.projects import TIMESTAMP

CACHE = Path(os.environ.get("FARM_TEST_CACHE", "/var/tmp/farm-cache"))
"""Roots are kept here between test runs."""


def deb_distro(suite: str = "bookworm", suffix: str = "~deb12", **root: object) -> Distro:
    return Distro(
        name=suite,
        family=Family.DEB,
        release=suite,
        architecture="amd64",
        root=Root.model_validate({"suite": suite, **root}),
        version_suffix=suffix,
    )


@dataclass(frozen=True)
class Built:
    """A finished build, where it lies and what it printed."""

    outcome: BuildOutcome
    out: Path
    log: str

    def content(self, names: Sequence[str]) -> dict[str, bytes]:
        return {name: (self.out / name).read_bytes() for name in names}

    @property
    def packages(self) -> dict[str, Path]:
        """Name of each package but the debug packages, to its file."""
        names = self.outcome.binaries
        return {n.split("_")[0]: self.out / n for n in names if "-dbgsym_" not in n}

    @property
    def dsc(self) -> Path:
        return next(self.out / name for name in self.outcome.source if name.endswith(".dsc"))

    @property
    def orig(self) -> Path:
        return next(self.out / name for name in self.outcome.source if ".orig." in name)

    def inputs(self) -> tuple[InputPackage, ...]:
        """Its packages, for a build that depends on it."""
        return tuple(
            InputPackage("dependency", name, self.outcome.version, path, direct=True)
            for name, path in self.packages.items()
        )


def request(
    distro: Distro,
    tree: Path,
    out: Path,
    *,
    name: str = "",
    needs: Sequence[str] = (),
    inputs: Sequence[InputPackage] = (),
    own: bool = False,
    timeout_s: int = 300,
    cache: Path = CACHE,
) -> BuildRequest:
    """A request for the tree's component; `out` is made, and must not exist."""
    for path in (tree, *tree.rglob("*")):
        os.utime(path, (TIMESTAMP, TIMESTAMP), follow_symlinks=False)
    info = tree_info(tree, distro, "1.0+git2.gc0ffee0", needs)
    if name:
        info = replace(info, name=name)
    out.mkdir(parents=True)
    return BuildRequest(info, tree, own, distro, tuple(inputs), cache, out, timeout_s)


def build(backend: Backend, wanted: BuildRequest) -> Built:
    """Build it, and keep the log."""
    log = io.StringIO()
    return Built(backend.build(wanted, log), wanted.out, log.getvalue())
