"""The distro that a local build is for."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping

from farm.errors import FarmError
from farm.model import Distro, Family
from farm.run import run

_ARCHITECTURE = ("dpkg", "--print-architecture")


def chosen_distro(distros: Iterable[Distro], name: str | None, family: Family) -> Distro:
    """The distro to build for: the one that is named, else the only one of the family.

    Without any, Debian packages are built for the Debian that this machine runs.

    :param distros: those of the components file.
    :raises FarmError: there is none, or a choice.
    """
    known = {d.name: d for d in distros if d.family is family}
    if name is not None:
        if name not in known:
            choice = f"there are {', '.join(known)}" if known else "name a components.yml that has"
            raise FarmError(f"no {family} distro is called {name}; {choice}")
        return known[name]
    if len(known) == 1:
        return next(iter(known.values()))
    if known:
        raise FarmError(f"say --distro, one of: {', '.join(known)}")
    if family is Family.DEB and (own := machine_distro(_os_release())):
        return own
    raise FarmError(f"no {family} distro is known: name a components.yml with --components")


def machine_distro(os_release: Mapping[str, str]) -> Distro | None:
    """The Debian or Ubuntu that a machine runs, as a distro; None where it is another system.

    :param os_release: the fields of /etc/os-release.
    """
    suite = os_release.get("VERSION_CODENAME", "")
    system, number = os_release.get("ID", ""), os_release.get("VERSION_ID", "")
    if system not in ("debian", "ubuntu") or not suite or not number:
        return None
    return Distro.model_validate(
        {
            "name": suite,
            "family": Family.DEB,
            "release": f"{os_release.get('NAME', system)} {number}",
            "architecture": run("ask for the architecture", _ARCHITECTURE).strip(),
            "root": {"suite": suite},
            "version_suffix": f"~{'deb' if system == 'debian' else system}{number}",
        }
    )


def _os_release() -> Mapping[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}
