"""Which processes belong to the demo's farm, and how they end: those and no others."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MARKER = "FARM_DEMO_STATE"
"""Environment variable of everything the demo starts; its value is the state directory."""

TERM_TIMEOUT_S = 20.0
KILL_TIMEOUT_S = 5.0

_GNUPG_DAEMONS = ("gpg-agent", "dirmngr", "keyboxd", "scdaemon")


@dataclass(frozen=True)
class Process:
    """One process as /proc shows it."""

    pid: int
    parent: int
    group: int
    session: int
    started: int
    """Clock ticks since boot: with `pid` it names one process for ever."""
    command: tuple[str, ...]
    directory: str
    marker: str = ""
    """The value of `MARKER` in its environment, or empty."""
    gnupg_home: str = ""
    """GNUPGHOME in its environment, or empty."""


@dataclass(frozen=True)
class Daemon:
    """A master or worker: what `make demo` starts and `make stop` stops."""

    name: str
    base: Path

    @property
    def log(self) -> Path:
        """Its log file."""
        return self.base / "twistd.log"

    def recorded_pid(self) -> int | None:
        """The process id in its pid file, alive or not."""
        try:
            return int((self.base / "twistd.pid").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None


def parse_stat(text: str) -> tuple[int, int, int, int]:
    """Parent, group, session and start time in the text of ``/proc/PID/stat`` (see proc(5))."""
    fields = text.rpartition(")")[2].split()  # the name before it may hold spaces and brackets
    return int(fields[1]), int(fields[2]), int(fields[3]), int(fields[19])


def read_process(pid: int) -> Process | None:
    """That process, or None when it has ended, or is not ours to see."""
    folder = Path("/proc") / str(pid)
    try:
        stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
        if stat.rpartition(")")[2].split()[0] == "Z":
            return None
        parent, group, session, started = parse_stat(stat)
        command = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
        environment = (folder / "environ").read_bytes().decode(errors="replace").split("\0")
        directory = str((folder / "cwd").readlink())
    except (OSError, IndexError):
        return None
    variables = dict(entry.partition("=")[::2] for entry in environment)
    return Process(
        *(pid, parent, group, session, started, tuple(command), directory),
        marker=variables.get(MARKER, ""),
        gnupg_home=variables.get("GNUPGHOME", ""),
    )


def all_processes() -> dict[int, Process]:
    """Every process that can be seen, by id."""
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return {pid: process for pid in pids if (process := read_process(pid))}


def is_daemon(process: Process, daemon: Daemon) -> bool:
    """Whether the process a pid file names is that daemon, not a later owner of its number."""
    words = " ".join(process.command)
    return process.directory == str(daemon.base) and "buildbot" in words


def is_key_agent_of(process: Process, state: Path) -> bool:
    """Whether it is a GnuPG daemon whose home directory lies below `state`."""
    if not process.command or Path(process.command[0]).name not in _GNUPG_DAEMONS:
        return False
    homes = [process.gnupg_home]
    for word, after in zip(process.command, [*process.command[1:], ""], strict=True):
        homes.append(after if word == "--homedir" else word.removeprefix("--homedir="))
    return any(Path(home).is_absolute() and Path(home).is_relative_to(state) for home in homes)


def family(roots: Collection[int], processes: Mapping[int, Process]) -> set[int]:
    """`roots` and all their descendants."""
    members = {pid for pid in roots if pid in processes}
    while more := {
        p.pid for p in processes.values() if p.parent in members and p.pid not in members
    }:
        members |= more
    return members


def belonging(
    daemons: Collection[int],
    state: Path,
    processes: Mapping[int, Process],
    *,
    spare: Collection[int],
) -> list[Process]:
    """Every process of the farm below `state`.

    :param daemons: ids of the verified masters and workers.
    :param spare: never among them (the caller and its ancestors).
    """
    # A daemon leads a session of its own, and a job of it that lost its parent stays in there.
    sessions = {processes[pid].session for pid in daemons if pid in processes}
    sessions -= {processes[pid].session for pid in spare if pid in processes}
    roots = {
        p.pid
        for p in processes.values()
        if p.session in sessions or p.marker == str(state) or is_key_agent_of(p, state)
    }
    members = family({*daemons, *roots}, processes) - set(spare)
    return [processes[pid] for pid in sorted(members)]


def ancestors(pid: int, processes: Mapping[int, Process]) -> set[int]:
    """`pid` and all processes above it."""
    found: set[int] = set()
    while pid in processes and pid not in found:
        found.add(pid)
        pid = processes[pid].parent
    return found


def running(daemon: Daemon) -> Process | None:
    """The daemon's process, or None when it does not run."""
    pid = daemon.recorded_pid()
    process = read_process(pid) if pid else None
    return process if process and is_daemon(process, daemon) else None


def farm_processes(daemons: Iterable[Daemon], state: Path) -> list[Process]:
    """Every process of the farm below `state`, now."""
    processes = all_processes()
    pids = [found.pid for daemon in daemons if (found := running(daemon))]
    return belonging(pids, state, processes, spare=ancestors(os.getpid(), processes))


def _wait_gone(handles: Mapping[int, int], timeout_s: float) -> None:
    """Wait until all processes behind the handles (pidfds) have ended, or the time is over."""
    poller = select.poll()
    for handle in handles.values():
        poller.register(handle, select.POLLIN)
    left = set(handles.values())
    deadline = time.monotonic() + timeout_s
    while left and (remaining := deadline - time.monotonic()) > 0:
        for handle, _ in poller.poll(remaining * 1000):
            poller.unregister(handle)
            left.discard(handle)


def end(processes: Iterable[Process], *, term_timeout_s: float = TERM_TIMEOUT_S) -> None:
    """End these processes: SIGTERM, and SIGKILL for whoever is left after `term_timeout_s`."""
    handles: dict[int, int] = {}
    try:
        for process in processes:
            with suppress(ProcessLookupError):
                handle = os.pidfd_open(process.pid)
                handles[process.pid] = handle
                # From here on the handle cannot come to mean another process.
                now = read_process(process.pid)
                if now is None or now.started != process.started:
                    os.close(handles.pop(process.pid))
        for number, timeout_s in (
            (signal.SIGTERM, term_timeout_s),
            (signal.SIGKILL, KILL_TIMEOUT_S),
        ):
            for handle in handles.values():
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(handle, number)
            _wait_gone(handles, timeout_s)
    finally:
        for handle in handles.values():
            os.close(handle)


def stop(daemons: Iterable[Daemon], state: Path) -> list[str]:
    """Stop the daemons in the given order, then whatever of the farm is still there.

    :return: names of the daemons that were running.
    """
    listed = list(daemons)
    everything = {(p.pid, p.started): p for p in farm_processes(listed, state)}
    stopped = []
    for daemon in listed:
        if process := running(daemon):
            end([process])
            stopped.append(daemon.name)
        everything |= {(p.pid, p.started): p for p in farm_processes(listed, state)}
        (daemon.base / "twistd.pid").unlink(missing_ok=True)
    end(everything.values(), term_timeout_s=KILL_TIMEOUT_S)
    return stopped
