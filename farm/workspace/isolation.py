"""Builds that see in the prefix only what their own dependencies installed.

A shared prefix shows a build more than a build from scratch would see: its own last version, whose
headers and libraries it may be compiled and linked with, and components that it does not depend on.
So while a component is built, a view with its dependencies' files is mounted over the prefix, for
that build's processes alone: mount namespaces belong to threads, and processes inherit them.

It needs root, or the user namespaces that most systems allow everybody. Where neither is allowed,
builds see the whole prefix.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CLONE_NEWNS = 0x00020000
_CLONE_NEWUSER = 0x10000000
_MS_RDONLY, _MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
_MNT_DETACH = 2

_libc = ctypes.CDLL(None, use_errno=True)
_own = threading.local()


class Isolation:
    """Whether and how builds are shown a view. Made while the process has one thread only."""

    def __init__(self) -> None:
        self.available = _probe() or (_enter_user_namespace() and _probe())

    @contextmanager
    def showing(self, view: Path, prefix: Path) -> Iterator[None]:
        """Let everything that this thread starts see `view`, read-only, in place of the prefix."""
        if not self.available:
            yield
            return
        _separate()
        _mount(view, prefix)
        try:
            yield
        finally:
            _libc.umount2(os.fsencode(prefix), _MNT_DETACH)


def _probe() -> bool:
    """Try in a thread that ends at once: its namespace ends with it."""
    result: list[bool] = []

    def attempt() -> None:
        try:
            _separate()
            result.append(True)
        except OSError:
            result.append(False)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    return result == [True]


def _separate() -> None:
    """Give this thread a mount namespace of its own, once."""
    if getattr(_own, "separate", False):
        return
    _check(_libc.unshare(_CLONE_NEWNS), "unshare")
    _check(_libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None), "mount")
    _own.separate = True


def _mount(view: Path, prefix: Path) -> None:
    source, target = os.fsencode(view), os.fsencode(prefix)
    _check(_libc.mount(source, target, None, _MS_BIND, None), "mount")
    flags = _MS_BIND | _MS_REMOUNT | _MS_RDONLY | _locked_flags(view)
    _check(_libc.mount(b"none", target, None, flags, None), "mount")


def _locked_flags(place: Path) -> int:
    """Flags of the file system that a remount in a user namespace may not drop."""
    given = os.statvfs(place).f_flag
    known = {os.ST_NOSUID: 2, os.ST_NODEV: 4, os.ST_NOEXEC: 8, os.ST_NOATIME: 1024}
    kept = {os.ST_NODIRATIME: 2048, os.ST_RELATIME: 1 << 21}
    return sum(flag for seen, flag in (known | kept).items() if given & seen)


def _enter_user_namespace() -> bool:
    """Become, for mounting only, the master of an own namespace; the user stays who they are."""
    user, group = os.geteuid(), os.getegid()
    if _libc.unshare(_CLONE_NEWUSER):
        return False
    try:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    except OSError:
        return False
    return True


def _check(status: int, what: str) -> None:
    if status:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
