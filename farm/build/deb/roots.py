"""Clean roots of Debian and Ubuntu suites, made once by mmdebstrap and kept in the cache."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from farm.build.bubblewrap import settle
from farm.build.deb.mirrors import network_environment, sources_for
from farm.build.deb.relations import Package, parse_relations
from farm.build.stream import run_following
from farm.errors import FarmError, InfrastructureError
from farm.model import Distro
from farm.run import clean_environment, run

RECIPE = 1
"""Raise it when roots have to be made anew because this module makes them differently."""

ROOT_TIMEOUT_S = 1800

INCLUDE = ("debhelper", "fakeroot")
"""Beyond build-essential: what nearly every debian/rules is run with."""

_QUERY = r"${Package}\t${Version}\t${Architecture}\t${Provides}\n"


@dataclass(frozen=True)
class DebRoot:
    """A root in the cache: `directory` has the root itself and what belongs to it."""

    directory: Path

    @property
    def tree(self) -> Path:
        """The root file system."""
        return self.directory / "root"

    @property
    def identity(self) -> str:
        """Digest of the packages in it."""
        return (self.directory / "identity").read_text().strip()

    def packages(self) -> tuple[Package, ...]:
        """What is installed in it."""
        return parse_packages((self.directory / "packages").read_text())


def root_for(distro: Distro, cache: Path, log: TextIO) -> DebRoot:
    """The root of a distro, made now unless the cache has it; safe to call at once.

    :raises InfrastructureError: the mirror or the disk fails.
    """
    sources = sources_for(distro)
    roots = cache / "deb"
    roots.mkdir(parents=True, exist_ok=True)
    name = f"{distro.name}-{recipe_digest(distro, sources)[:12]}"
    root = DebRoot(roots / name)
    if not root.directory.exists():
        with locked(roots / f"{name}.lock"):
            if not root.directory.exists():
                _make(distro, sources, root.directory, log)
    return root


def recipe_digest(distro: Distro, sources: tuple[str, ...]) -> str:
    """Digest of everything that a root is made from."""
    recipe = [RECIPE, distro.architecture, distro.root.model_dump(mode="json"), sources, INCLUDE]
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


def parse_packages(text: str) -> tuple[Package, ...]:
    """Read lines of name, version, architecture and Provides, as dpkg-query was asked for."""
    packages = []
    for line in text.splitlines():
        name, version, _architecture, provides = line.split("\t")
        offered = tuple(r.alternatives[0] for r in parse_relations(provides))
        packages.append(Package(name, version, provides=offered))
    return tuple(packages)


def identity_of(text: str) -> str:
    """Digest of the names, versions and architectures in such lines."""
    installed = sorted(line.rsplit("\t", 1)[0] for line in text.splitlines())
    return hashlib.sha256("\n".join(installed).encode()).hexdigest()


def mmdebstrap(distro: Distro, target: Path, sources: Path) -> list[str]:
    """The argument list that makes a root.

    It runs in namespaces of its own, so that a killed farm leaves neither processes nor mounts.
    """
    root = distro.root
    keyring = [f"--keyring={root.keyring}"] if root.keyring else []
    # fmt: off
    return [
        "setpriv", "--pdeathsig", "KILL",
        "unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc",
        "mmdebstrap", "--mode=root", "--variant=buildd", "--format=directory",
        f"--architectures={distro.architecture}", f"--components={' '.join(root.areas)}",
        f"--include={','.join((*INCLUDE, *root.include))}",
        # The lists resolve build dependencies later without asking the mirror again.
        "--skip=cleanup/apt/lists",
        '--aptopt=Acquire::Languages "none"', '--aptopt=APT::Install-Recommends "false"',
        '--aptopt=Acquire::Retries "3"', "--dpkgopt=force-unsafe-io",
        *keyring, str(root.suite), str(target), str(sources),
    ]
    # fmt: on


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file against every other process and thread."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _make(distro: Distro, sources: tuple[str, ...], directory: Path, log: TextIO) -> None:
    """Make a root beside `directory` and move it there when it is whole."""
    for stale in directory.parent.glob(f"{directory.name}.new-*"):
        shutil.rmtree(stale)
    new = Path(tempfile.mkdtemp(dir=directory.parent, prefix=f"{directory.name}.new-"))
    try:
        new.chmod(0o755)
        listed = new / "sources.list"
        listed.write_text("".join(f"{line}\n" for line in sources))
        run_following(
            f"make the root of {distro.name}",
            mmdebstrap(distro, new / "root", listed),
            env=clean_environment(**network_environment()),
            output=log.write,
            timeout_s=ROOT_TIMEOUT_S,
        )
        _finish(distro, new / "root")
        packages = run(
            "list the packages of a root",
            ["dpkg-query", f"--admindir={new}/root/var/lib/dpkg", "-W", f"-f={_QUERY}"],
        )
        (new / "packages").write_text(packages)
        (new / "identity").write_text(f"{identity_of(packages)}\n")
        new.rename(directory)
    except (FarmError, OSError) as error:
        shutil.rmtree(new, ignore_errors=True)
        raise InfrastructureError(f"cannot make the root of {distro.name}: {error}") from error


def _finish(distro: Distro, tree: Path) -> None:
    settle(tree)
    # Every installation of a package would index the manual pages anew.
    (tree / "var/lib/man-db/auto-update").unlink(missing_ok=True)
    if distro.root.keyring:
        shutil.copy(distro.root.keyring, tree / "etc/apt/trusted.gpg.d")
    run(
        f"prepare apt's cache for {distro.name}",
        ["chroot", tree, "apt-cache", "gencaches"],
        env=clean_environment(),
    )
