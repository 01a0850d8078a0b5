"""The two checks that every client makes: a signature, and a file against what was signed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from farm.errors import CommandError
from farm.pool import sha256_of
from farm.run import clean_environment, run
from repo_publish.errors import VerifyError


def check_signature(signed: Path, keyring: Path, *, of: Path | None = None) -> None:
    """Check an inline signature, or with `of` a detached one, as apt does: with gpgv.

    :raises VerifyError: it is missing, or not made by a key of `keyring` for these bytes.
    """
    subject = of or signed
    for path in (signed, subject):
        if not path.is_file():
            raise VerifyError(f"{path} is missing")
    arguments = [signed] if of is None else [signed, of]
    try:
        run(
            f"check the signature of {subject}",
            ["gpgv", "--keyring", keyring.absolute(), *arguments],
            env=clean_environment(),
        )
    except CommandError as error:
        raise VerifyError(f"{subject}: bad signature\n{error.output.rstrip()}") from error


def check_file(tree: Path, path: str, digest: str, size: int, *, hashed: bool = True) -> None:
    """Check that `path` in `tree` has that size and SHA256 (the latter only if `hashed`).

    :raises VerifyError: it differs, is missing, or is not inside the tree.
    """
    if path.startswith("/") or ".." in path.split("/"):
        raise VerifyError(f"{tree}: {path} is outside the archive")
    full = f"{tree}/{path}"
    try:
        status = os.stat(full)  # noqa: PTH116 (called for every file of an archive; a Path is slow)
    except (FileNotFoundError, NotADirectoryError):
        raise VerifyError(f"{full} is missing") from None
    if not stat.S_ISREG(status.st_mode):
        raise VerifyError(f"{full} is not a file")
    if status.st_size != size:
        raise VerifyError(f"{full} has {status.st_size} bytes, {size} are announced")
    if hashed and sha256_of(Path(full)) != digest:
        raise VerifyError(f"{full}: its SHA256 is not the announced one")
