"""Files against what was signed for."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from repo_publish.checks import check_file
from repo_publish.errors import VerifyError

CONTENT = b"content"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def test_a_file_is_what_was_announced(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(CONTENT)

    check_file(tmp_path, "file", DIGEST, len(CONTENT))


@pytest.mark.parametrize(
    ("path", "digest", "size", "message"),
    [
        ("file", DIGEST, 99, "has 7 bytes, 99 are announced"),
        ("file", "0" * 64, 7, "SHA256 is not the announced one"),
        ("other", DIGEST, 7, "is missing"),
        ("../file", DIGEST, 7, "is outside the archive"),
        ("/etc/passwd", DIGEST, 7, "is outside the archive"),
    ],
)
def test_a_file_that_differs_is_named(
    path: str, digest: str, size: int, message: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(CONTENT)

    with pytest.raises(VerifyError, match=message):
        check_file(tmp_path, path, digest, size)
