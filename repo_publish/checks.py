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

    One of several signatures is enough, as for clients, if none of the others is wrong: while a
    key is replaced, some know the old one only and some the new one.

    :raises VerifyError: it is missing, or not made by a key of `keyring` for these bytes.
    """
    for path in (signed, of or signed):
        if not path.is_file():
            raise VerifyError(f"{path} is missing")
    _gpgv(of or signed, keyring, [signed] if of is None else [signed, of])


def read_signed(signed: Path, keyring: Path, text: Path) -> bytes:
    """The text that an inline signature vouches for; `text` is where it is written to.

    :raises VerifyError: as `check_signature`.
    """
    _gpgv(signed, keyring, ["--output", text, signed])
    return text.read_bytes()


def _gpgv(subject: Path, keyring: Path, arguments: list[str | Path]) -> None:
    try:
        said = run(
            f"check the signature of {subject}",
            ["gpgv", "--status-fd", "1", "--keyring", keyring.absolute(), *arguments],
            env=clean_environment(),
        )
    except CommandError as error:
        said = error.output
    # GnuPG's doc/DETAILS; a signature of an expired or revoked key has another word.
    words = {line.split()[1] for line in said.splitlines() if line.startswith("[GNUPG:] ")}
    if "GOODSIG" not in words or "BADSIG" in words:
        raise VerifyError(f"{subject}: bad signature\n{said.rstrip()}")


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
