"""git as the developer has configured it: credentials, URL rewriting and hooks are theirs."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from farm.errors import FarmError
from farm.git import redacted
from farm.workspace.processes import Finished, Processes

PROTOCOLS = "file:git:http:https:ssh"
_REASON = re.compile(r"^(?:fatal|error|remote|ssh)(?::|\b)", re.IGNORECASE)


class GitFailed(FarmError):
    """A git command on a checkout failed; the message is git's own reason."""


class DeveloperGit:
    """Runs git for a workspace, any number at once.

    :param offline: refuse everything that would use the network.
    """

    def __init__(
        self, processes: Processes, environment: Mapping[str, str], *, offline: bool = False
    ):
        self._processes = processes
        # GIT_DIR and the like are set when the farm is run from a git hook.
        inherited = {k: v for k, v in environment.items() if not _REPOSITORY_VARIABLE.match(k)}
        self._environment = {
            **inherited,
            "LC_ALL": "C.UTF-8",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": "file" if offline else PROTOCOLS,
        }

    def attempt(self, *arguments: str, cwd: Path | None = None) -> Finished:
        """Run git and return how it ended."""
        return self._processes.run(["git", *arguments], cwd=cwd, environment=self._environment)

    def read(self, *arguments: str, cwd: Path) -> str:
        """What git prints; it takes no lock, so it never disturbs the developer's own git.

        :raises GitFailed: git exited with anything but 0.
        """
        return self._checked(self.attempt("--no-optional-locks", *arguments, cwd=cwd))

    def do(self, *arguments: str, cwd: Path | None = None) -> str:
        """Run a git command that changes something.

        :raises GitFailed: git exited with anything but 0.
        """
        return self._checked(self.attempt(*arguments, cwd=cwd))

    def _checked(self, finished: Finished) -> str:
        if finished.status:
            raise GitFailed(reason(finished.errors or finished.output))
        return finished.output


# What `git rev-parse --local-env-vars` lists, but for configuration given in the environment.
_REPOSITORY_VARIABLE = re.compile(
    r"GIT_(?:DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR"
    r"|PREFIX|SHALLOW_FILE|GRAFT_FILE|NAMESPACE|REPLACE_REF_BASE|IMPLICIT_WORK_TREE)$"
)


def reason(output: str) -> str:
    """The line of git's output that says what is wrong."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if _REASON.match(line)]
    first = (telling or lines or ["git gave no reason"])[0]
    plain = re.sub(r"^(?:fatal|error|remote):\s*", "", first, flags=re.IGNORECASE)
    return re.sub(r"[a-z]+://\S*@\S*", lambda match: redacted(match[0]), plain)


def host_environment() -> dict[str, str]:
    """The environment that the developer called the farm in."""
    return dict(os.environ)
