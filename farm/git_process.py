"""Running git: alone with its arguments, and stopped with everything it started."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from farm.errors import CommandError, FarmError
from farm.run import clean_environment

_PROTOCOLS = "file:git:http:https:ssh"
_PASSED_ON = (
    "HOME",  # ssh's keys and ~/.netrc
    "SSH_AUTH_SOCK",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
)
_CONFIG = Path(__file__).with_name("templates") / "gitconfig"


class GitTimeout(FarmError):
    """git ran too long and was killed."""


def run_git(
    arguments: Sequence[str],
    timeout_s: float,
    environment: Mapping[str, str] | None = None,
    *,
    cwd: Path | None = None,
    keep_open: Sequence[int] = (),
) -> str:
    """Run git and return what it prints.

    git and its helpers (ssh, git-remote-https) are one process group, which is killed on a timeout
    or any exception, such as the one a signal handler raises.

    :param environment: variables besides the clean environment's.
    :param keep_open: file descriptors that git inherits.
    :raises CommandError: it exited with anything but 0; `output` is what it said on standard error.
    :raises GitTimeout: it ran longer than `timeout_s`.
    """
    argv = ["git", *arguments]
    try:
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env={**_environment(), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
            pass_fds=tuple(keep_open),
        )
    except FileNotFoundError as error:
        raise FarmError("git is not installed") from error
    try:
        output, errors = process.communicate(timeout=timeout_s)
    except BaseException as error:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()
        if isinstance(error, subprocess.TimeoutExpired):
            raise GitTimeout(f"git {arguments[0]} ran longer than {timeout_s:.0f} s") from error
        raise
    if process.returncode:
        raise CommandError("git", argv, process.returncode, errors)
    return output


def _environment() -> dict[str, str]:
    passed = {
        name: os.environ[name]
        for lower in _PASSED_ON
        for name in (lower, lower.upper())
        if name in os.environ
    }
    return clean_environment(
        **passed,
        GIT_CONFIG_NOSYSTEM="1",
        GIT_CONFIG_GLOBAL=str(_CONFIG),
        GIT_ALLOW_PROTOCOL=_PROTOCOLS,
        GIT_TERMINAL_PROMPT="0",
        GIT_LITERAL_PATHSPECS="1",
        GIT_ASKPASS="/bin/false",
        GIT_SSH_COMMAND="ssh -oBatchMode=yes -oConnectTimeout=30",
    )
