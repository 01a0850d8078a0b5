"""A git repository that a test grows commit by commit."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests import projects


class Repository:
    """A repository with a work tree at `path`, branch main; every commit is a minute younger."""

    def __init__(self, path: Path):
        self.path = path
        self.url = str(path)
        self.time = projects.TIMESTAMP
        path.mkdir(parents=True, exist_ok=True)

    def commit(self, message: str = "Change", *, tag: str = "", **files: str) -> str:
        """Write the files (``__`` in a name is a directory's slash), commit; return the id.

        Without files, a file that no other commit touched changes.
        """
        self.time += 60
        for name, text in (files or {f"change-{self.time}": message}).items():
            path = self.path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return projects.commit(self.path, message, tag=tag, timestamp=self.time)

    def git(self, *arguments: str) -> str:
        """Run git in the work tree, configured by nothing; return what it prints."""
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "ada@example.org",
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.org",
            "GIT_AUTHOR_DATE": f"{self.time} +0000",
            "GIT_COMMITTER_DATE": f"{self.time} +0000",
        }
        return subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *arguments],
            cwd=self.path,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
