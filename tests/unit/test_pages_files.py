"""The files of the pages: what they import is there, what is exported is used, none is too long."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from twisted.web.test.requesthelper import DummyRequest

from tests.interface import site
from www.pages import PLUGIN, ep
from www.settings import web_settings

STATIC = Path(str(ep.static_dir))
MODULES = sorted(path.name for path in STATIC.glob("*.js"))
MOST_LINES = 300
_IMPORT = re.compile(r'^import (?:\* as \w+|{([^}]*)}) from "\./([\w.]+)";', re.MULTILINE)
_EXPORT = re.compile(r"^export (?:async )?(?:const|function|class) (\w+|{[^}]*})", re.MULTILINE)


def text(name: str) -> str:
    return (STATIC / name).read_text()


def words(braces: str) -> set[str]:
    """The names in braces; of ``name: other`` the other."""
    return {
        part.split(":")[-1].strip() for part in braces.strip("{} \n").split(",") if part.strip()
    }


def exported(name: str) -> set[str]:
    found: set[str] = set()
    for one in _EXPORT.findall(text(name)):
        found |= words(one) if one.startswith("{") else {one}
    return found


def imported(name: str) -> dict[str, set[str]]:
    """Module to the names that are imported from it."""
    return {module: words(names or "") for names, module in _IMPORT.findall(text(name))}


@pytest.mark.parametrize("name", MODULES)
def test_what_a_module_imports_is_exported(name: str) -> None:
    for module, names in imported(name).items():
        assert (STATIC / module).is_file(), module
        assert names <= exported(module), module


@pytest.mark.parametrize("name", MODULES)
def test_what_a_module_imports_is_used(name: str) -> None:
    body = _IMPORT.sub("", text(name))
    for names in imported(name).values():
        assert all(re.search(rf"\b{one}\b", body) for one in names), names


def test_every_module_and_stylesheet_is_reached() -> None:
    reached, left = set[str](), ["index.js"]
    while left:
        name = left.pop()
        if name not in reached:
            reached.add(name)
            left += imported(name)
    assert reached | {"scripts.js"} == set(MODULES)
    sheets = set(re.findall(r'@import url\("([^"]+)"\)', text("styles.css")))
    assert sheets | {"styles.css"} == {path.name for path in STATIC.glob("*.css")}


@pytest.mark.parametrize("name", MODULES)
def test_modules_stay_short_and_never_put_text_in_as_html(name: str) -> None:
    assert text(name).count("\n") <= MOST_LINES
    assert not re.search(r"dangerouslySetInnerHTML|innerHTML|document\.write|eval\(", text(name))


def test_every_colour_has_a_light_and_a_dark_value() -> None:
    light, dark = text("styles.css").split("@media (prefers-color-scheme: dark)")[:2]
    named = [set(re.findall(r"(--farm-[\w-]+):", half)) for half in (light, dark)]
    assert named[0] == named[1]


def test_buildbot_serves_the_pages_and_browsers_ask_for_them_again_after_an_upgrade() -> None:
    assert PLUGIN in web_settings(site())["plugins"]
    request = DummyRequest([])
    ep.resource.getChild("index.js", request).render_GET(request)
    assert request.responseHeaders.getRawHeaders("cache-control") == ["no-cache"]
    kind = str(request.responseHeaders.getRawHeaders("content-type"))
    assert "javascript" in kind, "browsers take modules of no other kind"
