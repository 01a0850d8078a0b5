"""The pages of an archive in a real browser: readable narrow and wide, by day and by night."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.archive_clients import Farm, add_package, served
from tests.browser import Browser, browser

pytestmark = pytest.mark.real

NARROW, WIDE = 360, 1920
LONG = "a-component-with-a-very-long-name-indeed-that-has-to-break-somewhere"


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    directory = tmp_path_factory.mktemp("pages")
    farms = [Farm(directory / family, family) for family in ("deb", "rpm")]
    with served(directory / "archive") as url:
        for farm in farms:
            farm.directory.mkdir()
            (farm.directory / "archive").symlink_to(directory / "archive")
            farm.url = url
            for version in ("1.0", "1.1"):
                add_package(farm, "liblib", version)
                add_package(farm, LONG, f"{version}+git123.gabcdef0123456789")
                farm.publish()
        with browser(f"{url}/") as window:
            yield window


@contextmanager
def looking(window: Browser, page: str, width: int, scheme: str) -> Iterator[Browser]:
    """Open a page in a window of that width, a phone if narrow, in light or dark colours."""
    size = {"width": width, "height": 900}
    with window.another(viewport=size, is_mobile=width == NARROW, color_scheme=scheme) as opened:
        opened.open(page)
        yield opened


PAGES = ("", "development/bookworm/", "development/el9/", "snapshots/development/bookworm/")


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_wider_than_the_window(window: Browser, page: str, width: int) -> None:
    with looking(window, page, width, "light") as opened:
        opened.find("h1")
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
        assert opened.errors() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_the_page(window: Browser, scheme: str, tmp_path: Path) -> None:
    with looking(window, "development/bookworm/", WIDE, scheme) as opened:
        page = opened.find("body").evaluate("body => getComputedStyle(body).backgroundColor")
        for selector in ("body", ".quiet", "section a"):
            text = opened.find(selector).evaluate("one => getComputedStyle(one).color")
            assert contrast(text, page) >= 4.5, f"{selector}: {text} on {page}"
        opened.screenshot(tmp_path / f"{scheme}.png")


def test_people_find_their_way(window: Browser) -> None:
    window.open("")
    window.find("a", "bookworm").click()
    window.find("pre", "sudo curl -fsSLo /etc/apt/sources.list.d/farm.sources")
    window.find("summary", "farm.sources").click()
    window.find("details[open] pre", "Signed-By:")
    window.find("tr", "liblib")
    window.find("a", "All snapshots").click()
    window.find("h1", "Snapshots of development/bookworm")
    window.find("th a", "1").click()
    window.find("dd", "1")
    window.find("footer a", "/development/bookworm/").click()
    window.find("dd", "2")


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two CSS colours (WCAG 2.2, 1.4.3: text needs 4.5)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [float(p) / 255 for p in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
