"""What can be wrong with a workspace, each with the message its user needs."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from farm.errors import FarmError


class WorkspaceError(FarmError):
    """The workspace, or what a command was asked to do with it, is not as it has to be."""


class NoWorkspace(WorkspaceError):
    """No workspace is here or above."""

    exit_code = 2

    def __init__(self, start: str):
        super().__init__(
            f"{start} is in no workspace: change into one, or make one with "
            "`farm init COMPONENTS_FILE`"
        )


class UnknownComponent(WorkspaceError):
    """A name that the components file does not have."""

    exit_code = 2

    def __init__(self, name: str, known: Iterable[str]):
        close = get_close_matches(name, known, n=1)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        super().__init__(f"unknown component '{name}'{hint}")


class WrongUse(WorkspaceError):
    """The command was not called as it can be."""

    exit_code = 2


class Stopped(WorkspaceError):
    """The user stopped the command."""

    exit_code = 130

    def __init__(self) -> None:
        super().__init__("interrupted")
