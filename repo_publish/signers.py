"""Who makes signatures: gpg with the keys of this host, or a command that has them elsewhere.

The command is called as ``COMMAND… MODE FINGERPRINT…`` with the data on its standard input; it
prints the signature, by all of the keys, and exits with 0. MODE is

* ``clearsign``: the text with the signature around it,
* ``detach``: a detached signature, armoured,
* ``detach-binary``: a detached signature as rpm embeds it, by one key.

The publisher checks every signature as a client would before anything becomes visible, so that a
command that signs something else, or not at all, stops the publication.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from farm.errors import CommandError, FarmError
from farm.run import clean_environment
from repo_publish.gnupg import SigningKey, gpg, gpg_environment

COMMAND_TIMEOUT_S = 120
HOME_FOR_SIGNER = "FARM_SIGNER_HOME"


class Signer(ABC):
    """Signs with the active keys of an archive."""

    def __init__(self, keys: Sequence[SigningKey]):
        self.keys = tuple(keys)

    @property
    def key(self) -> SigningKey:
        """The key that signs packages: these can have one signature only."""
        return self.keys[0]

    @abstractmethod
    def clearsign(self, text: Path, signed: Path) -> None:
        """Write `text` with signatures around it to `signed`."""

    @abstractmethod
    def detach(self, path: Path, signature: Path) -> None:
        """Write armoured signatures of `path` to `signature`."""

    @abstractmethod
    def rpm_macros(self) -> dict[str, str]:
        """What rpmsign has to be told."""

    @property
    @abstractmethod
    def environment(self) -> dict[str, str]:
        """For rpmsign."""


class LocalSigner(Signer):
    """gpg with secret keys in a home, of a running `repo_publish.keys.Keyring.session`."""

    def __init__(self, keys: Sequence[SigningKey], home: Path):
        super().__init__(keys)
        self._home = home

    def clearsign(self, text: Path, signed: Path) -> None:
        """See `Signer`."""
        self._sign("--clearsign", text, signed)

    def detach(self, path: Path, signature: Path) -> None:
        """See `Signer`."""
        self._sign("--detach-sign", path, signature)

    def _sign(self, how: str, path: Path, out: Path) -> None:
        users = [word for key in self.keys for word in ("--local-user", f"{key.fingerprint}!")]
        gpg(
            self._home,
            f"sign {path.name}",
            *(*users, "--digest-algo", "SHA256", "--armor", "--output", str(out), how, str(path)),
        )

    def rpm_macros(self) -> dict[str, str]:
        """See `Signer`."""
        program = shutil.which("gpg")
        if program is None:
            raise FarmError("gpg is not installed")
        # Debian's rpm looks for a gpg2 that is not there.
        return {
            "__gpg": program,
            "_gpg_name": self.key.fingerprint,
            "_gpg_digest_algo": "sha256",
            "_gpg_sign_cmd_extra_args": "--batch --no-tty --no-autostart",
        }

    @property
    def environment(self) -> dict[str, str]:
        """See `Signer`."""
        return gpg_environment(self._home)


class RemoteSigner(Signer):
    """A command that signs; this host has public keys only."""

    def __init__(self, keys: Sequence[SigningKey], command: Sequence[str]):
        super().__init__(keys)
        self._command = tuple(command)

    def clearsign(self, text: Path, signed: Path) -> None:
        """See `Signer`."""
        signed.write_bytes(self._run("clearsign", text))

    def detach(self, path: Path, signature: Path) -> None:
        """See `Signer`."""
        signature.write_bytes(self._run("detach", path))

    def _run(self, mode: str, path: Path) -> bytes:
        fingerprints = [key.fingerprint for key in self.keys]
        with path.open("rb") as data:
            return run_signer([*self._command, mode, *fingerprints], data.read(), path.name)

    def rpm_macros(self) -> dict[str, str]:
        """See `Signer`: rpmsign calls `repo_publish.rpm_remote`, which calls the command."""
        call = [sys.executable, sys.executable, "-m", "repo_publish.rpm_remote"]
        command = [*self._command, "detach-binary", self.key.fingerprint]
        words = " ".join(f"%{{shescape:{word}}}" for word in (*call, *command))
        return {
            "__gpg_sign_cmd": f"{words} -- %{{shescape:%{{?__signature_filename}}}} "
            "%{?__plaintext_filename:%{shescape:%{__plaintext_filename}}}",
            "_gpg_name": self.key.fingerprint,
        }

    @property
    def environment(self) -> dict[str, str]:
        """See `Signer`. rpm must not find a home with macros in it; the command needs its own."""
        environment = signer_environment()
        home = environment["HOME"]
        return {**environment, "HOME": "/nonexistent", HOME_FOR_SIGNER: home}


def signer_environment() -> dict[str, str]:
    """Of the command: clean, but for what ssh finds its keys with."""
    kept = {name: os.environ[name] for name in ("HOME", "SSH_AUTH_SOCK") if name in os.environ}
    return clean_environment(**kept)


def run_signer(argv: Sequence[str], data: bytes, what: str) -> bytes:
    """Run the command of a remote signer; the signature.

    :raises CommandError: it fails, or prints nothing.
    :raises FarmError: it is not there, or takes too long.
    """
    message = f"have {what} signed"
    try:
        done = subprocess.run(
            argv,
            input=data,
            capture_output=True,
            env=signer_environment(),
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
    except OSError as error:
        raise FarmError(f"{message}: {argv[0]}: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise FarmError(f"{message}: no answer in {COMMAND_TIMEOUT_S} s") from error
    if done.returncode or not done.stdout:
        said = done.stderr.decode(errors="replace") or "it printed no signature"
        raise CommandError(message, argv, done.returncode, said)
    return done.stdout
