"""The archive's signing key: a GnuPG home of its own, used only while something is signed."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TextIO, cast

from farm.errors import FarmError
from farm.run import clean_environment, run
from repo_publish.errors import PublishError

USER_ID = "Farm archive signing key"
ALGORITHM = "rsa3072"
"""What every client takes: apt, gpgv, and rpm from EL8 on (rpm 4.18 and EL9's crypto policy
know no ed25519 everywhere)."""
VALID_FOR = "3y"
WARN_BEFORE_EXPIRY_S = 60 * 24 * 3600
_LONGEST_SOCKET_DIRECTORY = 80
"""gpg-agent's socket must fit into the 108 bytes of a socket address."""


@dataclass(frozen=True)
class SigningKey:
    """The public facts of a key."""

    fingerprint: str
    created: int
    expires: int
    """Seconds since 1970; 0 for never."""


class Signer:
    """Signs with one key of a running `Keyring.session`."""

    def __init__(self, home: Path, key: SigningKey):
        self.key = key
        self._home = home

    @property
    def environment(self) -> dict[str, str]:
        """For programs that call gpg themselves (rpmsign)."""
        return _environment(self._home)

    def clearsign(self, text: Path, signed: Path) -> None:
        """Write `text` with its signature around it to `signed`."""
        self._sign("--clearsign", text, signed)

    def detach(self, path: Path, signature: Path) -> None:
        """Write an armoured signature of `path` to `signature`."""
        self._sign("--detach-sign", path, signature)

    def _sign(self, how: str, path: Path, out: Path) -> None:
        _gpg(
            self._home,
            f"sign {path.name}",
            *("--local-user", f"{self.key.fingerprint}!", "--digest-algo", "SHA256", "--armor"),
            *("--output", str(out), how, str(path)),
        )


class Keyring:
    """A directory with the secret key, readable by its owner only.

    Nobody but the publisher needs it. No gpg-agent outlives a session, not even when this
    process is killed.
    """

    def __init__(self, home: Path):
        self.home = home.absolute()

    @contextmanager
    def session(self, log: TextIO) -> Iterator[Signer]:
        """Sign for as long as the block lasts; one session at a time per keyring.

        The key is generated on first use.

        :raises PublishError: the key has expired.
        """
        if len(str(self.home)) > _LONGEST_SOCKET_DIRECTORY:
            raise PublishError(
                f"{self.home}: this path is too long for gpg-agent; keep the keys in a directory "
                f"whose name has at most {_LONGEST_SOCKET_DIRECTORY} characters"
            )
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.home.chmod(0o700)
        with (self.home / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with _agent(self.home):
                key = _newest_key(self.home)
                if key is None:
                    print(f"generating a signing key in {self.home}", file=log)
                    _generate(self.home)
                    key = _newest_key(self.home)
                    if key is None:
                        raise FarmError(f"gpg generated no key in {self.home}")
                _check_expiry(key, log)
                yield Signer(self.home, key)

    def export(self, key: SigningKey, *, ascii_file: Path, binary_file: Path) -> None:
        """Write the public key for clients: armoured (rpm, deb822) and binary (apt's keyrings)."""
        for path, armor in ((ascii_file, ["--armor"]), (binary_file, [])):
            arguments = [*armor, "--output", str(path), "--export", key.fingerprint]
            _gpg(self.home, "export the signing key", *arguments)


def _environment(home: Path) -> dict[str, str]:
    return clean_environment(GNUPGHOME=str(home))


def _gpg(home: Path, what: str, *arguments: str) -> str:
    options = ("--batch", "--yes", "--no-tty", "--no-autostart", "--quiet")
    return run(what, ["gpg", *options, *arguments], env=_environment(home))


@contextmanager
def _agent(home: Path) -> Iterator[None]:
    """Run a gpg-agent that ends with the block, or a few seconds after this process dies.

    gpg-agent watches the program it started; that is a cat(1) which waits for our end of a pipe.
    """
    environment = _environment(home)
    kill = ["gpgconf", "--kill", "gpg-agent"]
    run("stop an old gpg-agent", kill, env=environment)
    if not shutil.which("gpg-agent"):
        raise FarmError("gpg-agent is not installed")
    with subprocess.Popen(
        ["gpg-agent", "--daemon", "--quiet", "--disable-scdaemon", "--", "cat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    ) as keeper:
        to_cat, from_cat = cast(IO[str], keeper.stdin), cast(IO[str], keeper.stdout)
        try:
            to_cat.write("ready\n")
            to_cat.flush()
            if from_cat.readline() != "ready\n":
                raise FarmError(f"gpg-agent does not start in {home}")
            yield
        finally:
            run("stop gpg-agent", kill, env=environment)
            to_cat.close()


def _newest_key(home: Path) -> SigningKey | None:
    """The newest key that can sign, an expired one only if there is no other.

    Fields are as in GnuPG's doc/DETAILS.
    """
    listing = _gpg(home, "list the signing keys", "--with-colons", "--list-secret-keys")
    keys: list[tuple[bool, SigningKey]] = []
    primary: list[str] = []
    for line in listing.splitlines():
        fields = line.split(":")
        if fields[0] == "sec":
            primary = fields
        elif fields[0] == "fpr" and primary:
            validity, capabilities = primary[1], primary[11]
            if validity not in ("r", "d", "i") and ("S" in capabilities or validity == "e"):
                key = SigningKey(fields[9], int(primary[5]), int(primary[6] or 0))
                keys.append((validity != "e", key))
            primary = []
    if not keys:
        return None
    return max(keys, key=lambda entry: (entry[0], entry[1].created))[1]


def _generate(home: Path) -> None:
    _gpg(
        home,
        "generate the signing key",
        *("--pinentry-mode", "loopback", "--passphrase", ""),
        *("--quick-generate-key", USER_ID, ALGORITHM, "sign,cert", VALID_FOR),
    )


def _check_expiry(key: SigningKey, log: TextIO) -> None:
    left = key.expires - time.time()
    day = time.strftime("%Y-%m-%d", time.gmtime(key.expires))
    if key.expires and left <= 0:
        raise PublishError(f"the signing key {key.fingerprint} expired on {day}")
    if key.expires and left < WARN_BEFORE_EXPIRY_S:
        print(f"warning: the signing key {key.fingerprint} expires on {day}", file=log)
