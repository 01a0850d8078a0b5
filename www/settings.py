"""Buildbot's web UI as the farm sets it up."""

from __future__ import annotations

from typing import Any

from buildbot.plugins import util

from farm.site import Site
from schedulers.changes import hook_auth, hook_dialects


def web_settings(site: Site) -> dict[str, Any]:
    """The value of Buildbot's ``www`` key."""
    settings: dict[str, Any] = {
        "port": site.www.endpoint,
        "plugins": {
            "waterfall_view": {},
            "console_view": {},
            "grid_view": {},
            "badges": {},
        },
        "change_hook_dialects": hook_dialects(site),
    }
    if site.hooks:
        settings["change_hook_auth"] = hook_auth(site)
    if site.www.beyond_loopback:
        settings.update(_login(site))
    return settings


def _login(site: Site) -> dict[str, Any]:
    """Everybody may look; whoever forces, stops or changes anything has to log in."""
    users = [(name, site.secret(f"user-{name}")) for name in site.admins]
    return {
        "auth": util.UserPasswordAuth(users),
        "authz": util.Authz(
            # Without a rule that matches, Buildbot allows: this one matches every control.
            allowRules=[util.AnyControlEndpointMatcher(role="admins")],
            roleMatchers=[util.RolesFromUsername(roles=["admins"], usernames=list(site.admins))],
        ),
    }
