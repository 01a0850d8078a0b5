"""The farm's pages of a real farm in a real browser: look, find the cause, log in, force."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

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
    line = window.find(".farm-panel", "Lines").text
    assert "development/bookworm" in line and "2 of 4" in line
    assert "1 failed" in line and "1 blocked" in line
    trouble = window.find(".farm-panel", "In trouble the longest").text
    assert "right" in trouble and "1 of 3 tests" in trouble and "(blocks 1)" in trouble
    assert window.find(".farm-panel", "Workers").text.count("connected") == 3
    window.find(".farm-panel", "Newest commits")
    check_looks(window, "overview", lambda: window.find("a", "1 blocked"))
    window.open("#/")
    window.find("h2", "Welcome to buildbot")
    assert window.errors() == []


def test_a_failure_in_the_matrix_leads_to_its_log_in_one_click(
    farm: TestFarm, window: Browser
) -> None:
    window.open("#/farm/matrix")
    check_looks(window, "matrix", lambda: window.find(".farm-matrix tr", "top\nblocked\nby right"))
    window.find(".farm-chip", "failed").click()
    window.find("[role=status]", "1 of 4 components")
    assert "state=failed" in window.driver.current_url
    window.find(".farm-matrix a", "failed").click()
    window.find("body", "1 of 3 tests")
    window.driver.back()
    window.find("[role=status]", "1 of 4 components")
    assert window.errors() == []


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
    link = window.find("dialog a", "Log in").get_attribute("href")
    assert link
    window.driver.get(link.replace("http://", f"http://ada:{PASSWORDS['ada']}@"))
    window.find(".farm-matrix a", "left")
    assert window.driver.current_url.endswith("#/farm/matrix?text=left"), "back where they were"


def test_who_may_builds_a_component_again_from_the_matrix(farm: TestFarm, window: Browser) -> None:
    before = farm.started().count("left")
    window.open("#/farm/matrix?text=left")
    ask_for(window, "left")
    window.find("dialog h2", "Build left again")
    check_looks(window, "force", lambda: ask_for(window, "left"))
    window.find("dialog label", "bookworm")
    submit = window.find("dialog button[type=submit]")
    assert not submit.is_enabled(), "there is no reason yet"
    window.driver.switch_to.active_element.send_keys("Another compiler")
    submit.click()
    window.find("dialog [role=status]", "Asked for 1 build")
    window.find("dialog button", "Close").click()
    farm.wait("left is built again", lambda: farm.started().count("left") == before + 1)
    farm.wait_states("development/bookworm", **BROKEN)
    assert "forced by ada: Another compiler" in farm.run(BIN / "farm", "why", "left", "bookworm")


def test_what_failed_is_built_again_by_keyboard_alone(farm: TestFarm, window: Browser) -> None:
    before = farm.started().count("right")
    window.open("#/farm")
    window.find("button", "Rebuild failed").send_keys(Keys.ENTER)
    window.find("dialog", "Build again what failed on development/bookworm")
    window.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    focused = window.driver.switch_to.active_element
    assert focused.text == "Rebuild failed…", "the focus is where it was"
    assert not window.driver.find_elements(By.CSS_SELECTOR, "dialog")
    focused.send_keys(Keys.ENTER)
    window.find("dialog button[type=submit]", "Rebuild 1 component")
    window.driver.switch_to.active_element.send_keys("Once more", Keys.ENTER)
    window.find("dialog [role=status]", "right")
    window.driver.switch_to.active_element.send_keys(Keys.ENTER)
    farm.wait("right is tried again", lambda: farm.started().count("right") == before + 1)
    farm.wait_states("development/bookworm", **BROKEN)


def find_commit(window: Browser, what: str) -> None:
    box = window.find("input[type=search]")
    box.clear()
    box.send_keys(what, Keys.ENTER)


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
    window.find(".farm-matrix tr", "right\nfailed")
    push(farm, "right", behaviour="ok")
    window.find(".farm-matrix tr", "right\npublished")
