"""The pages of a failed build, a component and a generation, of a real farm in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

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


SHOWN = """one => {
  const box = one.closest(".farm-log").getBoundingClientRect();
  const {top, bottom} = one.getBoundingClientRect();
  return top >= box.top && bottom <= box.bottom;
}"""
"""Whether an element is within what can be seen of the box that scrolls it."""


def test_a_failing_build_is_read_in_two_clicks(farm: TestFarm, window: Browser) -> None:
    window.open("#/farm")
    window.find("a", "Matrix").click()
    window.find(".farm-matrix a", "failed").click()
    window.find(".farm-verdict-message", ERROR)
    here = window.find(".farm-here", ERROR)
    expect(here, "the line, as numbered by the build").to_contain_text("302")
    window.page.wait_for_function(SHOWN, arg=here.element_handle())
    about = window.find(".farm-panel", "About this build")
    for words in ("broke between", "(this build)", "sudo farm build --like"):
        expect(about).to_contain_text(words)
    check_looks(window, "failure", lambda: window.find(".farm-here", ERROR))
    window.find("button", "Earlier lines").click()
    window.find(".farm-log li", "cc -O2 -c src/part100.c")
    window.find("a", "the whole log").click()
    window.find("body", "cc -O2 -c src/part")
    expect(window.page).to_have_url(re.compile("/logs/stdio"))
    assert window.errors() == []


def test_a_line_of_the_log_has_an_address(farm: TestFarm, window: Browser) -> None:
    window.open("#/farm/component/right")
    window.find(".farm-verdict a", "bookworm").click()
    window.find(".farm-here", ERROR)
    window.page.goto(f"{window.page.url}?line=5")
    window.page.reload()
    expect(window.find(".farm-here", "cc")).to_contain_text("part3.c")
    window.find("button", "To the first error").click()
    window.find(".farm-here", ERROR)


def test_a_component_shows_its_neighbours_builds_and_failures(
    farm: TestFarm, window: Browser
) -> None:
    window.open("#/farm/component/right")
    expect(window.find(".farm-verdict", ERROR)).to_contain_text("It broke between")
    window.find(".farm-table .farm-mark", "first failing commit")
    nodes = window.find(".farm-graph svg").locator(".farm-node")
    names = {node.get_attribute("aria-label") for node in nodes.all()}
    assert names == {"base: published", "right: failed", "top: blocked"}
    check_looks(window, "component", lambda: window.find(".farm-plot .farm-bar"))
    window.find(".farm-graph [aria-label^=base]").press("Enter")
    window.find("h1", "base")
    window.find("button", "One step further").click()
    window.find(".farm-graph .farm-node[aria-label='top: blocked']")
    expect(window.page).to_have_url(re.compile("depth=2"))
    window.find("button", "Build again").click()
    window.find("dialog", "Reason")
    window.page.keyboard.press("Escape")
    assert window.errors() == []


def test_what_failed_by_chance_is_marked(farm: TestFarm, window: Browser) -> None:
    window.open("#/farm/component/left")
    row = window.find(".farm-table tbody tr", "failed by chance")
    expect(row).to_contain_text("failed: luck")
    row.locator("th a").click()
    expect(window.find(".farm-verdict", "luck failed")).to_contain_text("It failed by chance")


def test_a_generation_is_watched_until_it_is_published(farm: TestFarm, window: Browser) -> None:
    window.open(f"#/farm/generation/{LINE}")
    window.find(".farm-panel", "In the archive now")
    push(farm, "base", behaviour="wait", interface="new")
    window.find(".farm-lead", "expected to be built")
    window.find(".farm-gantt [aria-label^='base: building']")
    top = window.find(".farm-gantt [aria-label^='top: waiting']")
    expect(top).to_have_attribute("aria-label", re.compile("on the critical path$"))
    now = window.page.locator(".farm-gantt-now")  # a line without width: never "visible"
    check_looks(window, "generation", lambda: now.wait_for(state="attached"))
    (farm.state / "go").touch()
    farm.wait_states(LINE, **BROKEN)
    window.find(".farm-lead", "done after")
    window.find(".farm-panel", "What changed since snapshot")
    window.find("button", "The one before").click()
    window.find(".farm-panel", "An older snapshot")
    expect(window.page).to_have_url(re.compile("snapshot="))
    assert window.errors() == []
