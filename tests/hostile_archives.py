"""What bad builds, tools and machines do to an archive, and what it has to look like after."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from farm.errors import FarmError
from repo_publish import publisher
from repo_publish.manifest import Manifest
from repo_publish.verify import verify_snapshot
from tests.archive_clients import Farm


def served_files(farm: Farm) -> dict[str, str]:
    """Every file and link that clients can reach, with its digest or target."""
    found = {}
    for top, directories, files in os.walk(farm.archive):
        directories[:] = [name for name in directories if not name.startswith(".")]
        for name in [*directories, *files]:
            path = Path(top, name)
            if path.is_symlink():
                found[str(path)] = str(path.readlink())
            elif path.is_file():
                found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def refused(farm: Farm, error: type[FarmError], publication: str = "") -> str:
    """The message with which a publication is refused; nothing that is served has changed."""
    before = served_files(farm)
    with pytest.raises(error) as caught:
        farm.publish_json(publication or farm.publication_json())
    assert served_files(farm) == before
    message = str(caught.value)
    assert len(message) < 1000
    assert all(line.isprintable() for line in message.splitlines())
    return message


def pool_file(farm: Farm, component: str) -> Path:
    key = farm.packages[component].key
    [path] = (farm.pool / key[:2] / key).glob(
        f"*.{'deb' if farm.family == 'deb' else 'noarch.rpm'}"
    )
    return path


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def replace_by_a_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def tampering(monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None]) -> None:
    """Change the finished tree before it is verified, as a tool that failed quietly would."""

    def verify(tree: Path, **options: object) -> Manifest:
        change(tree)
        return verify_snapshot(tree, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(publisher, "verify_snapshot", verify)
