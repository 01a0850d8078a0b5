"""A throw-away root for one build: an overlay in namespaces of its own, and programs run in it.

A holder process (pid 1 of a new pid namespace) owns the mounts; every program enters its
namespaces and, unless it is one of the machine's own, a bubblewrap inside them. Nothing is mounted
for anybody else. Holder, mounts and programs vanish with the process that opened the overlay,
however that ends: the kernel kills the holder when its parent dies, and a pid namespace with its
first process. (The signal comes when the *thread* that opened the overlay ends: keep it.)

Needs root, util-linux and bubblewrap.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from farm.build.bubblewrap import ROOT, User, bubblewrap
from farm.build.copying import copy_regular_file, pack
from farm.build.overlayfs import memory_to_use, overlay_options, room_on_disk
from farm.build.stream import Output, follow
from farm.errors import CommandError, FarmError, InfrastructureError
from farm.run import CLEAN_PATH, clean_environment

FULL_BELOW_BYTES = 16 << 20
"""An overlay with less room than this is full: failures in it are not the component's."""

_TOOLS = ("bwrap", "mount", "nsenter", "setpriv", "unshare")

_HOLDER = """\
set -e
work=$1 memory=$2 options=$3
read -r pid rest </proc/self/stat
mount -t proc proc /proc
if [ "$memory" ]; then
    mount -t tmpfs -o "size=$memory,mode=755" farm "$work/memory"
    mkdir "$work/memory/upper" "$work/memory/work"
fi
mount -t overlay farm -o "$options" "$work/root"
echo "ready $pid"
exec cat >/dev/null
"""


class Overlay:
    """A writable view of a root that is thrown away when the `with` block ends.

    :param lower: directories, the root first and layers after it (a later one covers the earlier).
    :param work: a directory for mount points (and for the changes when they are kept on disk);
        made when missing, may be shared by all overlays of the machine.
    :param upper: keep the changes in this empty directory: it is then a layer for other overlays.
    :param on_disk: keep the changes below `work` instead of in memory; default: as memory allows.
    :raises InfrastructureError: it cannot be mounted.
    """

    def __init__(
        self,
        lower: Sequence[Path],
        work: Path,
        *,
        upper: Path | None = None,
        on_disk: bool | None = None,
    ):
        self._lower = [path.absolute() for path in lower]
        self._work = work.absolute()
        self._upper = upper.absolute() if upper else None
        self._on_disk = on_disk
        self._stack = contextlib.ExitStack()
        self._pid = 0

    @property
    def path(self) -> Path:
        """The root as this process reaches it.

        Symbolic links made by a build may be absolute and then lead out of the root: read with
        `fetch`, write with `put`, and never `resolve()`.
        """
        return Path(f"/proc/{self._pid}/root{self.mount_point}")

    @property
    def mount_point(self) -> Path:
        """The root as the machine's own programs see it in `run_host`."""
        return self._work / "root"

    def __enter__(self) -> Overlay:
        with contextlib.ExitStack() as stack:
            self._open(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill everything inside and throw the changes away (unless `upper` keeps them)."""
        self._stack.close()

    def is_full(self) -> bool:
        """Whether there is no room left for changes."""
        space = os.statvfs(self.path)
        return space.f_bavail * space.f_frsize < FULL_BELOW_BYTES or (
            space.f_files > 0 and space.f_favail == 0
        )

    def run(
        self,
        what: str,
        argv: Sequence[str],
        *,
        user: User = ROOT,
        network: bool = False,
        cwd: str = "/",
        env: Mapping[str, str] | None = None,
        bind: Mapping[Path, str] | None = None,
        bind_writable: Mapping[Path, str] | None = None,
        stdin: bytes = b"",
        output: Output | None = None,
        timeout_s: float | None = None,
    ) -> str:
        """Run a program of the root, inside; when it ends, everything it started ends too.

        It sees an empty environment but for `env`, a minimal /dev, its own /proc, and of this
        machine only what `bind` (read-only) and `bind_writable` map to a path inside.

        :param what: begins the error message ("install the dependencies").
        :param network: share the machine's network and resolver; otherwise there is only loopback.
        :param output: gets each line of both streams as it comes; without it they are returned.
        :raises CommandError: it exited with anything but 0.
        :raises TimeLimitExceeded: after `timeout_s`; the whole overlay is closed then.
        """
        inside = bubblewrap(
            self.mount_point,
            argv,
            user=user,
            network=network,
            cwd=cwd,
            bind=bind or {},
            bind_writable=bind_writable or {},
        )
        before = self._orphans()
        try:
            return self._enter(what, argv, inside, env or {}, stdin, output, timeout_s)
        finally:
            self._wait_for(before)

    def run_host(
        self,
        what: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        output: Output | None = None,
        timeout_s: float | None = None,
    ) -> str:
        """Run a program of this machine, as root, that sees the overlay at `mount_point`.

        For package managers that work on a root from outside. Errors as in `run`.
        """
        return self._enter(what, argv, argv, env or {}, b"", output, timeout_s)

    def put(
        self, directory: str, files: Mapping[str, str | bytes], *, user: User, mtime: int = 0
    ) -> None:
        """Write files below a directory inside, as that user; scripts (``#!``) are executable.

        It is written from inside, so that a symbolic link made by a build cannot lead out.
        """
        script = 'mkdir -p "$1" && exec tar -x --no-same-owner -f - -C "$1"'
        argv = ["sh", "-c", script, "sh", directory]
        self.run(f"write files to {directory}", argv, user=user, stdin=pack(files, mtime))

    def fetch(self, path: str, destination: Path) -> None:
        """Copy one regular file out, times kept; its directory must belong to root or be trusted.

        :raises FarmError: there is no such file, or it is a link or a device.
        """
        copy_regular_file(self.path / path.lstrip("/"), destination)

    def _open(self, stack: contextlib.ExitStack) -> None:
        _check_machine()
        memory = ""
        for name in ("root", "memory"):
            (self._work / name).mkdir(parents=True, exist_ok=True)
        if self._upper:
            upper, scratch = self._upper, Path(f"{self._upper}.work")
            upper.mkdir(parents=True, exist_ok=True)
            stack.callback(shutil.rmtree, scratch, ignore_errors=True)
            scratch.mkdir()
        elif (size := memory_to_use()) if self._on_disk is None else not self._on_disk:
            memory = str(size) if self._on_disk is None else "80%"
            upper, scratch = self._work / "memory/upper", self._work / "memory/work"
        else:
            room = room_on_disk(self._work / "disk", stack)
            upper, scratch = room / "upper", room / "work"
        options = overlay_options(self._lower, upper, scratch, volatile=self._upper is None)
        # fmt: off
        argv = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork",
                "--kill-child=KILL", "--propagation", "private",
                "sh", "-c", _HOLDER, "holder", str(self._work), memory, options]
        # fmt: on
        holder = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=clean_environment(),
            start_new_session=True,
        )
        stack.callback(self._end, holder)
        said = ""
        for line in holder.stdout or ():
            if line.startswith(b"ready "):
                self._pid = int(line.split()[1])
                return
            said += line.decode(errors="replace")
        raise InfrastructureError(f"cannot make an overlay of {self._lower[0]}: {said.strip()}")

    def _orphans(self) -> set[str]:
        """Processes that nobody but the holder is left to wait for."""
        try:
            return set(Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text().split())
        except OSError:
            return set()

    def _wait_for(self, before: set[str]) -> None:
        """Wait until what a bubblewrap had inside is gone.

        It reports the end of its program first, and its pid namespace ends a moment later.
        """
        while any(_alive(pid) for pid in self._orphans() - before):
            time.sleep(0.001)

    def _end(self, holder: subprocess.Popen[bytes]) -> None:
        # unshare waits for the holder, and the kernel reaps a whole pid namespace before it
        # reports the end of its first process: after wait() nothing of it is left.
        if self._pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
        else:
            holder.kill()
        holder.wait()
        for pipe in (holder.stdin, holder.stdout):
            if pipe:
                pipe.close()
        self._pid = 0

    def _enter(
        self,
        what: str,
        argv: Sequence[str],
        inside: Sequence[str],
        env: Mapping[str, str],
        stdin: bytes,
        output: Output | None,
        timeout_s: float | None,
    ) -> str:
        if not self._pid:
            raise FarmError(f"{what}: the overlay is closed")
        with tempfile.TemporaryFile() as given:
            given.write(stdin)
            given.seek(0)
            process = subprocess.Popen(
                ["nsenter", "--target", str(self._pid), "--mount", "--pid", *inside],
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=clean_environment(**env),
                umask=0o022,
                start_new_session=True,
            )
        try:
            text = follow(process, argv[0], output, timeout_s)
        except BaseException:
            self.close()
            process.kill()
            process.wait()
            raise
        if process.returncode:
            raise CommandError(what, argv, process.returncode, text)
        return "" if output else text


def _check_machine() -> None:
    missing = [tool for tool in _TOOLS if not shutil.which(tool, path=CLEAN_PATH)]
    if missing:
        raise InfrastructureError(f"builds need {' and '.join(missing)}: not installed here")
    if os.geteuid():
        raise InfrastructureError("builds need root, to mount and to change users")


def _alive(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
