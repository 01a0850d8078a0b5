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
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise WorkspaceError(f"{path} cannot be written: {error.strerror}") from error


def read_json(path: Path) -> Any:
    """What `write_json` wrote, or None: the file is absent, or not as it should be.

    State that cannot be read counts as none; whoever reads it derives it again.
    """
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
