"""The pages of a failed build, a component and a generation, of a real farm in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser import Browser, browser
from tests.diamond import ALL_PUBLISHED, LINE, diamond
from tests.farms import TestFarm
from tests.page_looks import check_looks
from tests.topics import command, push

pytestmark = pytest.mark.real

BROKEN = {"base": "published", "left": "published", "right": "failed", "top": "blocked"}
ERROR = "src/right.c:12:5: error: 'poly' undeclared"
LOG = "\n".join(
    [
        *(f"cc -O2 -c src/part{number}.c -o part{number}.o" for number in range(300)),
        ERROR,
        "make: *** [Makefile:3: right.o] Error 1",
    ]
)


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestFarm]:
    """A diamond in which `right` does not build, and `left` failed once by chance."""
    with diamond(tmp_path_factory.mktemp("farm")) as farm:
        push(farm, "left", behaviour="fail", log="FAIL: luck")
        farm.wait_states(LINE, **{**BROKEN, "left": "failed", "right": "published"})
        (farm.state / "lucky").touch()
        command(farm, "force", "left", "--reason", "Once more")
        farm.wait_states(LINE, **ALL_PUBLISHED)
        (farm.state / "lucky").unlink()
        push(farm, "left", behaviour="ok")
        push(farm, "right", behaviour="fail", log=LOG)
        farm.wait_states(LINE, **BROKEN)
        yield farm


@pytest.fixture(scope="module")
def window(farm: TestFarm) -> Iterator[Browser]:
    with browser(farm.url) as window:
        yield window


def shown(window: Browser, selector: str, text: str) -> bool:
    """Whether an element is within what can be seen of the box that scrolls it."""
    return bool(
        window.driver.execute_script(
            "const box = arguments[0].closest('.farm-log').getBoundingClientRect();"
            "const one = arguments[0].getBoundingClientRect();"
            "return one.top >= box.top && one.bottom <= box.bottom;",
            window.find(selector, text),
        )
    )


def test_a_failing_build_is_read_in_two_clicks(farm: TestFarm, window: Browser) -> None:
    window.open("#/farm")
    window.find("a", "Matrix").click()
    window.find(".farm-matrix a", "failed").click()
    assert ERROR in window.find(".farm-verdict-message", ERROR).text
    assert "302" in window.find(".farm-here", ERROR).text, "the line, as numbered by the build"
    assert shown(window, ".farm-here", ERROR)
    about = window.find(".farm-panel", "About this build").text
    assert "broke between" in about and "(this build)" in about
    assert "sudo farm build --like" in about
    check_looks(window, "failure", lambda: window.find(".farm-here", ERROR))
    window.find("button", "Earlier lines").click()
    window.find(".farm-log li", "cc -O2 -c src/part100.c")
    window.find("a", "the whole log").click()
    window.find("body", "cc -O2 -c src/part")
    assert "/logs/stdio" in window.driver.current_url
    assert window.errors() == []


def test_a_line_of_the_log_has_an_address(farm: TestFarm, window: Browser) -> None:
    window.open("#/farm/component/right")
    window.find(".farm-verdict a", "bookworm").click()
    window.find(".farm-here", ERROR)
    window.driver.get(f"{window.driver.current_url}?line=5")
    window.driver.refresh()
    assert "part3.c" in window.find(".farm-here", "cc").text
    window.find("button", "To the first error").click()
    window.find(".farm-here", ERROR)


def test_a_component_shows_its_neighbours_builds_and_failures(
    farm: TestFarm, window: Browser
) -> None:
    window.open("#/farm/component/right")
    assert "It broke between" in window.find(".farm-verdict", ERROR).text
    window.find(".farm-table .farm-mark", "first failing commit")
    nodes = window.find(".farm-graph svg").find_elements(By.CSS_SELECTOR, ".farm-node")
    names = {node.get_attribute("aria-label") for node in nodes}
    assert names == {"base: published", "right: failed", "top: blocked"}
    check_looks(window, "component", lambda: window.find(".farm-plot .farm-bar"))
    window.find(".farm-graph").find_element(By.CSS_SELECTOR, "[aria-label^=base]").send_keys(
        Keys.ENTER
    )
    window.find("h1", "base")
    window.find("button", "One step further").click()
    window.find(".farm-graph .farm-node[aria-label='top: blocked']")
    assert "depth=2" in window.driver.current_url
    window.find("button", "Build again").click()
    window.find("dialog", "Reason")
    window.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert window.errors() == []


def test_what_failed_by_chance_is_marked(farm: TestFarm, window: Browser) -> None:
    window.open("#/farm/component/left")
    row = window.find(".farm-table tbody tr", "failed by chance")
    assert "failed: luck" in row.text
    row.find_element(By.CSS_SELECTOR, "th a").click()
    assert "It failed by chance" in window.find(".farm-verdict", "luck failed").text


def test_a_generation_is_watched_until_it_is_published(farm: TestFarm, window: Browser) -> None:
    window.open(f"#/farm/generation/{LINE}")
    window.find(".farm-panel", "In the archive now")
    push(farm, "base", behaviour="wait", interface="new")
    window.find(".farm-lead", "expected to be built")
    window.find(".farm-gantt [aria-label^='base: building']")
    label = window.find(".farm-gantt [aria-label^='top: waiting']").get_attribute("aria-label")
    assert label.endswith("on the critical path")
    check_looks(window, "generation", lambda: window.find(".farm-gantt-now"))
    (farm.state / "go").touch()
    farm.wait_states(LINE, **BROKEN)
    window.find(".farm-lead", "done after")
    window.find(".farm-panel", "What changed since snapshot")
    window.find("button", "The one before").click()
    window.find(".farm-panel", "An older snapshot")
    assert "snapshot=" in window.driver.current_url
    assert window.errors() == []
