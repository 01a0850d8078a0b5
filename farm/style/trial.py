"""What came of building a component in a scratch copy, judged: plain data and pure functions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from farm.errors import FarmError
from farm.packaging.manifest import Manifest
from farm.packaging.split import split_deb, split_rpm
from farm.style import rules
from farm.style.finding import Append, Finding, Rule

SHOWN_LINES = 12
SHOWN_PATHS = 5

_SYSTEM_PLACE = re.compile(
    r"/(?:usr/)?lib/(?:systemd|udev|sysusers\.d|tmpfiles\.d|modules-load\.d)/"
    r"|/etc/|/usr/share/(?:dbus-1|bash-completion|zsh|fish|polkit-1|pkgconfig)/|/var/"
)
"""Where other software looks for files whatever their prefix is."""
_RULES: dict[str, Rule] = {
    "configure": rules.BUILD,
    "build": rules.BUILD,
    "test": rules.TEST,
    "install": rules.INSTALL,
}


@dataclass(frozen=True)
class Failure:
    """A step that failed."""

    step: str
    """``configure``, ``build``, ``test`` or ``install``."""
    command: str
    output: str


@dataclass(frozen=True)
class Trial:
    """What configure, build, test and install left in a scratch copy."""

    failures: tuple[Failure, ...] = ()
    escaped: tuple[str, ...] = ()
    """Files that the installation put into the prefix itself, past DESTDIR."""
    beside: tuple[str, ...] = ()
    """Staged files that are not below the prefix."""
    made: tuple[str, ...] = ()
    """New files in the sources that .gitignore does not name."""
    changed: tuple[str, ...] = ()
    """Files of the sources with other content than before."""
    manifest: Manifest | None = None
    """What was installed, as for the prefix /usr; None when that step failed."""


def check_trial(trial: Trial, name: str, *, packaged: bool) -> Iterator[Finding]:
    """Findings of a trial.

    :param name: the component's.
    :param packaged: it brings packaging of its own, so none has to be made.
    """
    for failure in trial.failures:
        lines = failure.output.strip().splitlines()[-SHOWN_LINES:]
        said = "".join(f"\n    {line}" for line in lines)
        yield Finding(
            _RULES[failure.step],
            f"{failure.step} fails: {failure.command}{said}",
            "Install here what it needs, or make it succeed from a fresh clone.",
        )
    if trial.escaped:
        yield Finding(
            rules.INSTALL_DESTDIR,
            f"make install DESTDIR=… writes past DESTDIR: {_some(trial.escaped)}",
            "Put $(DESTDIR) before every path that the install rules write to.",
        )
    elsewhere = tuple(path for path in trial.beside if not _SYSTEM_PLACE.match(path))
    if elsewhere:
        yield Finding(
            rules.INSTALL_PREFIX,
            f"these are installed outside of the prefix it was given: {_some(elsewhere)}",
            "Make every directory in the install rules from $(prefix).",
        )
    yield from _leftovers(trial)
    if trial.manifest is not None and not packaged:
        yield from _packaging(trial.manifest, name)


def _leftovers(trial: Trial) -> Iterator[Finding]:
    if trial.made:
        patterns = ignore_patterns(trial.made)
        yield Finding(
            rules.IGNORED,
            f"the build makes files that are neither in git nor ignored: {_some(trial.made)}",
            f"Name them in .gitignore: {_some(patterns)}",
            file=".gitignore",
            changes=(Append(".gitignore", "".join(f"{p}\n" for p in patterns)),),
        )
    for path in trial.changed:
        yield Finding(
            rules.SOURCE_CHANGED,
            "is in git, and the build writes to it",
            "Let the build write another file, which .gitignore names.",
            file=path,
        )


def _packaging(manifest: Manifest, name: str) -> Iterator[Finding]:
    try:
        made = split_deb(name, manifest) and split_rpm(name, manifest)
    except FarmError as error:
        yield Finding(rules.PACKAGING, f"packaging cannot be made: {error}", _BRING)
        return
    if not made:
        yield Finding(rules.PACKAGING, "it installs nothing that could be packaged", _BRING)


_BRING = "Let make install install what users need, or bring a debian/ and a spec."


def ignore_patterns(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Lines for .gitignore that name these paths and not much more.

    Files of a kind that only tools make are named by their ending, those that several
    directories have by their name, others by their path.
    """
    names = Counter(path.rpartition("/")[2] for path in paths)
    found = []
    for path in paths:
        name = path.rpartition("/")[2]
        ending = re.search(r"\.(?:l?o|la|a|so|py[co]|cm[aiotx]+|gcno|gcda|log|trs|d)$", name)
        cache = re.search(r"^(.*/)?(autom4te\.cache|__pycache__|\.libs|\.deps)/", path)
        if cache:
            found.append(f"{cache[2]}/")
        elif ending:
            found.append(f"*{ending[0]}")
        elif re.search(r"\.so\.[\d.]+$", name):
            found.append("*.so.*")
        elif names[name] > 1:
            found.append(name)
        else:
            found.append("/" + re.sub(r"([*?\[\\])", r"\\\1", path))
    return tuple(dict.fromkeys(found))


def _some(items: tuple[str, ...]) -> str:
    more = len(items) - SHOWN_PATHS
    return ", ".join(items[:SHOWN_PATHS]) + (f" and {more} more" if more > 0 else "")
