"""Which directories belong to the distribution, and which to the component that installs there."""

from __future__ import annotations

import re

_SHARED = re.compile(
    r"^/?$|^/(?:bin|sbin|lib|lib64|opt|run|srv|var(?:/(?:lib|log|cache|spool|opt))?)$"
    r"|^/etc(?:/(?:init\.d|sysconfig|default|cron\.[a-z]+|profile\.d|logrotate\.d|pam\.d|xdg"
    r"(?:/autostart)?|dbus-1(?:/system\.d)?|ld\.so\.conf\.d|systemd|udev(?:/rules\.d)?))?$"
    r"|^/usr(?:/(?:bin|sbin|include|libexec|games|src|share))?$"
    r"|^/usr/lib(?:64|/[a-z0-9_]+-linux-[a-z0-9_]+)?"
    r"(?:/(?:pkgconfig|cmake|girepository-1\.0|python3[.\d]*(?:/(?:site|dist)-packages)?))?$"
    r"|^/usr/lib/(?:systemd|udev|sysusers\.d|tmpfiles\.d)(?:/[a-z.-]+)?$"
    r"|^/usr/share/(?:aclocal|appdata|applications|cmake|dbus-1(?:/[a-z-]+)?|doc|gir-1\.0|info"
    r"|licenses|metainfo|pixmaps|pkgconfig|polkit-1(?:/[a-z.]+)?|vala(?:/vapi)?"
    r"|(?:bash-completion|fish|zsh)(?:/[a-z_.-]+)?|(?:icons|man|locale)(?:/.*)?)$"
)


def is_shared(directory: str) -> bool:
    """Whether a directory is there for all software and owned by the distribution."""
    return _SHARED.match(directory) is not None


def private_directories(path: str) -> list[str]:
    """The directories above a path that only its component has, the highest first."""
    parents = [path[: slash.start()] for slash in re.finditer("/", path)]
    return [parent for parent in parents if not is_shared(parent)]
