"""Signed copies of RPM packages: made once per package and key, kept for ever.

A signature holds the time it was made, so signing again would give other bytes under the same
name. The copies are shared by all lines of an archive.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from farm.pool import sha256_of
from farm.run import run
from repo_publish.content import Content, Placed
from repo_publish.errors import PublishError
from repo_publish.files import place, sync_file
from repo_publish.line import STATE, Line
from repo_publish.manifest import load_manifest
from repo_publish.signers import Signer

_PACKAGES_PER_CALL = 100
_SIGNED = "signed"


def sign_packages(
    contents: Sequence[Content],
    signer: Signer,
    known: Collection[str],
    *,
    line: Line,
    work: Path,
) -> list[Content]:
    """The same contents, with every package signed that no snapshot has.

    :param known: fingerprints of the keys that clients may trust: what one of them signed before
        is not signed again.
    :raises CommandError: rpmsign refuses.
    """
    cache = line.archive / STATE / _SIGNED / signer.key.fingerprint
    new = [placed for content in contents if not content.checked for placed in content.files]
    missing = [placed for placed in new if not _recover(placed, line, cache, known)]
    _sign(missing, signer, cache, work)
    return [
        content
        if content.checked
        else replace(content, files=tuple(_signed(placed, cache) for placed in content.files))
        for content in contents
    ]


def forget_signed(contents: Sequence[Content], filenames: Collection[str], line: Line) -> None:
    """Remove the signed copies of packages that turned out not to be signed well: the next
    publication signs them again."""
    for placed in (placed for content in contents for placed in content.files):
        if placed.file.filename in filenames:
            for cache in (line.archive / STATE / _SIGNED).iterdir():
                _cached(cache, placed.file.built_sha256).unlink(missing_ok=True)


def _cached(cache: Path, built_sha256: str) -> Path:
    return cache / built_sha256[:2] / f"{built_sha256}.rpm"


def _signed(placed: Placed, cache: Path) -> Placed:
    origin = _cached(cache, placed.file.sha256)
    changed = {"sha256": sha256_of(origin), "size": origin.stat().st_size}
    return Placed(placed.file.model_copy(update=changed), origin)


def _recover(placed: Placed, line: Line, cache: Path, known: Collection[str]) -> bool:
    """Whether the signed copy is there; it is found again in earlier snapshots when it was lost,
    or when another key signed it before."""
    copy = _cached(cache, placed.file.sha256)
    if copy.exists():
        return True
    for number in reversed(line.numbers()):
        published = line.snapshot(number) / placed.file.path
        if not published.exists():
            continue
        manifest = load_manifest(line.snapshot(number))
        file = manifest.files().get(placed.file.path)
        if file is None or file.built_sha256 != placed.file.sha256:
            continue
        if manifest.signing_key in known and sha256_of(published) == file.sha256:
            _keep(published, copy)
            return True
    return False


def _keep(origin: Path, copy: Path) -> None:
    """Publishers of several lines may keep the same package at the same time: the first wins."""
    try:
        place(origin, copy)
    except FileExistsError:
        return


def _sign(packages: Sequence[Placed], signer: Signer, cache: Path, work: Path) -> None:
    directory = work / "signing"
    directory.mkdir()
    copies: dict[Path, Placed] = {}
    for placed in packages:
        copy = directory / placed.file.filename
        if copy.exists():
            raise PublishError(f"two builds made {copy.name}")
        shutil.copyfile(placed.origin, copy)
        copies[copy] = placed
    macros = {**signer.rpm_macros(), "_tmppath": str(work)}
    defines = [word for name, value in macros.items() for word in ("--define", f"{name} {value}")]
    names = [str(copy) for copy in copies]
    for start in range(0, len(names), _PACKAGES_PER_CALL):
        run(
            "sign packages",
            ["rpmsign", "--addsign", *defines, *names[start : start + _PACKAGES_PER_CALL]],
            env=signer.environment,
        )
    for copy, placed in copies.items():
        copy.chmod(0o644)
        sync_file(copy)
        _keep(copy, _cached(cache, placed.file.sha256))
