"""How a page looks and whether everybody can use it: both widths, light and dark, and axe-core."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe

from tests.browser import HEIGHT, Browser
from tests.browser import WIDTH as USUAL_WIDTH

SCREENSHOTS = Path(__file__).resolve().parent.parent / "build" / "screenshots"
WIDTHS = (360, 1920)
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
_FRAME = (".sidebar", ".navbar")
"""Buildbot's own parts of a page."""
_SERIOUS = ("serious", "critical")


def emulate(window: Browser, width: int, theme: Theme) -> None:
    """Make the window so wide, and let it prefer light or dark."""
    window.page.set_viewport_size({"width": width, "height": HEIGHT})
    window.page.emulate_media(color_scheme=theme)


def check_looks(window: Browser, name: str, ready: Callable[[], object]) -> None:
    """Check the page in every width and theme, and keep screenshots.

    :param ready: brings the page, which has just been loaded, to where it is to be looked at.
    """
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for width in WIDTHS:
        emulate(window, width, THEMES[0])
        # Buildbot's frame decides when it is loaded whether its menu is open.
        window.page.reload()
        ready()
        for theme in THEMES:
            emulate(window, width, theme)
            window.screenshot(SCREENSHOTS / f"{name}-{width}-{theme}.png")
            faults = "\n".join(serious(window) + beyond_the_edge(window))
            assert not faults, f"{name} at {width}, {theme}:\n{faults}"
    emulate(window, USUAL_WIDTH, THEMES[0])


def serious(window: Browser) -> list[str]:
    """What axe-core calls serious or critical on the page, outside Buildbot's own frame."""
    exclude = [[selector] for selector in _FRAME]
    results = Axe().run(window.page, {"exclude": exclude})
    found: list[dict[str, Any]] = results.response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]} {node.get('failureSummary', '')}"
        for one in found
        if one["impact"] in _SERIOUS
        for node in one["nodes"]
    ]


_BEYOND = """
all => all.filter((one) => {
  const box = one.getBoundingClientRect();
  return box.width && box.right > document.documentElement.clientWidth + 1
    && !one.closest(".farm-scroll, .farm-matrix, .farm-hidden, caption, thead, svg");
}).map((one) => one.outerHTML.slice(0, 120))
"""


def beyond_the_edge(window: Browser) -> list[str]:
    """Elements that reach beyond the window, where nothing scrolls them."""
    return list(window.page.locator(".farm *").evaluate_all(_BEYOND))
