"""GnuPG as the archive's keys need it: listed without an agent, an agent only while signing."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from farm.errors import FarmError
from farm.run import clean_environment, run

USER_ID = "Farm archive signing key"
ALGORITHM = "rsa3072"
"""What every client takes: apt, gpgv, and rpm from EL8 on (rpm 4.18 and EL9's crypto policy
know no ed25519 everywhere)."""
VALID_FOR = "3y"


@dataclass(frozen=True)
class SigningKey:
    """The public facts of a key."""

    fingerprint: str
    created: int
    expires: int
    """Seconds since 1970; 0 for never."""
    user: str = ""
    secret: bool = True
    """The secret half is here, too."""


def gpg_environment(home: Path) -> dict[str, str]:
    """For gpg, and for programs that call it themselves (rpmsign)."""
    return clean_environment(GNUPGHOME=str(home))


def gpg(home: Path, what: str, *arguments: str, stdin: str | None = None) -> str:
    """Run gpg on a home; what it prints.

    :raises CommandError: it fails; `what` begins the message.
    """
    options = ("--batch", "--yes", "--no-tty", "--no-autostart", "--quiet")
    return run(what, ["gpg", *options, *arguments], env=gpg_environment(home), stdin=stdin)


def generate_key(home: Path) -> None:
    """Make a signing key. Needs a running agent."""
    gpg(
        home,
        "generate the signing key",
        *("--pinentry-mode", "loopback", "--passphrase", ""),
        *("--quick-generate-key", USER_ID, ALGORITHM, "sign,cert", VALID_FOR),
    )


def key_list(home: Path) -> list[SigningKey]:
    """The keys of a home that can sign, expired ones included.

    Fields are as in GnuPG's doc/DETAILS.
    """
    if not home.is_dir():
        return []
    listing = gpg(home, "list the keys", "--with-colons", "--with-keygrip", "--list-keys")
    keys: list[SigningKey] = []
    primary: list[str] = []
    found: dict[str, str] = {}

    def finish() -> None:
        if not primary:
            return
        validity, capabilities = primary[1], primary[11]
        if validity not in ("r", "d", "i") and ("S" in capabilities or validity == "e"):
            keys.append(
                SigningKey(
                    found["fpr"],
                    int(primary[5]),
                    int(primary[6] or 0),
                    found.get("uid", ""),
                    (home / "private-keys-v1.d" / f"{found.get('grp', '')}.key").exists(),
                )
            )

    for line in listing.splitlines():
        fields = line.split(":")
        if fields[0] == "pub":
            finish()
            primary, found = fields, {}
        elif fields[0] in ("fpr", "grp", "uid"):
            # The first of each belongs to the primary key, later ones to its subkeys.
            found.setdefault(fields[0], fields[9])
    finish()
    return keys


@contextmanager
def agent(home: Path) -> Iterator[None]:
    """Run a gpg-agent that ends with the block, or a few seconds after this process dies.

    gpg-agent watches the program it started; that is a cat(1) which waits for our end of a pipe.
    """
    environment = gpg_environment(home)
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
