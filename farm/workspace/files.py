"""Small files of a workspace's state: written whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from farm.workspace.errors import WorkspaceError


def write_json(path: Path, value: object) -> None:
    """Replace a file by the JSON of `value`; a reader sees the old text or the new one.

    :raises WorkspaceError: the disk is full or the directory cannot be written.
    """
    text = json.dumps(value, separators=(",", ":"))
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise WorkspaceError(f"{path} cannot be written: {error.strerror}") from error


def read_json(path: Path) -> Any:
    """What `write_json` wrote, or None: the file is absent, or not as it should be.

    State that cannot be read counts as none; whoever reads it derives it again.
    """
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
