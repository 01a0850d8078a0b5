"""Taking in what somebody published by hand: a rollback, or the first snapshot of a new channel."""

from __future__ import annotations

from pathlib import Path

from twisted.logger import Logger

from farm.decisions import Publish
from farm.errors import FarmError
from farm.generations import Farm
from farm.records.store import LineId
from repo_publish.line import line_of
from repo_publish.live import kept

_log = Logger()


def adopt(farm: Farm, line: LineId, archive: Path) -> bool:
    """Bring the records of a line up to the live snapshot of its archive, where that is newer.

    What the farm wanted last stays wanted, so that it does not publish again what was rolled
    back; a line that it has never published wants what is there. Builds that the farm did not
    make are left out: it could not publish them again.

    :returns: whether there was anything to take in.
    """
    known = farm.records.snapshots.get(line)
    try:
        place = line_of(archive, *line)
        number = place.live()
        if number is None or (known is not None and known.number >= number):
            return False
        manifest = kept(place, number).manifest
    except FarmError as error:  # the next publication says it, too
        _log.warn("{error}", error=error)
        return False
    builds = farm.records.builds
    content = {c.component: c.key for c in manifest.components if c.key in builds}
    held_back = {one.component: one.reason for one in manifest.held_back}
    for name, refused in manifest.refused.items():
        held_back.setdefault(
            name, f"rolled back after snapshot {refused.snapshot} ({refused.reason})"
        )
    publish = Publish(
        line, known.generation if known else 0, known.wanted if known else dict(content)
    )
    farm.published(publish, number, content, held_back)
    return True
