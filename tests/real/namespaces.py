"""Running something in a child process with files of /etc that are only there for it."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import pwd
import subprocess
import tempfile
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar

Given = TypeVar("Given")
Result = TypeVar("Result")

CLONE_NEWNS = 0x00020000


def with_subordinate_ids(function: Callable[[Given], Result], given: Given) -> Result:
    """Call the function where this user has ranges of subordinate ids; return what it returns.

    A new machine has none, and a test should not give it some.
    """
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(function, given, theirs))
    child.start()
    theirs.close()
    try:
        outcome = ours.recv()
    finally:
        child.join()
    if isinstance(outcome, Exception):
        raise outcome
    return outcome  # type: ignore[no-any-return]


def _child(function: Callable[[Given], Result], given: Given, answer: Connection) -> None:
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(CLONE_NEWNS):
            raise OSError(ctypes.get_errno(), "unshare")
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        user = pwd.getpwuid(os.getuid()).pw_name
        with tempfile.NamedTemporaryFile("w") as ids:
            ids.write(f"{user}:100000:65536\n")
            ids.flush()
            Path(ids.name).chmod(0o644)
            for name in ("/etc/subuid", "/etc/subgid"):
                subprocess.run(["mount", "--bind", ids.name, name], check=True)
            answer.send(function(given))
    except Exception as error:
        answer.send(error)
