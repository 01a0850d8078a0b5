"""A failing build on a running farm: from the worker's log to the records and to people."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.diamond import LINE, diamond
from tests.farms import BIN, TestFarm
from tests.topics import command, push, told

pytestmark = pytest.mark.real

LOG = "cc -c crc.c\ncrc.c:12:5: error: ‘poly’ undeclared\nmake: *** [Makefile:3: crc.o] Error 1\n"  # noqa: RUF001 as gcc prints it
ERROR = "crc.c:12:5: error: ‘poly’ undeclared"  # noqa: RUF001


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestFarm]:
    with diamond(tmp_path_factory.mktemp("farm")) as farm:
        yield farm


def failed(farm: TestFarm, component: str) -> str:
    """Break a component that builds; returns the key of the build that failed."""
    commit = push(farm, component, behaviour="fail", log=LOG)

    def standing() -> dict[str, str]:
        return dict(told(farm, f"components/{component}")["lines"][0]["standing"])

    farm.wait(f"{component} fails", lambda: standing()["state"] == "failed")
    build = told(farm, f"builds/{standing()['key']}")
    assert build["commit"] == commit
    return str(build["key"])


def test_the_first_error_of_a_failed_build_is_kept_with_a_link_to_its_line(farm: TestFarm) -> None:
    good = told(farm, "components/right")["lines"][0]["standing"]["commit"]
    key = failed(farm, "right")
    page = told(farm, f"builds/{key}")
    found = page["failure"]
    assert (found["kind"], found["message"], found["line"]) == ("compiler", ERROR, 3)
    assert found["context"][2] == ERROR
    part = told(farm, f"builds/{key}/log?first={found['line']}&lines=1")
    assert part["lines"] == [ERROR], "Buildbot's log has the line there"
    assert found["log"] == part["page"] and found["log"].startswith(f"{farm.url}#/builders/")

    (line,) = told(farm, "components/right")["lines"]
    assert line["broken"]["good_commit"] == good and line["broken"]["bad_key"] == key
    assert ERROR in told(farm, f"lines/{LINE}?state=failed&text=right")["components"][0]["reason"]

    said = farm.run(BIN / "farm", "why", "right", "bookworm")
    assert f">      3  {ERROR}" in said
    assert f"It broke between commit {good[:12]} and {page['commit'][:12]}" in said
    assert ERROR in farm.run(BIN / "farm", "status", "right")


def test_what_passes_when_it_is_built_again_failed_by_chance(farm: TestFarm) -> None:
    key = failed(farm, "left")
    # As a test that depends on luck would: the commit stays.
    (farm.state / "lucky").touch()
    command(farm, "force", "left", "--reason", "Once more")
    farm.wait("it is found", lambda: told(farm, f"builds/{key}")["passed_later"])
    (farm.state / "lucky").unlink()
    runs = told(farm, "components/left/runs")["runs"]
    assert [(run["outcome"], run["by_chance"]) for run in runs[:2]] == [
        ("built", False),
        ("failed", True),
    ]
    assert runs[0]["tests"] == "passed"
