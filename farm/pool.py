"""The pool on disk: ``<pool>/<key[:2]>/<key>/`` holds the files of one build, for ever.

A build appears in the pool by one rename and is never changed afterwards. What workers upload is
gathered in ``<pool>/incoming/<key>/`` until it is complete.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from farm.errors import FarmError
from farm.job.model import BuildResult

RESULT = "result.json"
INCOMING = "incoming"
STALE_INCOMING_S = 2 * 24 * 3600

_KEY = re.compile(r"[0-9a-f]{64}")
_FILENAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._~^:=%@,-]{0,254}")
_BLOCK = 1 << 20


class PoolError(FarmError):
    """The pool cannot take, or does not have, what was asked for."""


def checked_key(key: str) -> str:
    """The key itself, which is then safe in a path.

    :raises PoolError: it is not 64 hexadecimal digits.
    """
    if not _KEY.fullmatch(key):
        raise PoolError(f"{key!r} is not a build key (64 hexadecimal digits)")
    return key


def checked_filename(name: str) -> str:
    """The file name itself, which is then safe in a path.

    :raises PoolError: it has a separator, begins with a dot, or is no file name for other reasons.
    """
    if not _FILENAME.fullmatch(name):
        raise PoolError(f"{name!r} is not a file name for the pool")
    return name


def directory(pool: Path, key: str) -> Path:
    """Where the pool keeps, or would keep, the files of a build.

    :raises PoolError: `key` is no build key.
    """
    return pool / checked_key(key)[:2] / key


def incoming_directory(pool: Path, key: str) -> Path:
    """Where the files of a build are gathered before they are added.

    :raises PoolError: `key` is no build key.
    """
    return pool / INCOMING / checked_key(key)


def result(pool: Path, key: str) -> BuildResult | None:
    """What the pool says of a build, or None when it does not have it.

    :raises PoolError: `key` is no build key, or its result file is damaged.
    """
    try:
        return _read_result(directory(pool, key))
    except FileNotFoundError:
        return None


def verify(incoming: Path, key: str) -> BuildResult:
    """Check that a directory holds exactly what its result file says of a build.

    :returns: what the result file says.
    :raises PoolError: the result is missing or of another build, or a file is missing, superfluous
        or differs from what the result says of it.
    """
    try:
        said = _read_result(incoming)
    except FileNotFoundError as error:
        raise PoolError(f"{RESULT} is missing") from error
    if said.key != key:
        raise PoolError(f"{RESULT} is of build {said.key}")
    wanted = {checked_filename(file.filename): file for file in said.files}
    found = {path.name for path in incoming.iterdir()} - {RESULT}
    if wrong := found ^ wanted.keys():
        what = "has files that are not in" if wrong & found else "lacks files of"
        raise PoolError(f"the upload {what} {RESULT}: {', '.join(sorted(wrong))}")
    for name, file in wanted.items():
        path = incoming / name
        if path.stat().st_size != file.size or sha256_of(path) != file.sha256:
            raise PoolError(f"{name} is not the file that {RESULT} describes")
    return said


def add(pool: Path, key: str, incoming: Path) -> None:
    """Move a complete directory, on the pool's file system, into the pool by one rename.

    What the pool has already stays as it is, and `incoming` is dropped.

    :raises PoolError: `key` is no build key.
    """
    place = directory(pool, key)
    if not place.exists():
        for path in incoming.iterdir():
            path.chmod(0o444)
            _sync(path)
        _sync(incoming)
        _make_directories(place.parent, pool)
        # OSError: another one was faster; both are results of the same inputs.
        with suppress(OSError):
            incoming.rename(place)
            _sync(place.parent)
        if not place.exists():
            raise PoolError(f"build {key} cannot be moved into the pool at {pool}")
    shutil.rmtree(incoming, ignore_errors=True)


def keys(pool: Path) -> Iterator[str]:
    """The keys of all builds in the pool."""
    for path in pool.glob("[0-9a-f][0-9a-f]/*"):
        if _KEY.fullmatch(path.name):
            yield path.name


def drop_stale_incoming(pool: Path, older_than_s: float = STALE_INCOMING_S) -> None:
    """Remove uploads that were begun and never finished."""
    limit = time.time() - older_than_s
    for path in (pool / INCOMING).glob("*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < limit:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _read_result(folder: Path) -> BuildResult:
    try:
        return BuildResult.model_validate_json((folder / RESULT).read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PoolError(f"{folder / RESULT}: {where}: {first['msg']}") from error


def _make_directories(path: Path, below: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    while path != below:
        path = path.parent
        _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
