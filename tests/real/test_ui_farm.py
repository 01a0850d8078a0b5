"""The farm's pages of a real farm in a real browser: look, find the cause, log in, force."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser import Browser, browser
from tests.diamond import diamond
from tests.farms import BIN, TestFarm, free_port, git
from tests.page_looks import check_looks, serious
from tests.topics import push

pytestmark = pytest.mark.real

PASSWORDS = {"ada": "correct-horse-battery"}
BROKEN = {"base": "published", "left": "published", "right": "failed", "top": "blocked"}


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestFarm]:
    """A diamond behind a public name of this machine, with a component that fails."""
    port = free_port()
    www = {"port": port, "url": f"http://farm.localhost:{port}/"}
    with diamond(tmp_path_factory.mktemp("farm"), www=www) as farm:
        farm.url = f"http://127.0.0.1:{port}/"
        password = f"FARM_NEW_PASSWORD={PASSWORDS['ada']}"
        farm.run("env", password, BIN / "farm", "user", "add", "ada", "--role", "developer")
        push(farm, "right", behaviour="fail")
        farm.wait_states("development/bookworm", **BROKEN)
        yield farm


@pytest.fixture(scope="module")
def window(farm: TestFarm) -> Iterator[Browser]:
    with browser(farm.site["www"]["url"]) as window:
        yield window


def head(farm: TestFarm, component: str) -> str:
    return git(farm.base / "git" / component, "rev-parse", "HEAD")


def test_the_overview_comes_first_and_says_how_the_farm_is(farm: TestFarm, window: Browser) -> None:
    window.open("")
    window.find(".farm-lead", "1 build fails. Nothing is left to build.")
    lines = window.find(".farm-panel", "Lines")
    for words in ("development/bookworm", "2 of 4", "1 failed", "1 blocked"):
        expect(lines).to_contain_text(words)
    trouble = window.find(".farm-panel", "In trouble the longest")
    for words in ("right", "1 of 3 tests", "(blocks 1)"):
        expect(trouble).to_contain_text(words)
    workers = window.find(".farm-panel", "Workers")
    expect(workers.get_by_text("connected", exact=True)).to_have_count(3)
    window.find(".farm-panel", "Newest commits")
    check_looks(window, "overview", lambda: window.find("a", "1 blocked"))
    window.open("#/")
    window.find("h2", "Welcome to buildbot")
    assert window.errors() == []


def test_a_failure_in_the_matrix_leads_to_its_log_in_one_click(
    farm: TestFarm, window: Browser
) -> None:
    window.open("#/farm/matrix")
    check_looks(window, "matrix", lambda: window.find(row_of("top"), "blocked by right"))
    window.find(".farm-chip", "failed").click()
    window.find("[role=status]", "1 of 4 components")
    expect(window.page).to_have_url(re.compile("state=failed"))
    window.find(".farm-matrix a", "failed").click()
    window.find("body", "1 of 3 tests")
    window.page.go_back()
    window.find("[role=status]", "1 of 4 components")
    assert window.errors() == []


def row_of(component: str) -> str:
    """The selector of a component's row in the matrix."""
    return f".farm-matrix tr:has(a[title={component}])"


def reason(window: Browser) -> Locator:
    """The field of the dialog, which has the focus from the beginning."""
    field = window.page.locator("dialog").get_by_label("Reason")
    expect(field).to_be_focused()
    return field


def ask_for(window: Browser, component: str) -> None:
    """Choose a component in the matrix, and open the form."""
    window.find(f"input[aria-label='Choose {component}']").click()
    window.find(".farm-toolbar button", "Build 1 component again").click()
    window.find("dialog .farm-main")


def test_who_is_not_logged_in_is_told_where_and_comes_back(farm: TestFarm, window: Browser) -> None:
    window.open("#/farm/matrix?text=left")
    ask_for(window, "left")
    window.find("dialog", "Building again is for developers, release managers and admins")
    window.find("dialog", "you are not logged in")
    assert serious(window) == []
    link = window.find("dialog a", "Log in").evaluate("link => link.href")
    window.page.goto(link.replace("http://", f"http://ada:{PASSWORDS['ada']}@"))
    window.find(".farm-matrix a", "left")
    back = re.compile(re.escape("#/farm/matrix?text=left") + "$")
    expect(window.page, "back where they were").to_have_url(back)


def test_who_may_builds_a_component_again_from_the_matrix(farm: TestFarm, window: Browser) -> None:
    before = farm.started().count("left")
    window.open("#/farm/matrix?text=left")
    ask_for(window, "left")
    window.find("dialog h2", "Build left again")
    check_looks(window, "force", lambda: ask_for(window, "left"))
    window.find("dialog label", "bookworm")
    submit = window.find("dialog button[type=submit]")
    expect(submit, "there is no reason yet").to_be_disabled()
    reason(window).press_sequentially("Another compiler")
    submit.click()
    window.find("dialog [role=status]", "Asked for 1 build")
    window.find("dialog button", "Close").click()
    farm.wait("left is built again", lambda: farm.started().count("left") == before + 1)
    farm.wait_states("development/bookworm", **BROKEN)
    assert "forced by ada: Another compiler" in farm.run(BIN / "farm", "why", "left", "bookworm")


def test_what_failed_is_built_again_by_keyboard_alone(farm: TestFarm, window: Browser) -> None:
    before = farm.started().count("right")
    window.open("#/farm")
    keyboard, dialog = window.page.keyboard, window.page.locator("dialog")
    window.find("button", "Rebuild failed").press("Enter")
    window.find("dialog", "Build again what failed on development/bookworm")
    keyboard.press("Escape")
    focused = window.page.locator(":focus")
    expect(focused, "the focus is where it was").to_have_text("Rebuild failed…")
    expect(dialog).to_have_count(0)
    keyboard.press("Enter")
    window.find("dialog button[type=submit]", "Rebuild 1 component")
    reason(window)
    keyboard.type("Once more")
    keyboard.press("Enter")
    window.find("dialog [role=status]", "right")
    keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    farm.wait("right is tried again", lambda: farm.started().count("right") == before + 1)
    farm.wait_states("development/bookworm", **BROKEN)


def find_commit(window: Browser, what: str) -> None:
    box = window.find("input[type=search]")
    box.fill(what)
    box.press("Enter")


def test_a_commit_is_found_with_how_far_it_is(farm: TestFarm, window: Browser) -> None:
    window.open("#/farm/commit")
    window.find(".farm-panel", "Newest commits")
    find_commit(window, head(farm, "base")[:10])
    window.find("[role=status]", "Published everywhere that takes it: on 1 line.")
    window.find("td", "snapshot 1")
    assert serious(window) == []
    find_commit(window, f"https://git.example.org/right/commit/{head(farm, 'right')}")
    window.find("[role=status]", "It is published on 0 of 1 line.")
    window.find("td", "it does not build: test: 1 of 3 tests")
    find_commit(window, "0123456789")
    window.find("[role=alert]", "No repository of the stack has a commit 0123456789")
    find_commit(window, "#12")
    window.find("[role=alert]", "The farm builds no pull request 12 now.")
    find_commit(window, "migrate")
    window.find("[role=alert]", "There is no topic 'migrate'")


def test_a_page_follows_what_happens_by_itself(farm: TestFarm, window: Browser) -> None:
    window.open("#/farm/matrix?text=right")
    window.find(f"{row_of('right')} .farm-state", "failed")
    push(farm, "right", behaviour="ok")
    window.find(f"{row_of('right')} .farm-state", "published")
