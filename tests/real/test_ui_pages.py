"""The farm's pages with made answers: large farms, empty farms, farms that do not answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

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
    driven.page.goto("about:blank")
    driven.errors()
    return driven


def rows(window: Browser) -> int:
    return window.page.locator(".farm-matrix tbody th").count()


def script(window: Browser, module: str, expression: str) -> Any:
    """The value of a JavaScript expression of what a module of the pages exports."""
    return window.page.evaluate(f"import('./plugins/farm/{module}').then((m) => {expression})")


def test_six_thousand_cells_are_there_and_only_those_seen_are_in_the_page(
    site: MadeSite, window: Browser
) -> None:
    site.answers = made_farm(COMPONENTS)
    window.open("#/farm/matrix")
    window.find("[role=status]", "1,000 components")
    window.find("[aria-rowcount='1001']")
    assert 10 < rows(window) < MOST_ROWS
    window.find(".farm-matrix").evaluate("box => box.scrollTop = box.scrollHeight")
    window.find(".farm-matrix tbody th", "component-0999")
    assert rows(window) < MOST_ROWS
    window.find("label input[type=search]").press_sequentially("0040")
    window.find("[role=status]", "1 of 1,000 components")
    window.find(".farm-matrix tbody th", "component-0040")
    assert window.errors() == []


def test_filters_are_in_the_address_and_come_back_with_it(window: Browser) -> None:
    window.open("#/farm/matrix?state=failed,held-back")
    window.find("[role=status]", "2 of 80 components")
    pressed = window.page.locator(".farm-chip[aria-pressed=true]")
    expect(pressed).to_have_text(["failed 1", "held back 1"], use_inner_text=True)
    window.open("#/farm/matrix?distro=trixie")
    window.find(".farm-matrix thead", "trixie")
    expect(window.page.locator(".farm-matrix thead th")).to_have_count(2)
    window.open("#/farm/matrix?text=nothing-like-it")
    window.find(".farm-none-found", "No component is like that.")


def test_why_something_is_held_back_is_one_click_away(window: Browser) -> None:
    window.open("#/farm/matrix?state=held-back")
    window.find("button[aria-label='held back: why?']").click()
    window.find("dialog", HELD_BACK)
    archive = window.find("dialog a", "Archive")
    expect(archive).to_have_attribute("href", "http://archive.example.org/development/el9/")
    assert serious(window) == []


def test_every_state_looks_its_own(window: Browser) -> None:
    states = "failed,held-back,blocked,building,ready,waiting,excluded"
    window.open(f"#/farm/matrix?state={states}")
    check_looks(window, "matrix-states", lambda: window.find("[role=status]", "7 of 80"))
    waiting = window.find(".farm-matrix tbody tr[aria-rowindex='7']")
    for words in ("waiting", "for component-0040", "newer"):
        expect(waiting).to_contain_text(words)


def test_an_empty_farm_tells_a_newcomer_what_to_do_first(site: MadeSite, window: Browser) -> None:
    site.answers = empty_farm()
    window.open("#/farm")
    steps = window.find(".farm-steps", "farm distro add").inner_text()
    assert "farm component add" in steps and "farm worker invite" in steps
    assert steps.count("to do") == 4
    check_looks(window, "first-steps", lambda: window.find(".farm-steps"))
    site.answers = made_farm() | {
        "lines": {"lines": [line("bookworm", 80, snapshot=None, counts={"built": 3})], "found": 1}
    }
    window.find(".farm-steps", "3 builds are done")
    window.find(".farm-steps", "80 components so far")
    assert window.find(".farm-steps").inner_text().count("to do") == 2, "a worker, and to wait"
    window.open("#/farm/matrix")


def test_polling_stops_asking_for_what_is_known_and_survives_a_farm_that_is_gone(
    site: MadeSite, window: Browser
) -> None:
    window.open("#/farm/matrix")
    window.find("[role=status]", "80 components")
    before = site.unchanged
    window.page.wait_for_function(
        "address => performance.getEntriesByName(address).length >= 3",
        arg=f"{site.url}api/farm/v1/matrix/development",
    )
    assert site.unchanged > before, "asked again, and told that nothing changed"
    site.answers = {}
    window.find(".farm-stale", "This is how it was at")
    window.find(".farm-matrix tbody th", "component-0000")
    site.answers = made_farm(81)
    window.find("[role=status]", "81 components")
    expect(window.page.locator(".farm-stale")).to_have_count(0)


def test_a_page_that_nobody_sees_does_not_ask(site: MadeSite, window: Browser) -> None:
    window.open("#/farm/matrix")
    window.find("[role=status]", "80 components")
    hide = """hidden => {
      Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    window.page.evaluate(hide, True)
    # More than two periods of the polling, and what was asked already has come back by then.
    window.page.wait_for_timeout(500)
    asked = len(site.asked)
    window.page.wait_for_timeout(5000)
    assert len(site.asked) == asked
    site.answers = made_farm(82)
    window.page.evaluate(hide, False)
    window.find("[role=status]", "82 components")


def test_a_commit_shows_how_far_it_is_on_every_line_and_where_it_was_promoted(
    site: MadeSite, window: Browser
) -> None:
    site.answers = followed_commit()
    window.open(f"#/farm/commit?of={COMMIT}")
    window.find("[role=status]", "It is published on 1 of 3 lines.")
    stable = window.find("td[data-label=Promoted] a", "stable-1.2")
    expect(stable).to_have_attribute("href", "http://archive.example.org/stable-1.2/bookworm/")
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
