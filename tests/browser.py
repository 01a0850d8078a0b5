"""Debian's Chromium, headless, for tests of pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

TIMEOUT_S = 60
_SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--window-size=1400,1000",
)


class Browser:
    """A window on one site."""

    def __init__(self, driver: webdriver.Chrome, url: str):
        self.driver = driver
        self.url = url

    def open(self, page: str) -> None:
        """Go to a page of the site (`#/builders`)."""
        self.driver.get(f"{self.url}{page}")

    def find(self, selector: str, text: str = "") -> WebElement:
        """The first element of a CSS selector that shows `text`, once there is one."""

        def found(driver: webdriver.Chrome) -> WebElement | bool:
            for element in driver.find_elements(By.CSS_SELECTOR, selector):
                if text in element.text:
                    return element
            return False

        wait = WebDriverWait(self.driver, TIMEOUT_S, ignored_exceptions=(Exception,))
        return wait.until(found, f"{selector} with {text!r} on {self.url}")

    def errors(self) -> list[str]:
        """What scripts complained of; stylesheets that a plugin has none of do not count."""
        log = self.driver.get_log("browser")
        return [e["message"] for e in log if e["level"] == "SEVERE" and "404" not in e["message"]]

    def screenshot(self, path: Path) -> None:
        """Keep what is to be seen."""
        self.driver.save_screenshot(str(path))


@contextmanager
def browser(url: str) -> Iterator[Browser]:
    """Start Chromium, and end it."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for switch in _SWITCHES:
        options.add_argument(switch)
    driver = webdriver.Chrome(options, Service("/usr/bin/chromedriver"))
    try:
        yield Browser(driver, url)
    finally:
        driver.quit()
