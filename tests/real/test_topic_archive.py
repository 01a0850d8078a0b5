"""A topic's archive as its users have it: real packages, signed, installed by apt, withdrawn."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from tests import projects
from tests.farms import git
from tests.tiny_farm import LINE, TIMEOUT_S, machine, tiny_farm
from tests.topics import command, told, wait_settled

pytestmark = pytest.mark.real


def test_a_topics_packages_are_installed_upgraded_from_development_and_withdrawn(
    tmp_path: Path,
) -> None:
    with tiny_farm(tmp_path) as farm, machine(farm) as client:
        library = tmp_path / "git" / "tinylib"
        git(library, "switch", "-q", "-c", "migrate")
        projects.write_library(library, version="1.1")
        projects.commit(library, "Migrate")
        command(farm, "topic", "create", "migrate", "--reason", "Try it")
        wait_settled(farm, "migrate", timeout_s=TIMEOUT_S)
        archive = told(farm, "topics/migrate")["lines"][0]["archive"]
        assert archive == f"{farm.archive_url}topic-migrate/bookworm/"

        assert "1.0" in client.installed("tinyapp")
        client.follow("topic-migrate/bookworm")
        assert "1.1" in client.installed("tinyapp")

        command(farm, "topic", "delete", "migrate")
        farm.wait("it is withdrawn", lambda: not requests.get(archive, timeout=20).ok)
        assert requests.get(f"{farm.archive_url}{LINE}/", timeout=20).ok
