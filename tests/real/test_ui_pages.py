"""The farm's pages with made answers: large farms, empty farms, farms that do not answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from selenium.webdriver.common.by import By

from tests.browser import Browser, browser
from tests.made_farms import COMMIT, HELD_BACK, empty_farm, followed_commit, line, made_farm
from tests.made_pages import MadeSite, made_site
from tests.page_looks import check_looks, serious

pytestmark = pytest.mark.real

COMPONENTS = 1000
MOST_ROWS = 120
"""Of the table that are in the page at a time."""


@pytest.fixture(scope="module")
def site() -> Iterator[MadeSite]:
    with made_site({}) as site:
        yield site


@pytest.fixture(scope="module")
def driven(site: MadeSite) -> Iterator[Browser]:
    with browser(site.url) as window:
        yield window


@pytest.fixture
def window(site: MadeSite, driven: Browser) -> Browser:
    """A window that has seen nothing of the tests before."""
    site.answers = made_farm()
    driven.driver.get("about:blank")
    return driven


def rows(window: Browser) -> int:
    return len(window.driver.find_elements(By.CSS_SELECTOR, ".farm-matrix tbody th"))


def script(window: Browser, module: str, expression: str) -> Any:
    """The value of a JavaScript expression of what a module of the pages exports."""
    return window.driver.execute_async_script(
        f"import('./plugins/farm/{module}').then((m) => arguments[0]({expression}))"
    )


def test_six_thousand_cells_are_there_and_only_those_seen_are_in_the_page(
    site: MadeSite, window: Browser
) -> None:
    site.answers = made_farm(COMPONENTS)
    window.open("#/farm/matrix")
    window.find("[role=status]", "1,000 components")
    window.find("[aria-rowcount='1001']")
    assert 10 < rows(window) < MOST_ROWS
    box = window.find(".farm-matrix")
    window.driver.execute_script("arguments[0].scrollTop = arguments[0].scrollHeight", box)
    window.find(".farm-matrix tbody th", "component-0999")
    assert rows(window) < MOST_ROWS
    window.find("label input[type=search]").send_keys("0040")
    window.find("[role=status]", "1 of 1,000 components")
    window.find(".farm-matrix tbody th", "component-0040")
    assert window.errors() == []


def test_filters_are_in_the_address_and_come_back_with_it(window: Browser) -> None:
    window.open("#/farm/matrix?state=failed,held-back")
    window.find("[role=status]", "2 of 80 components")
    pressed = window.driver.find_elements(By.CSS_SELECTOR, ".farm-chip[aria-pressed=true]")
    assert sorted(chip.text.split("\n")[0] for chip in pressed) == ["failed", "held back"]
    window.open("#/farm/matrix?distro=trixie")
    window.find(".farm-matrix thead", "trixie")
    assert len(window.driver.find_elements(By.CSS_SELECTOR, ".farm-matrix thead th")) == 2
    window.open("#/farm/matrix?text=nothing-like-it")
    window.find(".farm-none-found", "No component is like that.")


def test_why_something_is_held_back_is_one_click_away(window: Browser) -> None:
    window.open("#/farm/matrix?state=held-back")
    window.find("button[aria-label='held back: why?']").click()
    window.find("dialog", HELD_BACK)
    archive = window.find("dialog a", "Archive").get_attribute("href")
    assert archive == "http://archive.example.org/development/el9/"
    assert serious(window) == []


def test_every_state_looks_its_own(window: Browser) -> None:
    states = "failed,held-back,blocked,building,ready,waiting,excluded"
    window.open(f"#/farm/matrix?state={states}")
    check_looks(window, "matrix-states", lambda: window.find("[role=status]", "7 of 80"))
    waiting = window.find(".farm-matrix tbody tr[aria-rowindex='7']").text
    assert "waiting" in waiting and "for component-0040" in waiting and "newer" in waiting


def test_an_empty_farm_tells_a_newcomer_what_to_do_first(site: MadeSite, window: Browser) -> None:
    site.answers = empty_farm()
    window.open("#/farm")
    steps = window.find(".farm-steps", "farm distro add").text
    assert "farm component add" in steps and "farm worker invite" in steps
    assert steps.count("to do") == 4
    check_looks(window, "first-steps", lambda: window.find(".farm-steps"))
    site.answers = made_farm() | {
        "lines": {"lines": [line("bookworm", 80, snapshot=None, counts={"built": 3})], "found": 1}
    }
    window.find(".farm-steps", "3 builds are done")
    window.find(".farm-steps", "80 components so far")
    assert window.find(".farm-steps").text.count("to do") == 2, "a worker, and to wait"
    window.open("#/farm/matrix")


def test_polling_stops_asking_for_what_is_known_and_survives_a_farm_that_is_gone(
    site: MadeSite, window: Browser
) -> None:
    window.open("#/farm/matrix")
    window.find("[role=status]", "80 components")
    before = site.unchanged
    window.driver.execute_async_script(
        "const timer = setInterval(() => {"
        "  if (performance.getEntriesByName(arguments[0]).length < 3) return;"
        "  clearInterval(timer); arguments[1](); }, 100)",
        f"{site.url}api/farm/v1/matrix/development",
    )
    assert site.unchanged > before, "asked again, and told that nothing changed"
    site.answers = {}
    window.find(".farm-stale", "This is how it was at")
    window.find(".farm-matrix tbody th", "component-0000")
    site.answers = made_farm(81)
    window.find("[role=status]", "81 components")
    assert not window.driver.find_elements(By.CSS_SELECTOR, ".farm-stale")


def test_a_page_that_nobody_sees_does_not_ask(site: MadeSite, window: Browser) -> None:
    window.open("#/farm/matrix")
    window.find("[role=status]", "80 components")
    hide = (
        "Object.defineProperty(document, 'hidden', {value: %s, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    window.driver.execute_script(hide % "true")
    # More than two periods of the polling, and what was asked already has come back by then.
    window.driver.execute_async_script("setTimeout(arguments[0], 500)")
    asked = len(site.asked)
    window.driver.execute_async_script("setTimeout(arguments[0], 5000)")
    assert len(site.asked) == asked
    site.answers = made_farm(82)
    window.driver.execute_script(hide % "false")
    window.find("[role=status]", "82 components")


def test_a_commit_shows_how_far_it_is_on_every_line_and_where_it_was_promoted(
    site: MadeSite, window: Browser
) -> None:
    site.answers = followed_commit()
    window.open(f"#/farm/commit?of={COMMIT}")
    window.find("[role=status]", "It is published on 1 of 3 lines.")
    stable = window.find("td[data-label=Promoted] a", "stable-1.2").get_attribute("href")
    assert stable == "http://archive.example.org/stable-1.2/bookworm/"
    window.find("td", f"held back: {HELD_BACK}")
    window.find("td", "main does not have it")
    check_looks(window, "commit-lines", lambda: window.find("td", "stable-1.2"))


def test_a_pull_request_shows_its_verdict_and_where_its_commit_is(
    site: MadeSite, window: Browser
) -> None:
    site.answers = followed_commit()
    window.open("#/farm/commit?of=%2312")
    window.find(".farm-panel h2", "Pull request 12 of libogg")
    window.find("td", "1 of 9 tests failed")
    window.find("[role=status]", "It is published on 1 of 3 lines.")
    assert serious(window) == []
    window.open("#/farm/commit?of=faster")
    window.find(".farm-panel h2", "Topic faster")
    assert serious(window) == []
    assert window.errors() == []


def test_what_is_pasted_is_understood(window: Browser) -> None:
    window.open("#/farm/commit")
    window.find("main.farm h1")
    sha = "1f3a9c2e55d0b6a7c8d9e0f1a2b3c4d5e6f70819"
    for text, kind, name in (
        (sha, "commit", sha),
        (f"  {sha[:8].upper()} ", "commit", sha[:8]),
        (f"https://github.com/xiph/ogg/commit/{sha}", "commit", sha),
        (f"https://gitlab.com/x/y/-/commit/{sha}", "commit", sha),
        ("#12", "pull", "12"),
        ("12", "pull", "12"),
        ("https://github.com/xiph/ogg/pull/12", "pull", "12"),
        ("https://gitlab.com/x/y/-/merge_requests/7", "pull", "7"),
        ("migrate", "topic", "migrate"),
        ("topic-migrate", "topic", "topic-migrate"),
    ):
        assert script(window, "commit.js", f"m.meant({text!r})") == {"kind": kind, "name": name}
    assert script(window, "commit.js", "m.meant('  ')") is None


def test_spans_of_time_are_said_in_two_units(window: Browser) -> None:
    window.open("#/farm/commit")
    window.find("main.farm h1")
    for seconds, words in ((0, "0 s"), (59.6, "1 min"), (95, "1 min 35 s"), (90_000, "1 d 1 h")):
        assert script(window, "times.js", f"m.span({seconds})") == words
    assert script(window, "times.js", "m.roughly(90000)") == "1 d"
