"""apt-get inside a root, and the farm's own packages installed with it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from debian.deb822 import Deb822

from farm.build.deb.relations import Package, package_of
from farm.build.interface import InputPackage
from farm.build.phases import Phases
from farm.build.sandbox import Overlay
from farm.errors import CommandError, InfrastructureError
from farm.run import run

_INPUTS = "/run/farm"


def apt_get(*arguments: str) -> list[str]:
    """An apt-get command that asks nothing and installs no recommendations."""
    # fmt: off
    return ["apt-get", "--quiet", "--yes", "--no-install-recommends",
            "-o", "APT::Sandbox::User=root", "-o", "Dpkg::Use-Pty=0",
            "-o", "Dpkg::Options::=--force-unsafe-io", *arguments]
    # fmt: on


def read_inputs(inputs: Sequence[InputPackage]) -> tuple[Package, ...]:
    """What the inputs' control fields say.

    :raises InfrastructureError: a file is not a readable .deb.
    """
    packages = []
    for one in inputs:
        try:
            text = run(f"read {one.path.name}", ["dpkg-deb", "--field", one.path])
            packages.append(package_of(Deb822(text), str(one.path)))
        except (CommandError, KeyError) as error:
            raise InfrastructureError(
                f"{one.path.name} is not a usable package: {error}"
            ) from error
    return tuple(packages)


def install_inputs(overlay: Overlay, packages: Sequence[Package], phases: Phases) -> None:
    """Install the farm's packages, over the distro's of the same name whatever their version.

    apt sees no archive: everything else they depend on has to be in the layers below.

    :raises BuildFailure: their dependencies are not fulfilled.
    """
    if not packages:
        return
    bind = {Path(p.path): f"{_INPUTS}/{Path(p.path).name}" for p in packages}
    # Without lists there is nothing to cache, and reading the cache of the lists costs time.
    nothing = [f"-oDir::Etc::{what}=/dev/null" for what in ("sourcelist", "sourceparts")] + [
        f"-oDir::Cache::{what}=" for what in ("pkgcache", "srcpkgcache")
    ]
    with phases.verdict(overlay.is_full):
        overlay.run(
            "install the farm's packages",
            apt_get(*nothing, "--allow-downgrades", "install", *bind.values()),
            bind=bind,
            env={"DEBIAN_FRONTEND": "noninteractive"},
            output=phases.line,
            timeout_s=phases.remaining_s(),
        )
    shutil.rmtree(overlay.path / _INPUTS.lstrip("/"))
