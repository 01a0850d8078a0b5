"""Which farm to talk to, and as whom: options, environment, ~/.netrc, or the farm's own host."""

from __future__ import annotations

import netrc
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from farm.errors import FarmError
from farm.site import SITE_VARIABLE, Site, load_site

USER, PASSWORD, URL = "FARM_USER", "FARM_PASSWORD", "FARM_URL"
"""Environment variables."""


class NoFarm(FarmError):
    """It is not known which farm is meant."""

    exit_code = 2


@dataclass(frozen=True)
class Farm:
    """A farm to talk to, and as whom."""

    url: str
    """Of its web UI, with a slash at the end."""
    user: str = ""
    password: str = ""


def chosen_farm(
    url: str | None, remembered: str, environment: Mapping[str, str], home: Path
) -> Farm:
    """The farm to talk to.

    :param url: as the user said, if they did.
    :param remembered: the URL that a workspace has; empty: none.
    :param home: where a .netrc may be.
    :raises NoFarm: nothing says which farm.
    """
    site = _site(environment)
    own = site.www.public_url if site else ""
    place = url or environment.get(URL) or remembered or own
    if not place:
        raise NoFarm(f"which farm? Say --farm URL, set {URL}, or name the site in {SITE_VARIABLE}")
    if urlsplit(place).scheme not in ("http", "https"):
        raise NoFarm(f"'{place}' is not the address of a farm's web UI: expected https://…")
    place = place.rstrip("/") + "/"
    if environment.get(USER):
        return Farm(place, environment[USER], environment.get(PASSWORD, ""))
    user, password = _netrc(home / ".netrc", urlsplit(place).hostname or "")
    if user:
        return Farm(place, user, password)
    if site is not None and place == own:
        return Farm(place, *_admin(site))
    return Farm(place)


def _site(environment: Mapping[str, str]) -> Site | None:
    """The site of a farm on this machine."""
    named = environment.get(SITE_VARIABLE)
    if not named and not Path("site.yml").exists():
        return None
    return load_site(Path(named) if named else None)


def _netrc(path: Path, host: str) -> tuple[str, str]:
    try:
        found = netrc.netrc(path).authenticators(host)
    except FileNotFoundError:
        return "", ""
    except (OSError, netrc.NetrcParseError) as error:
        raise FarmError(f"{path}: {error}") from error
    return (found[0] or "", found[2] or "") if found else ("", "")


def _admin(site: Site) -> tuple[str, str]:
    """On the farm's own host, the secret of its first admin, for those who can read it."""
    for name in site.admins:
        try:
            if password := site.token(f"user-{name}"):
                return name, password
        except PermissionError:
            continue
    return "", ""
