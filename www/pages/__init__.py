"""The farm's pages inside Buildbot's web UI: files for the browser, see README.md."""

from __future__ import annotations

from typing import Any

from buildbot.www.plugin import Application
from twisted.web import static

PLUGIN = "farm"
"""Name of the entry point, of the plugin in Buildbot's settings, and in addresses."""


class PageFile(static.File):
    """A file that browsers ask for again: after an upgrade all of them are of one version."""

    def render_GET(self, request: Any) -> Any:
        """Send it, or 304 where the browser has it already."""
        request.setHeader("cache-control", "no-cache")
        request.setHeader("x-content-type-options", "nosniff")
        return super().render_GET(request)

    def directoryListing(self) -> Any:
        """Nothing is listed."""
        return self.childNotFound


class Pages(Application):
    """The plugin."""

    def __init__(self) -> None:
        super().__init__(__name__, "Pages of the farm")
        self.resource = PageFile(str(self.static_dir))


ep = Pages()
