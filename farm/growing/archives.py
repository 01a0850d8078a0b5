"""The archives of a distro that is not built any more."""

from __future__ import annotations

import sys
from pathlib import Path

from farm.run import run


def found_lines(archive: Path, distro: str) -> list[str]:
    """The lines of a distro that are published, on every channel."""
    channels = [place for place in archive.glob("*") if (place / distro).is_symlink()]
    return sorted(f"{channel.name}/{distro}" for channel in channels)


def delete(archive: Path, line: str) -> bool:
    """Take a line with all its snapshots out of an archive, as its owner does."""
    farm = Path(sys.executable).with_name("farm")
    run(f"delete {line}", [farm, "archive", "withdraw", line, "--archive", archive])
    return True
