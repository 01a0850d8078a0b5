"""A configuration file changed, and the master told; or all left as it was."""

from __future__ import annotations

import difflib
import os
import pwd
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from farm.access import audit
from farm.access.roles import Role
from farm.errors import FarmError
from farm.growing import master
from farm.model.edit import save_if_valid
from farm.site import Site


class Changed(Protocol):
    """A file, and whose it is."""

    @property
    def file(self) -> Path:
        """The file."""

    @property
    def text(self) -> str:
        """What it says now."""

    @property
    def site(self) -> Site | None:
        """The site that reads it; None: no farm on this machine does."""

    def load(self, path: Path) -> Any:
        """Read a file of its kind, with all that is wrong told."""


@dataclass(frozen=True)
class Change:
    """What was done."""

    file: Path
    diff: str
    written: bool
    reconfigured: bool
    command: str
    """What has the master take it on; empty where it has, or no farm is known."""

    @property
    def sentence(self) -> str:
        """Whether the running farm knows of it."""
        if self.reconfigured:
            return "the running master has it"
        return f"then: {self.command}" if self.command else "no site is named in FARM_SITE"

    def told(self) -> dict[str, object]:
        """The same for programs."""
        return {
            "file": str(self.file),
            "diff": self.diff,
            "written": self.written,
            "reconfigured": self.reconfigured,
            "command": self.command,
        }


def apply(
    place: Changed, after: str, what: tuple[str, str], *, dry_run: bool, reconfigure: bool
) -> Change:
    """Write a file's new text if it is valid, and have the running master take it on.

    A master that refuses it goes on as before, and the file gets its old text back. Both are in the
    audit log of the site.

    :param what: action and target, as the audit log calls them: ``distro add``, ``noble``.
    :raises ConfigError: the new text has mistakes; nothing is changed.
    :raises FarmError: it cannot be written, or the master refuses it.
    """
    diff = "".join(
        difflib.unified_diff(
            place.text.splitlines(keepends=True),
            after.splitlines(keepends=True),
            str(place.file),
            str(place.file),
        )
    )
    save_if_valid(place.file, after, place.load, keep=not dry_run)
    told = not dry_run and reconfigure and _told(place, after, what)
    if not dry_run:
        record(place.site, what)
    command = "" if told or place.site is None else master.reconfigure_command(place.site)
    return Change(place.file, diff, not dry_run, told, command)


def _told(place: Changed, after: str, what: tuple[str, str]) -> bool:
    if place.site is None:
        return False
    try:
        return master.reconfigure(place.site)
    except FarmError as error:
        back = _restore(place.file, after, place.text, place.load)
        record(place.site, what, outcome=str(error).splitlines()[0])
        note = "was put back as it was" if back else "has changed since and was left"
        raise FarmError(f"{error}\n{place.file} {note}") from error


def _restore(file: Path, ours: str, before: str, load: Callable[[Path], Any]) -> bool:
    if file.read_bytes().decode() != ours:
        return False
    save_if_valid(file, before, load)
    return True


def record(
    site: Site | None,
    what: tuple[str, str],
    outcome: str = "",
    *,
    who: str = "",
    address: str = "this machine",
) -> None:
    """Write into the audit log what was done beside the web UI.

    :param who: default: the user of this process, who can write the site's files.
    """
    if site is None:
        return
    entry = audit.Entry(
        at=time.time(),
        who=who or pwd.getpwuid(os.getuid()).pw_name,
        role=Role.VISITOR.value if who else Role.ADMIN.value,
        address=address,
        action=what[0],
        target=what[1],
        allowed=True,
        outcome=outcome,
    )
    audit.append(audit.audit_path(site.state), entry)
