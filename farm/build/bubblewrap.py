"""The inside of a root: its users, and the bubblewrap that runs a program there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HOST_NAME = "farm"
"""What every build sees as its machine's name."""

# What maintainer scripts need, and no more: root inside cannot mount or reach the machine.
# fmt: off
_ROOT_CAPABILITIES = (
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "MKNOD",
    "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
)
# fmt: on


@dataclass(frozen=True)
class User:
    """An account inside a root."""

    name: str
    uid: int
    gid: int


ROOT = User("root", 0, 0)
BUILDER = User("builder", 1234, 1234)
"""Who builds: without privileges, and with an entry in the root's passwd."""


def bubblewrap(
    root: Path,
    argv: Sequence[str],
    *,
    user: User,
    network: bool,
    cwd: str,
    bind: Mapping[Path, str],
    bind_writable: Mapping[Path, str],
) -> list[str]:
    """The argument list that runs `argv` in `root` as `Overlay.run` describes.

    There is no user namespace: files keep their real owners, as test suites expect.
    """
    # fmt: off
    wrapped = ["bwrap", "--die-with-parent", "--new-session", "--unshare-pid", "--unshare-ipc",
               "--unshare-uts", "--hostname", HOST_NAME, "--bind", str(root), "/",
               "--dev", "/dev", "--perms", "1777", "--tmpfs", "/dev/shm",  # noqa: S108
               "--proc", "/proc", "--cap-drop", "ALL"]
    # fmt: on
    for capability in _ROOT_CAPABILITIES:
        wrapped += ["--cap-add", f"CAP_{capability}"]
    if network:
        wrapped += ["--ro-bind-try", "/etc/resolv.conf", "/etc/resolv.conf"]
    else:
        wrapped += ["--unshare-net"]
    for mapping, option in ((bind, "--ro-bind"), (bind_writable, "--bind")):
        for outside, inside in mapping.items():
            wrapped += [option, str(outside), inside]
    wrapped += ["--chdir", cwd, "--"]
    if user.uid:
        # fmt: off
        wrapped += ["setpriv", "--reuid", str(user.uid), "--regid", str(user.gid),
                    "--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]
        # fmt: on
    return [*wrapped, *argv]


def settle(root: Path, user: User = BUILDER) -> None:
    """Give a new root its unprivileged user, and files that tell nothing of this machine."""
    etc = root / "etc"
    accounts = {
        "passwd": f"{user.name}:x:{user.uid}:{user.gid}:Builds packages:/nonexistent:/bin/sh",
        "group": f"{user.name}:x:{user.gid}:",
    }
    for name, line in accounts.items():
        file = etc / name
        text = file.read_text() if file.exists() else ""
        if f"{user.name}:" not in text:
            file.write_text(f"{text}{line}\n")
    for name, text in {
        "hostname": f"{HOST_NAME}\n",
        "hosts": f"127.0.0.1 localhost {HOST_NAME}\n::1 localhost\n",
        "resolv.conf": "",
    }.items():
        (etc / name).unlink(missing_ok=True)
        (etc / name).write_text(text)
