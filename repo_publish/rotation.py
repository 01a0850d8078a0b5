"""Replacing the signing key so that no client is left behind.

1. *Begin.* A new key is made (or one that was imported is named). From now on both keys sign
   indices and manifests, new clients are told to trust both, and packages are signed with the old
   key as before: whoever trusts the old key notices nothing. apt users take the new key by fetching
   `farm.sources` again; dnf fetches `farm.asc` by itself when it needs it.
2. *Finish*, some weeks later. Only the new key signs, packages too. Packages that the old key has
   signed stay as they are; its public half stays in `farm.asc` for them.

Each step publishes every line again, with the same content.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from repo_publish.admission import publication_of
from repo_publish.errors import PublishError
from repo_publish.gnupg import key_list
from repo_publish.keys import Keyring, Keys, KeySettings
from repo_publish.line import lines
from repo_publish.live import Live, live_of
from repo_publish.model import Publication, Snapshot
from repo_publish.publisher import Purpose, Stores, publish_locked


def begin(keyring: Keyring, to: str | None, log: TextIO) -> Keys:
    """Begin to replace the current key.

    :param to: fingerprint of a key that was imported; None: one is made.
    :raises PublishError: a rotation is under way; there is no such key, or it cannot sign.
    """
    settings = keyring.settings(log)
    if settings.next:
        raise PublishError(
            f"{settings.current} is being replaced by {settings.next} already: finish that first"
        )
    if to is None and settings.signer:
        raise PublishError(
            "the secret keys are elsewhere: make the new key there, import its public half into "
            f"{keyring.home} and name it with --to"
        )
    with keyring.lock():
        fingerprint = _usable(keyring, to, settings) if to else keyring.generate().fingerprint
        fresh = settings.model_copy(update={"next": fingerprint, "since": int(time.time())})
        keyring.write(fresh)
    return keyring.keys(log)


def finish(keyring: Keyring, log: TextIO) -> Keys:
    """Sign with the new key only from now on.

    :raises PublishError: no rotation is under way.
    """
    settings = _under_way(keyring, log)
    with keyring.lock():
        keyring.write(
            settings.model_copy(
                update={
                    "current": settings.next,
                    "next": "",
                    "previous": (settings.current, *settings.previous),
                    "since": 0,
                }
            )
        )
    return keyring.keys(log)


def give_up(keyring: Keyring, log: TextIO) -> Keys:
    """Go on with the old key; whoever took the new one trusts both and notices nothing.

    :raises PublishError: no rotation is under way.
    """
    settings = _under_way(keyring, log)
    with keyring.lock():
        keyring.write(settings.model_copy(update={"next": "", "since": 0}))
    return keyring.keys(log)


def publish_again(archive: Path, keyring: Keyring, log: TextIO) -> Iterator[Snapshot]:
    """Publish the content of every line again where it is not signed with the keys as they are.

    :raises PublishError: a line is damaged.
    """
    for line in lines(archive):
        live = live_of(line)
        if live is not None:
            stores = Stores(None, keyring, live.manifest.url)
            yield publish_locked(line, _as_it_is, stores, log)


def _as_it_is(live: Live | None) -> tuple[Publication, Purpose]:
    if live is None:
        raise PublishError("the line has vanished meanwhile")
    return publication_of(live.manifest), Purpose(origin=live.manifest.origin, again=True)


def _under_way(keyring: Keyring, log: TextIO) -> KeySettings:
    settings = keyring.settings(log)
    if not settings.next:
        raise PublishError("no key is being replaced")
    return settings


def _usable(keyring: Keyring, to: str, settings: KeySettings) -> str:
    """The whole fingerprint of the key that `to` names, if it can take over."""
    wanted = to.replace(" ", "").upper().removeprefix("0X")
    found = [key for key in key_list(keyring.home) if key.fingerprint == wanted]
    if not found:
        raise PublishError(f"{keyring.home} has no key {to} that can sign: give its fingerprint")
    (key,) = found
    if key.fingerprint in (settings.current, *settings.previous):
        raise PublishError(f"{key.fingerprint} is in use, or was")
    if not key.secret and not settings.signer:
        raise PublishError(f"the secret half of {key.fingerprint} is not in {keyring.home}")
    return key.fingerprint
