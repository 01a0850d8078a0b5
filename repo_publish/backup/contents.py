"""What of a state directory is in a backup, and what a backup says of itself."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from farm.errors import FarmError

STATE = "state"
"""Folder of a backup: the copy of the state directory."""
DESCRIPTION = "backup.json"
INCOMPLETE = ".incomplete-"
NOT_KEPT = (
    "git",
    "pollers",
    "cache",
    "cache-untrusted",
    "workers",
    "pool-untrusted",
    "status.json",
    "join",
    "demo.lock",
)
"""Made again by whoever needs it; below the state directory."""
SECRET = (
    "keys",
    "secrets",
    "tls",
    "invitations",
    "users.json",
    "audit.jsonl",
    ".pgpass",
    ".netrc",
    ".git-credentials",
    ".ssh",
)
"""What a copy that others may read must not have; the state may be the home of the farm's user."""
EXCLUDED = (
    *(f"/{name}" for name in NOT_KEPT),
    "*.sqlite",  # copied as databases
    "*.sqlite-wal",
    "*.sqlite-shm",
    "*.sqlite-journal",
    "/master/twistd.*",
    "/master/http.log*",
    "/pool/incoming",
    "/archive/.state/*/*/scratch-*",
    "/keys/S.gpg-agent*",  # sockets
)
"""Patterns of rsync."""


class Backup(BaseModel):
    """What a backup says of itself."""

    model_config = ConfigDict(frozen=True)

    version: int = 1
    taken_at: str
    state: str
    """Where the state directory was."""
    databases: dict[str, str]
    """``records`` and ``buildbot``, each with the file that has it."""
    secrets: bool
    """Whether keys, secrets and users are in it."""


def name_at(moment: float) -> str:
    """Name of a backup that is taken at a moment; their names sort by time."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y%m%dT%H%M%SZ")


def backups(place: Path) -> list[Path]:
    """The complete backups below a directory, the oldest first."""
    found = place.glob(f"[0-9]*Z/{DESCRIPTION}") if place.is_dir() else ()
    return sorted(path.parent for path in found)


def newest(place: Path) -> Path:
    """A backup itself, or the newest one below a directory.

    :raises FarmError: there is none.
    """
    if (place / DESCRIPTION).is_file():
        return place
    if not (found := backups(place)):
        raise FarmError(f"{place}: no backup there; expected what farm backup has made")
    return found[-1]


def read(backup: Path) -> Backup:
    """What a backup says of itself.

    :raises FarmError: it is damaged, or of a newer version of the farm.
    """
    path = backup / DESCRIPTION
    try:
        said = Backup.model_validate_json(path.read_text())
    except (OSError, ValidationError) as error:
        raise FarmError(f"{path}: not the description of a backup: {error}") from error
    if said.version != Backup.model_fields["version"].default:
        raise FarmError(f"{path}: made by a newer version of the farm (format {said.version})")
    return said
