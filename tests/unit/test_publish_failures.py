"""Failures of the machine are told as one message."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from farm.errors import CommandError, InfrastructureError
from repo_publish.errors import PublishError
from repo_publish.failures import explained
from repo_publish.line import Line


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/archive/file"),
        CommandError("assemble", ["reprepro"], 255, "write: No space left on device\n"),
    ],
)
def test_a_full_disk_is_one_message_worth_a_retry(error: Exception, tmp_path: Path) -> None:
    line = Line(tmp_path, "development", "bookworm")

    with pytest.raises(InfrastructureError) as caught, explained(line):
        raise error

    message = str(caught.value)
    assert message.startswith("development/bookworm is not published: No space left on device")
    assert message.endswith("nothing is live yet")
    assert "\n" not in message


def test_a_refusal_stays_a_refusal(tmp_path: Path) -> None:
    with (
        pytest.raises(PublishError, match="as it is"),
        explained(Line(tmp_path, "development", "bookworm")),
    ):
        raise PublishError("as it is")
