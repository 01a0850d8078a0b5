"""The archive's keys: a GnuPG home of its own, and which of its keys is used for what.

During a rotation two keys sign everything that leads to packages, so that clients who trust either
go on; see `repo_publish.rotation`.
"""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from pydantic import BaseModel, ConfigDict, ValidationError

from farm.errors import FarmError
from repo_publish.errors import PublishError
from repo_publish.files import sync_file, write_durably
from repo_publish.gnupg import SigningKey, agent, generate_key, gpg, key_list
from repo_publish.signers import LocalSigner, RemoteSigner, Signer

SETTINGS = "keys.json"
WARN_BEFORE_EXPIRY_S = 60 * 24 * 3600
_LONGEST_SOCKET_DIRECTORY = 80
"""gpg-agent's socket must fit into the 108 bytes of a socket address."""


class KeySettings(BaseModel):
    """`keys.json` in the GnuPG home: fingerprints and what they are for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    current: str
    """Signs everything."""
    next: str = ""
    """Signs what leads to packages, too, while a rotation is under way."""
    previous: tuple[str, ...] = ()
    """Signed packages that are still published; newest first."""
    since: int = 0
    """When the rotation began; seconds since 1970."""
    signer: tuple[str, ...] = ()
    """A command that signs in place of the secret keys here; see `repo_publish.signers`."""


@dataclass(frozen=True)
class Keys:
    """The archive's keys, by what they are for."""

    current: SigningKey
    next: SigningKey | None = None
    previous: tuple[SigningKey, ...] = ()
    since: int = 0

    @property
    def active(self) -> tuple[SigningKey, ...]:
        """The keys that sign indices and manifests; the first signs packages."""
        return (self.current, *([self.next] if self.next else []))

    @property
    def known(self) -> tuple[SigningKey, ...]:
        """All keys that clients may trust."""
        return (*self.active, *self.previous)

    def warnings(self) -> tuple[str, ...]:
        """What to tell of the key that will sign longest: the other one is being replaced."""
        warning = expiry_warning(self.active[-1], time.time())
        return (warning,) if warning else ()

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """Of the active keys."""
        return tuple(key.fingerprint for key in self.active)


def expiry_warning(key: SigningKey, now: float) -> str:
    """What to say of a key that expires soon or has; empty for one that is good for long."""
    if not key.expires or key.expires - now > WARN_BEFORE_EXPIRY_S:
        return ""
    day = time.strftime("%Y-%m-%d", time.gmtime(key.expires))
    if key.expires <= now:
        return f"the signing key {key.fingerprint} expired on {day}"
    return (
        f"the signing key {key.fingerprint} expires on {day}: clients need time to take another "
        "one, so begin now (farm archive key rotate)"
    )


class Keyring:
    """A directory with the secret keys, readable by its owner only.

    Nobody but the publisher needs it. No gpg-agent outlives a session, not even when this
    process is killed.
    """

    def __init__(self, home: Path):
        self.home = home.absolute()

    def keys(self, log: TextIO) -> Keys:
        """The archive's keys; one is generated on first use.

        :raises PublishError: the current key has expired, or a key that is in use is missing.
        """
        keys = self.resolve(self.settings(log))
        for warning in keys.warnings():
            print(f"warning: {warning}", file=log)
        return keys

    def resolve(self, settings: KeySettings) -> Keys:
        """The keys that settings name.

        :raises PublishError: a key is missing, or has expired and would have to sign.
        """
        there = {key.fingerprint: key for key in key_list(self.home)}
        named = (settings.current, settings.next, *settings.previous)
        missing = [fingerprint for fingerprint in named if fingerprint not in {"", *there}]
        if missing:
            raise PublishError(
                f"{self.home} has no key {', '.join(missing)}, which {SETTINGS} names: restore it "
                "from the backup"
            )
        keys = Keys(
            there[settings.current],
            there[settings.next] if settings.next else None,
            tuple(there[fingerprint] for fingerprint in settings.previous),
            settings.since,
        )
        _check_expiry(keys)
        return keys

    def settings(self, log: TextIO) -> KeySettings:
        """Which keys are used for what; the newest key that can sign, where nothing is said yet.

        :raises PublishError: the file is damaged.
        """
        if known := self._read():
            return known
        with self.lock():
            if known := self._read():  # another publisher was first
                return known
            key = self._usable_key()
            if key is None:
                print(f"generating a signing key in {self.home}", file=log)
                key = self.generate()
            settings = KeySettings(current=key.fingerprint)
            self.write(settings)
            return settings

    def write(self, settings: KeySettings) -> None:
        """Replace the settings. Needs the lock."""
        path = self.home / SETTINGS
        fresh = path.with_name(f".{SETTINGS}.new")
        write_durably(fresh, json.dumps(settings.model_dump(), indent=1) + "\n")
        fresh.replace(path)
        sync_file(self.home)

    def generate(self) -> SigningKey:
        """Make a key. Needs the lock."""
        before = {key.fingerprint for key in key_list(self.home)}
        with agent(self.home):
            generate_key(self.home)
        made = [key for key in key_list(self.home) if key.fingerprint not in before]
        if len(made) != 1:
            raise FarmError(f"gpg generated no key in {self.home}")
        return made[0]

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only one who uses or changes the secret keys."""
        self._prepare()
        with (self.home / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def session(self, log: TextIO) -> Iterator[Signer]:
        """Sign for as long as the block lasts; with secret keys here, one session at a time.

        :raises PublishError: as `keys`.
        """
        settings = self.settings(log)
        keys = self.resolve(settings)
        if settings.signer:
            yield RemoteSigner(keys.active, settings.signer)
            return
        with self.lock(), agent(self.home):
            yield LocalSigner(keys.active, self.home)

    def export(self, keys: Sequence[SigningKey], path: Path, *, armor: bool) -> None:
        """Write public keys, all in one block."""
        options = ["--armor"] if armor else []
        names = [key.fingerprint for key in keys]
        gpg(self.home, "export the keys", *options, "--output", str(path), "--export", *names)

    def export_blocks(self, keys: Sequence[SigningKey], path: Path) -> None:
        """Write public keys in a block each, as rpm reads them."""
        blocks = [
            gpg(self.home, "export the keys", "--armor", "--export", key.fingerprint)
            for key in keys
        ]
        path.write_text("".join(blocks))

    def _read(self) -> KeySettings | None:
        path = self.home / SETTINGS
        try:
            return KeySettings.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            raise PublishError(f"{path} is damaged: restore it from the backup") from error

    def _usable_key(self) -> SigningKey | None:
        """The newest key with its secret half, an expired one only if there is no other."""
        keys = [key for key in key_list(self.home) if key.secret]
        now = time.time()
        return max(keys, key=lambda k: (not 0 < k.expires <= now, k.created), default=None)

    def _prepare(self) -> None:
        if len(str(self.home)) > _LONGEST_SOCKET_DIRECTORY:
            raise PublishError(
                f"{self.home}: this path is too long for gpg-agent; keep the keys in a directory "
                f"whose name has at most {_LONGEST_SOCKET_DIRECTORY} characters"
            )
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.home.chmod(0o700)


def _check_expiry(keys: Keys) -> None:
    now = time.time()
    for key in keys.active:
        if 0 < key.expires <= now:
            raise PublishError(expiry_warning(key, now))
