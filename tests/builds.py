"""Builder of a finished build's files, as a worker hands them to the pool."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from farm.job.model import BuildResult, PoolFile

KEY = hashlib.sha256(b"a build").hexdigest()
FILES = {"tiny_1.0-1_amd64.deb": b"binary", "build.log": b"log"}


def write_build(
    directory: Path, files: Mapping[str, bytes] = FILES, *, key: str = KEY
) -> BuildResult:
    """Write the files and their result.json into `directory`, which is made."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (directory / name).write_bytes(content)
    result = BuildResult(
        key=key,
        component="tiny",
        distro="bookworm",
        commit="1" * 40,
        version="1.0-1",
        upstream_version="1.0",
        rebuild=0,
        files=tuple(
            PoolFile(
                filename=name,
                kind="log" if name.endswith(".log") else "binary",
                sha256=hashlib.sha256(content).hexdigest(),
                size=len(content),
            )
            for name, content in files.items()
        ),
        tests="passed",
        output_digest="0" * 64,
        root_identity="root",
        phases={"build": 1.0},
    )
    (directory / "result.json").write_text(result.model_dump_json(indent=1))
    return result
