"""Buildbot's web UI as the farm sets it up."""

from __future__ import annotations

from typing import Any

from farm.site import Site
from schedulers.changes import hook_auth, hook_dialects
from www.gate import Gate
from www.login import login
from www.pages import PLUGIN
from www.permissions import FarmAuthz
from www.rest import serve_farm_api


def web_settings(site: Site) -> dict[str, Any]:
    """The value of Buildbot's ``www`` key."""
    serve_farm_api()
    gate = Gate(site)
    settings: dict[str, Any] = {
        "port": site.www.endpoint,
        "plugins": {
            "waterfall_view": {},
            "console_view": {},
            "grid_view": {},
            "badges": {},
            PLUGIN: {},
        },
        # The farm's pages are one click away from everywhere.
        "ui_default_config": {"Home.sidebar_menu_groups_expand_behavior": "Always expand"},
        "change_hook_dialects": hook_dialects(site),
        # Everybody may look; whoever forces, stops or changes anything has to log in as soon as
        # other machines reach the UI.
        "authz": FarmAuthz(gate),
    }
    if site.hooks:
        settings["change_hook_auth"] = hook_auth(site)
    if not gate.open:
        for name in site.admins:
            site.secret(f"user-{name}")
        settings["auth"] = login(site, gate.accounts)
    return settings
