"""The web UI in a real browser: watch, force, and be asked to log in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import Browser, browser
from tests.diamond import ALL_PUBLISHED, LINE, diamond
from tests.farms import TestFarm

pytestmark = pytest.mark.real


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[TestFarm]:
    with diamond(tmp_path) as farm:
        yield farm


def force_in(window: Browser, builder: str, reason: str) -> None:
    window.open("#/builders")
    window.find("a", builder).click()
    window.find("button", "Force a rebuild").click()
    window.find(".modal-dialog", "Reason")
    window.find(".modal-dialog input[data-bb-test-id='force-field-reason']").fill(reason)
    window.find(".modal-footer button", "Start build").click()


def test_people_watch_builders_and_force_a_rebuild(farm: TestFarm, tmp_path: Path) -> None:
    with browser(farm.url) as window:
        window.open("#/builders")
        row = window.find("tr", "left-bookworm")
        for tag in ("left", "bookworm"):
            expect(row.get_by_text(tag, exact=True)).to_be_visible()
        window.screenshot(tmp_path / "builders.png")
        force_in(window, "right-bookworm", "because")
        farm.wait("right is built again", lambda: farm.started().count("right") == 2)
        farm.wait_states(LINE, **ALL_PUBLISHED)
        builder = farm.get("builders/right-bookworm")["builders"][0]["builderid"]
        window.open(f"#/builders/{builder}/builds/2")
        window.find("li", "forced")
        window.screenshot(tmp_path / "build.png")
        window.find("button", "Rebuild").click()
        farm.wait("the Rebuild button is a wish too", lambda: farm.started().count("right") == 3)
        farm.wait_states(LINE, **ALL_PUBLISHED)
        assert window.errors() == []


def test_beyond_loopback_only_who_is_logged_in_may_force(tmp_path: Path) -> None:
    with diamond(tmp_path) as farm:
        settings = (farm.base / "site.yml").read_text()
        port = farm.url.rstrip("/").rpartition(":")[2]
        public = f"{{host: 127.0.0.1, port: {port}, url: 'http://farm.example.org/'}}"
        lines = settings.replace(f"www:\n  port: {port}", f"www: {public}")
        assert lines != settings
        (farm.base / "site.yml").write_text(lines)
        farm.kill(farm.master)
        farm.start_master()
        answer = farm.force("left-bookworm")
        assert answer.status_code == 403, answer.text
        password = (farm.state / "secrets" / "user-admin").read_text().strip()
        assert (farm.state / "secrets" / "user-admin").stat().st_mode & 0o777 == 0o600
        session = farm.log_in("admin", password)
        assert "result" in farm.force("left-bookworm", session=session).json()
        farm.wait("left is built again", lambda: farm.started().count("left") == 2)
