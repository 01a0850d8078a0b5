"""Layers on a root: the distro packages that a build needs, installed once per set.

For real software installing build dependencies costs more than anything else around a build. The
farm's own packages change with every build and are never part of a layer.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from farm.build.deb.apt import apt_get
from farm.build.deb.mirrors import network_environment
from farm.build.deb.roots import DebRoot, locked
from farm.build.phases import Phases
from farm.build.sandbox import Overlay
from farm.build.stream import TimeLimitExceeded
from farm.errors import BuildFailure, CommandError, InfrastructureError

KEPT_UNUSED_S = 30 * 24 * 3600
"""Layers that no build used for this long are removed."""

LAYER_TIMEOUT_S = 1800

_ARCHIVES = "/var/cache/apt/archives"


@contextmanager
def layer_for(
    root: DebRoot, relations: Sequence[str], phases: Phases, work: Path, mirror: str
) -> Iterator[tuple[Path, ...]]:
    """The directories to build on: the root, and a layer with `relations` if there are any.

    The layer is made now unless the cache has it, and not removed while the context lasts.

    :param mirror: a directory on this machine that apt in the root reads; may be empty.
    :raises BuildFailure: the distro cannot fulfil the relations.
    :raises InfrastructureError: it could, but not now.
    """
    if not relations:
        yield (root.tree,)
        return
    layers = root.directory / "layers"
    layers.mkdir(exist_ok=True)
    layer = layers / layer_digest(relations)
    lock = Path(f"{layer}.lock")
    # One at a time: apt's downloads are shared by all layers of a root.
    if not layer.exists():
        with locked(layers / "making.lock"):
            if not layer.exists():
                _prune_layers(layers)
                _prune_archives(root.directory / "archives")
                _make(root, relations, layer, phases, work, mirror)
    with _in_use(lock):
        os.utime(layer)
        yield root.tree, layer


def layer_digest(relations: Sequence[str]) -> str:
    """Name of the layer with these relations; their order does not matter."""
    return hashlib.sha256("\n".join(sorted(relations)).encode()).hexdigest()[:32]


def _make(
    root: DebRoot,
    relations: Sequence[str],
    layer: Path,
    phases: Phases,
    work: Path,
    mirror: str,
) -> None:
    new = Path(f"{layer}.new")
    shutil.rmtree(new, ignore_errors=True)
    try:
        with Overlay([root.tree], work, upper=new) as overlay:
            _check(overlay, relations, phases)
            _install(overlay, relations, root.directory / "archives", phases, mirror)
        new.rename(layer)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def _check(overlay: Overlay, relations: Sequence[str], phases: Phases) -> None:
    """Whether the distro has these packages at all: that is for the lists in the root to say."""
    argv = apt_get("--simulate", "satisfy", ", ".join(relations))
    try:
        overlay.run("find the build dependencies", argv, timeout_s=LAYER_TIMEOUT_S)
    except CommandError as error:
        phases.line(error.output)
        raise BuildFailure(phases.current, str(error)) from error


def _install(
    overlay: Overlay, relations: Sequence[str], archives: Path, phases: Phases, mirror: str
) -> None:
    """Download and install; what fails now is the mirror, or the disk."""
    (archives / "partial").mkdir(parents=True, exist_ok=True)

    def apt(*arguments: str) -> None:
        overlay.run(
            "install the build dependencies",
            # A cache of the changed packages would be half of a layer, and nobody reads it again.
            apt_get("-oDir::Cache::pkgcache=", *arguments),
            network=True,
            bind={Path(mirror): mirror} if mirror else {},
            bind_writable={archives: _ARCHIVES},
            env={**network_environment(), "DEBIAN_FRONTEND": "noninteractive"},
            output=phases.line,
            timeout_s=LAYER_TIMEOUT_S,
        )

    wanted = ", ".join(relations)
    try:
        try:
            apt("--download-only", "satisfy", wanted)
        except CommandError:
            phases.line("The mirror has moved on: reading its lists again\n")
            apt("update")
        apt("satisfy", wanted)
    except (CommandError, TimeLimitExceeded) as error:
        raise InfrastructureError(str(error)) from error


def _prune_layers(layers: Path) -> None:
    """Remove the layers that nobody used for long and nobody uses now."""
    for layer in layers.iterdir():
        if not layer.is_dir() or time.time() - layer.stat().st_mtime < KEPT_UNUSED_S:
            continue
        handle = os.open(f"{layer}.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            shutil.rmtree(layer)
        finally:
            os.close(handle)


def _prune_archives(archives: Path) -> None:
    """Remove the packages that were downloaded long ago (apt gives them the mirror's times)."""
    for package in archives.glob("*.deb"):
        if time.time() - package.stat().st_ctime > KEPT_UNUSED_S:
            package.unlink()


@contextmanager
def _in_use(lock: Path) -> Iterator[None]:
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)
