"""Handing signing over to a command, so that no secret key is on the publishing host."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from repo_publish.checks import check_signature
from repo_publish.errors import PublishError
from repo_publish.gnupg import key_list
from repo_publish.keys import SETTINGS, Keyring, KeySettings
from repo_publish.signers import RemoteSigner


def use_command(keyring: Keyring, command: Sequence[str], key: str | None, log: TextIO) -> None:
    """Have `command` sign from now on, after it has proved that it can.

    :param key: fingerprint of its key, whose public half is in the keyring; None: the current one.
    :raises PublishError: it is no command, or the key is missing.
    :raises FarmError: it does not sign.
    :raises VerifyError: what it makes is no signature of that key.
    """
    if any(not word or not word.isprintable() for word in command):
        raise PublishError(f"{command!r} is not a command: expected printable words")
    if shutil.which(command[0]) is None:
        raise PublishError(f"{command[0]} is not installed")
    settings = _settings(keyring, key, log)
    keys = keyring.resolve(settings)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        text = scratch / "text"
        text.write_text("Is this signed?\n")
        signer = RemoteSigner(keys.active, command)
        signer.clearsign(text, scratch / "inline")
        signer.detach(text, scratch / "detached")
        for one in keys.active:
            keyring.export([one], scratch / "key.gpg", armor=False)
            check_signature(scratch / "inline", scratch / "key.gpg")
            check_signature(scratch / "detached", scratch / "key.gpg", of=text)
    with keyring.lock():
        keyring.write(settings.model_copy(update={"signer": tuple(command)}))


def stop_using(keyring: Keyring, log: TextIO) -> None:
    """Sign with the secret keys of the keyring again.

    :raises PublishError: one is not there.
    """
    settings = keyring.settings(log)
    missing = [k.fingerprint for k in keyring.resolve(settings).active if not k.secret]
    if missing:
        raise PublishError(f"{keyring.home} has no secret half of {', '.join(missing)}")
    with keyring.lock():
        keyring.write(settings.model_copy(update={"signer": ()}))


def _settings(keyring: Keyring, key: str | None, log: TextIO) -> KeySettings:
    """The settings as they would be, but for the command."""
    known = keyring.settings(log) if (keyring.home / SETTINGS).exists() else None
    wanted = key.replace(" ", "").upper() if key else ""
    if known is None and not wanted:
        raise PublishError(f"import the public half of the key into {keyring.home}, name it: --key")
    if wanted and wanted not in {one.fingerprint for one in key_list(keyring.home)}:
        raise PublishError(f"{keyring.home} has no key {key} that can sign: import its public half")
    if known is not None and wanted not in ("", known.current):
        raise PublishError(
            f"clients trust {known.current}: farm archive key rotate --to {wanted} replaces it"
        )
    return known or KeySettings(current=wanted)
