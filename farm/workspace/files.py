"""Small files of a workspace's state: written whole or not at all."""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from farm.workspace.errors import WorkspaceError


def write_json(path: Path, value: object) -> None:
    """Replace a file by the JSON of `value`; a reader sees the old text or the new one.

    :raises WorkspaceError: the disk is full or the directory cannot be written.
    """
    text = json.dumps(value, separators=(",", ":"))
    # Texts, because every build of a component writes several files.
    directory, name = os.path.split(path)
    temporary = f"{directory}/.{name}.{os.getpid()}.{threading.get_ident()}"
    try:
        os.makedirs(directory, exist_ok=True)
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(temporary)
        raise WorkspaceError(f"{path} cannot be written: {error.strerror}") from error


def read_json(path: Path) -> Any:
    """What `write_json` wrote, or None: the file is absent, or not as it should be.

    State that cannot be read counts as none; whoever reads it derives it again.
    """
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
