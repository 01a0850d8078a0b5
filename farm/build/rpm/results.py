"""What a build of either rpm backend leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from farm.build.interface import BuildOutcome, BuildRequest
from farm.build.phases import Phases
from farm.build.rpm.buildinfo import buildinfo_name, buildinfo_text
from farm.build.rpm.rpmbuild import Reuse
from farm.errors import FarmError


def staging_directory(top: Path) -> Path:
    """rpmbuild's build root below its top directory.

    :raises FarmError: there is not exactly one, or a link leads elsewhere.
    """
    # rpm has it beside BUILD until 4.19, and in it since.
    found = [*top.glob("BUILDROOT/*"), *top.glob("BUILD/*/BUILDROOT")]
    real = [
        path
        for path in found
        if path.is_dir()
        and not any(part.is_symlink() for part in (path, *path.parents) if part.is_relative_to(top))
    ]
    if len(real) != 1:
        raise FarmError("rpmbuild left no build root: does the install command honour DESTDIR?")
    return real[0]


def left_in(staging: Path, reuse: Reuse) -> Reuse:
    """What of a build serves again, given the build root that it left.

    Packaging puts build-id links there, and does not package those that it finds: with them in
    place, the packages would differ from a build from scratch.
    """
    links = (staging / "usr/lib/.build-id", staging / "usr/lib/debug/.build-id")
    if reuse is Reuse.INSTALLED and any(path.exists() for path in links):
        return Reuse.COMPILED
    return reuse


def finish(
    request: BuildRequest,
    root_identity: str,
    installed: Iterable[str],
    *,
    tested: bool,
    phases: Phases,
) -> BuildOutcome:
    """Record what is in the request's output directory, and what it was made with."""
    out, info = request.out, request.info
    files = sorted(path.name for path in out.iterdir())
    sources = tuple(name for name in files if name.endswith(".src.rpm"))
    checksums = {}
    for name in files:
        with (out / name).open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        checksums[name] = (digest, (out / name).stat().st_size)
    architecture = request.distro.architecture
    record = out / buildinfo_name(info, architecture)
    record.write_text(buildinfo_text(info, architecture, root_identity, checksums, installed))
    return BuildOutcome(
        version=f"{info.version.upstream}-{info.version.rpm_release(info.version_suffix)}",
        source=sources,
        binaries=tuple(name for name in files if name not in sources),
        other=(record.name,),
        tests="passed" if tested else "none",
        root_identity=root_identity,
        phases=phases.seconds(),
    )
