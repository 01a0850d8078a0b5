"""Taking a whole line out of an archive: a topic that is over."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TextIO

from repo_publish.failures import explained
from repo_publish.files import sync_file
from repo_publish.line import line_of


def withdraw(archive: Path, channel: str, distro: str, log: TextIO) -> bool:
    """Remove a line with all its snapshots. First the link that clients follow goes.

    A killed run leaves nothing that a second one does not remove.

    :returns: whether there was anything to remove.
    :raises PublishError: the names are no line's.
    :raises InfrastructureError: the archive cannot be written.
    """
    line = line_of(archive.absolute(), channel, distro)
    places = (line.link, line.snapshots, line.state)
    if not any(place.is_symlink() or place.exists() for place in places):
        return False
    with explained(line), line.lock(log):
        line.link.unlink(missing_ok=True)
        sync_file(line.snapshots.parent if line.snapshots.parent.exists() else archive)
        shutil.rmtree(line.snapshots, ignore_errors=True)
        shutil.rmtree(line.state, ignore_errors=True)
    for place in places:
        parent = place.parent
        if parent.exists() and not any(parent.iterdir()):
            parent.rmdir()
    print(f"{line}: withdrawn", file=log)
    return True
