"""The distribution's indices on the publishing host: fetched, revalidated, kept for bad times."""

from __future__ import annotations

import fcntl
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from pydantic import BaseModel, ConfigDict, ValidationError

from farm.errors import FarmError, InfrastructureError
from farm.model import Distro
from repo_publish.files import write_durably

REVALIDATE_AFTER_S = 6 * 3600
"""The mirror is asked for news once in this time."""
RETRY_AFTER_S = 300
"""And again so soon when it could not be reached."""

_STATE = "fetched.json"

Fetch = Callable[[Path], str]
"""Brings the indices in a directory up to date and returns their digest. What is there stays
usable when that fails."""


class Indices(BaseModel):
    """A distribution's indices, as last fetched."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    digest: str
    fetched: int
    """When the mirror said last that they are up to date; seconds since 1970."""
    tried: int
    """When the mirror was asked last."""
    trouble: str = ""
    """Why it could not be read then."""


@contextmanager
def current_indices(
    distro: Distro,
    cache: Path,
    sources: str,
    fetch: Fetch,
    log: TextIO,
    clock: Callable[[], float] = time.time,
) -> Iterator[tuple[Path, Indices]]:
    """The directory with a distro's indices, as new as they need to be; nobody else changes them
    in the block.

    :param sources: where they come from, as text: other sources have other indices.
    :raises InfrastructureError: there are none, and none can be fetched.
    """
    digest = hashlib.sha256(f"{distro.architecture}\n{sources}".encode()).hexdigest()[:12]
    place = cache / "gate" / f"{distro.name}-{digest}"
    place.mkdir(parents=True, exist_ok=True)
    with (place / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        indices = _up_to_date(distro, place, fetch, log, int(clock()))
        try:
            yield place, indices
        except OSError as error:
            # Somebody has been cleaning up: the next publication fetches them again.
            (place / _STATE).unlink(missing_ok=True)
            raise InfrastructureError(
                f"the indices of {distro.name} in {place} cannot be read: {error}"
            ) from error


def _up_to_date(distro: Distro, place: Path, fetch: Fetch, log: TextIO, now: int) -> Indices:
    known = _known(place / _STATE)
    if known is not None and not _due(known, now):
        return known
    try:
        fresh = Indices(digest=fetch(place), fetched=now, tried=now)
    except (FarmError, OSError) as error:
        if known is None:
            raise InfrastructureError(
                f"the gate needs the indices of {distro.name} and has none yet: {error}"
            ) from error
        print(
            f"warning: the indices of {distro.name} are {(now - known.fetched) / 3600:.0f} hours "
            f"old, and there are no newer ones to be had: {error}",
            file=log,
        )
        fresh = known.model_copy(update={"tried": now, "trouble": str(error)})
    write_durably(place / _STATE, fresh.model_dump_json())
    return fresh


def _due(known: Indices, now: int) -> bool:
    """Whether the mirror is to be asked; a clock that was set back says nothing."""
    if known.trouble:
        return not 0 <= now - known.tried < RETRY_AFTER_S
    return not 0 <= now - known.fetched < REVALIDATE_AFTER_S


def _known(state: Path) -> Indices | None:
    try:
        return Indices.model_validate_json(state.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
