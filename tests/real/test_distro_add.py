"""A distro added to a running farm, and taken away again: builds under way do not notice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from ruamel.yaml import YAML

from tests.browser import browser
from tests.farms import BIN, TestFarm, quick_repository
from tests.stacks import debian

pytestmark = pytest.mark.real

OLD, NEW = "development/bookworm", "development/trixie"


def component(base: Path, name: str, *depends: str, **files: str) -> dict[str, Any]:
    return {
        "git": quick_repository(base, name, files),
        "depends": list(depends),
        "packages": {"bookworm": [f"{name}-needs"]},
    }


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[TestFarm]:
    """A farm for one distro, with a chain of three; `slow` is built until the test lets it end."""
    stack = {
        "channels": {"development": {}},
        "distros": {"bookworm": debian()},
        "components": {
            "base": component(tmp_path, "base"),
            "middle": component(tmp_path, "middle", "base"),
            "top": component(tmp_path, "top", "middle"),
            "slow": {**component(tmp_path, "slow", behaviour="wait"), "distros": ["bookworm"]},
        },
    }
    farm = TestFarm(tmp_path, stack)
    try:
        yield farm.start()
    finally:
        farm.stop()


def builds_of(farm: TestFarm, builder: str) -> list[dict[str, Any]]:
    return list(farm.get(f"builders/{builder}/builds")["builds"])


def test_a_distro_comes_and_goes_while_builds_run(farm: TestFarm) -> None:
    components = farm.base / "components.yml"
    before = components.read_text()
    farm.wait("slow is being built", lambda: "slow" in farm.started())
    (running,) = builds_of(farm, "slow-bookworm")

    told = json.loads(
        farm.run(BIN / "farm", "distro", "add", "trixie", "--family", "deb", "--json")
    )
    assert told["reconfigured"] and told["workers"] == ["worker-trixie"]
    assert {gap["component"]: gap["proposed"] for gap in told["packages"]}["top"] == ["top-needs"]

    assert told["left_out"]["components"] == ["slow"]
    chain = dict.fromkeys(("base", "middle", "top"), "published")
    farm.wait_states(NEW, **chain)
    assert builds_of(farm, "slow-bookworm") == [running], "the build that ran goes on"
    (farm.state / "go").touch()
    farm.wait_states(OLD, **chain, slow="published")
    (ended,) = builds_of(farm, "slow-bookworm")
    assert (ended["buildid"], ended["results"]) == (running["buildid"], 0)
    started = [line.split()[:2] for line in (farm.state / "started").read_text().splitlines()]
    built = [name for name, distro in started if distro == "trixie"]
    assert built == ["base", "middle", "top"], "each once, in order"
    assert (farm.state / "archive" / NEW).exists()

    farm.run(BIN / "farm", "distro", "remove", "trixie")
    assert components.read_text() == before
    assert (farm.state / "archive" / NEW).exists(), "what was published stays"
    farm.wait("its line is gone", lambda: NEW not in farm.status()["lines"])
    assert not (farm.worker("worker-trixie") / "twistd.pid").exists()

    farm.run(BIN / "farm", "distro", "add", "trixie", "--family", "deb")
    farm.wait_states(NEW, **chain)
    assert len(farm.started()) == len(started), "nothing is built twice"

    farm.run(BIN / "farm", "distro", "remove", "trixie", "--archive", "--yes")
    assert not (farm.state / "archive" / NEW).is_symlink()
    assert (farm.state / "archive" / OLD).exists()


def test_a_distros_column_appears_in_the_matrix_and_goes_with_it(farm: TestFarm) -> None:
    with browser(farm.url) as window:
        window.open("#/farm/matrix")
        window.find(".farm-matrix tbody th", "top")
        head = window.find(".farm-matrix thead")
        expect(head).not_to_contain_text("trixie")
        farm.run(BIN / "farm", "distro", "add", "trixie", "--family", "deb")
        expect(head).to_contain_text("trixie")
        window.find(".farm-matrix tr:has(a[title=top]) td:nth-of-type(2) .farm-state", "published")
        farm.run(BIN / "farm", "distro", "remove", "trixie")
        expect(head).not_to_contain_text("trixie")
        assert window.errors() == []


def test_a_distro_that_goes_in_the_middle_of_a_build_can_come_back(farm: TestFarm) -> None:
    farm.run(BIN / "farm", "distro", "add", "trixie", "--family", "deb")
    farm.stack = YAML(typ="safe").load(farm.base / "components.yml")
    del farm.stack["components"]["slow"]["distros"]
    farm.write_stack()
    farm.run(BIN / "buildbot", "reconfig", farm.master)
    log = farm.state / "started"
    farm.wait("slow runs on trixie", lambda: "slow trixie" in log.read_text())

    farm.run(BIN / "farm", "distro", "remove", "trixie")
    farm.wait("its line is gone", lambda: NEW not in farm.status()["lines"])
    (farm.state / "go").touch()
    chain = dict.fromkeys(("base", "middle", "top", "slow"), "published")
    farm.wait_states(OLD, **chain)

    farm.run(BIN / "farm", "distro", "add", "trixie", "--family", "deb")
    farm.wait_states(NEW, **chain)
    farm.wait(
        "nothing is left over",
        lambda: farm.get("buildrequests?complete=false")["buildrequests"] == [],
        20,
    )
