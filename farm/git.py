"""Bare mirrors of the components' repositories: kept up to date, read, and checked out.

git runs without the user's and the system's configuration, without prompts, hooks or helpers, and
speaks only the protocols that a component's URL may have. Everything here is synchronous.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from farm.errors import CommandError, FarmError, InfrastructureError
from farm.git_process import GitTimeout, run_git

FETCH_TIMEOUT_S = 30 * 60.0
QUERY_TIMEOUT_S = 5 * 60.0

_REFS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_COMMIT_PREFIX = re.compile(r"[0-9a-f]{7,64}")
_READY = "farm-ready"
# What git says of a repository of ours that a crash or a full disk has damaged.
_DAMAGED = re.compile(r"corrupt|is empty$|missing (?:blob|tree|commit)|bad object|unpack-objects")


class RepositoryUnavailable(InfrastructureError):
    """The repository at `url` cannot be read: it vanished, or the network or a server fails."""

    def __init__(self, url: str, reason: str):
        self.url = redacted(url)
        super().__init__(f"the repository {self.url} cannot be read: {reason}")


class MissingBranch(FarmError):
    """The repository has no such branch (`branch` is empty: no default branch)."""

    def __init__(self, url: str, branch: str, known: Sequence[str] = ()):
        self.url = redacted(url)
        self.branch = branch
        what = f"no branch {branch}" if branch else "no default branch (HEAD)"
        more = ", …" if len(known) > 10 else ""
        have = f"it has {', '.join(known[:10])}{more}" if known else "it has no branch at all"
        super().__init__(f"the repository {self.url} has {what}; {have}")


class MissingCommit(FarmError):
    """The repository has no such commit, or no longer."""

    def __init__(self, url: str, commit: str):
        self.url = redacted(url)
        self.commit = commit
        super().__init__(
            f"the repository {self.url} has no commit {commit}; was its branch rewritten?"
        )


class MissingDirectory(FarmError):
    """A commit does not have the component's directory."""

    def __init__(self, url: str, commit: str, directory: str):
        self.url = redacted(url)
        self.commit = commit
        self.directory = directory
        super().__init__(f"the repository {self.url} has no directory {directory} at {commit[:12]}")


def redacted(url: str) -> str:
    """The URL without a password or token, for messages."""
    return re.sub(r"^([a-z]+://)[^/@]*@", r"\1***@", url)


def without_credentials(url: str) -> str:
    """The URL as everybody may use it: ssh's user name stays, http's user and password go."""
    return re.sub(r"^(https?://)[^/@]*@", r"\1", url)


def mirror_path(root: Path, url: str) -> Path:
    """Where below `root` the mirror of `url` lives; components of one repository share it."""
    last = url.rstrip("/").rsplit("/", 1)[-1].rsplit(":", 1)[-1].removesuffix(".git")
    stem = re.sub(r"[^A-Za-z0-9.-]+", "-", last).strip("-.")[:60]
    return root / f"{stem}-{hashlib.sha256(url.encode()).hexdigest()[:16]}.git"


class Mirror:
    """A bare repository at `path` that follows the branches and tags of `url`.

    Any number of processes and threads may use one path at once, and any of them may be killed at
    any moment.
    """

    def __init__(self, path: Path, url: str, *, timeout_s: float = FETCH_TIMEOUT_S):
        self.path = path
        self.url = url
        self.timeout_s = timeout_s

    def update(self) -> bool:
        """Clone, or fetch what is new; one round trip when nothing is.

        :returns: whether any branch, tag or the default branch changed.
        :raises RepositoryUnavailable: no such repository, or it does not answer.
        """
        with self._locked() as lock:
            self._ensure(lock)
            try:
                return self._fetch(lock)
            except RepositoryUnavailable as error:
                if not _DAMAGED.search(str(error)):
                    raise
                (self.path / _READY).unlink(missing_ok=True)
                self._ensure(lock)
                return self._fetch(lock)

    def has(self, commit: str) -> bool:
        """Whether the mirror has the commit."""
        if not (self.path / _READY).exists():
            return False
        try:
            self.query("cat-file", "-e", f"{_checked(commit)}^{{commit}}")
        except CommandError:
            return False
        return True

    def ensure_commit(self, commit: str) -> None:
        """Have the commit here, from the network only when it is not here yet.

        Also finds a commit that no branch leads to any more, where the server hands it out.

        :raises MissingCommit: the repository does not have it.
        :raises RepositoryUnavailable: the repository cannot be read.
        """
        if self.has(commit):
            return
        self.update()
        if self.has(commit):
            return
        with self._locked() as lock, suppress(RepositoryUnavailable):
            self._talk(lock, ("fetch", "--no-write-fetch-head", "--no-tags"), (commit,))
        if not self.has(commit):
            raise MissingCommit(self.url, commit)

    def head(self, branch: str | None) -> tuple[str, str]:
        """The branch (default: the one that the remote's HEAD names) and its newest commit.

        :raises MissingBranch: there is no such branch.
        """
        refs = self._local_refs()
        ref = f"refs/heads/{branch}" if branch else self._default()
        if ref not in refs:
            known = [r.removeprefix("refs/heads/") for r in refs if r.startswith("refs/heads/")]
            raise MissingBranch(self.url, branch or "", known)
        return ref.removeprefix("refs/heads/"), refs[ref]

    def branches(self) -> frozenset[str]:
        """The names of all branches."""
        refs = (ref.removeprefix("refs/heads/") for ref in self._local_refs() if "/heads/" in ref)
        return frozenset(refs)

    def find(self, name: str) -> tuple[str, str]:
        """The branch or commit of that name: what it is called, and its full commit id.

        Only commits that some branch or tag leads to are found: a mirror may also hold commits of
        pull requests, which nobody has accepted.

        :raises MissingBranch: there is no such branch or commit.
        """
        if _COMMIT_PREFIX.fullmatch(name) and name not in self.branches():
            with suppress(CommandError):
                commit = self.query("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
                found = self.query(
                    "for-each-ref", f"--contains={commit.strip()}", "--format=%(refname:short)"
                )
                if found:
                    return found.splitlines()[0], commit.strip()
        return self.head(name)

    def tree(self, commit: str, directory: str = ".") -> str:
        """The id of the tree of `directory` at `commit`.

        :raises MissingDirectory: there is no such directory.
        """
        if directory == ".":
            return self.query("rev-parse", "--verify", f"{_checked(commit)}^{{tree}}").strip()
        entry = self.query("ls-tree", "-d", "-z", _checked(commit), "--", directory)
        _mode, kind, tree = [*entry.partition("\t")[0].split(), "", "", ""][:3]
        if kind != "tree":
            raise MissingDirectory(self.url, commit, directory)
        return tree

    def checkout(self, commit: str, directory: str, into: Path, timestamp: int) -> tuple[str, ...]:
        """Write the files of `directory` at `commit` into `into`, which is emptied first.

        Every file, directory and link gets the one time `timestamp`: git keeps no times, and
        automake runs its tools again when a generated file looks older than its source.

        :returns: the paths of submodules, which are not fetched (empty directories).
        :raises MissingDirectory: the commit does not have the directory.
        """
        tree = self.tree(commit, directory)
        index = into.with_name(f".{into.name}.index")
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir(parents=True)
        environment = {"GIT_INDEX_FILE": str(index.resolve()), "GIT_WORK_TREE": str(into.resolve())}
        try:
            for command in (["read-tree", tree], ["checkout-index", "--all", "--force"]):
                run_git(self._argv(*command), QUERY_TIMEOUT_S, environment, cwd=into)
        finally:
            index.unlink(missing_ok=True)
        for folder, folders, files in os.walk(into, topdown=False):
            for name in (*files, *folders, "."):
                os.utime(Path(folder, name), (timestamp, timestamp), follow_symlinks=False)
        entries = self.query("ls-tree", "-r", "-z", tree).split("\0")
        return tuple(e.partition("\t")[2] for e in entries if e.startswith("160000 "))

    def query(self, *arguments: str) -> str:
        """What a git command that only reads prints; the caller has checked its arguments.

        :raises CommandError: git exited with anything but 0.
        """
        return run_git(self._argv(*arguments), QUERY_TIMEOUT_S)

    def _argv(self, *arguments: str) -> list[str]:
        return [f"--git-dir={self.path}", *arguments]

    def _fetch(self, lock: int) -> bool:
        remote, default = self._remote_refs(lock)
        changed = remote != self._local_refs()
        if changed:
            fetch = ("fetch", "--prune", "--no-tags", "--no-write-fetch-head", "--no-auto-gc")
            self._talk(lock, fetch, _REFS)
            # Housekeeping may fail (full disk) without harm to what was fetched.
            with suppress(FarmError):
                run_git(self._argv("gc", "--auto", "--quiet"), self.timeout_s, keep_open=(lock,))
        if default and default != self._default():
            self.query("symbolic-ref", "HEAD", default)
            changed = True
        return changed

    def _remote_refs(self, lock: int) -> tuple[dict[str, str], str]:
        """The remote's branches and tags, and the ref of its default branch (or nothing)."""
        printed = self._talk(
            lock, ("ls-remote", "--symref"), ("HEAD", "refs/heads/*", "refs/tags/*")
        )
        refs: dict[str, str] = {}
        default = head = ""
        for line in printed.splitlines():
            value, _, name = line.partition("\t")
            if name == "HEAD" and value.startswith("ref: "):
                default = value.removeprefix("ref: ")
            elif name == "HEAD":
                head = value
            elif name.startswith(("refs/heads/", "refs/tags/")) and not name.endswith("^{}"):
                refs[name] = value
        if head and not default:  # a detached HEAD, or a server too old to say
            usual = ["refs/heads/main", "refs/heads/master", *sorted(refs)]
            default = next((r for r in usual if refs.get(r) == head and "/heads/" in r), "")
        return refs, default

    def _local_refs(self) -> dict[str, str]:
        if not (self.path / _READY).exists():
            return {}
        printed = self.query(
            "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/tags"
        )
        pairs = (line.partition(" ") for line in printed.splitlines())
        return {name: commit for commit, _, name in pairs}

    def _default(self) -> str:
        return self.query("symbolic-ref", "HEAD").strip() if self.path.exists() else ""

    def _talk(self, lock: int, command: Sequence[str], refs: Sequence[str]) -> str:
        """Run a command that reaches the remote repository."""
        argv = self._argv(*command, "--", self.url, *refs)
        try:
            # git keeps the lock open too: should we be killed, the next one waits for its end.
            return run_git(argv, self.timeout_s, keep_open=(lock,))
        except CommandError as error:
            raise RepositoryUnavailable(self.url, _reason(error.output, self.url)) from error
        except GitTimeout as error:
            raise RepositoryUnavailable(
                self.url, f"no end after {self.timeout_s:.0f} s ({command[0]})"
            ) from error

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """Hold the one lock of this mirror; the kernel frees it when its holders die."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.path.with_name(self.path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield lock
        finally:
            os.close(lock)

    def _ensure(self, lock: int) -> None:
        """Have a sound, perhaps empty repository; the lock is held, so leftovers are dead."""
        if not (self.path / _READY).exists():
            shutil.rmtree(self.path, ignore_errors=True)
            run_git(
                ["init", "--bare", "--quiet", "--template=", "--", str(self.path)],
                QUERY_TIMEOUT_S,
                keep_open=(lock,),
            )
            (self.path / _READY).touch()
            return
        for stale in (
            *self.path.glob("*.lock"),
            *self.path.glob("refs/**/*.lock"),
            *self.path.glob("objects/pack/tmp_*"),
            *self.path.glob("gc.pid"),
        ):
            stale.unlink(missing_ok=True)


def _checked(commit: str) -> str:
    if not _COMMIT.fullmatch(commit):
        raise FarmError(f"{commit!r} is not a full commit id")
    return commit


def _reason(output: str, url: str) -> str:
    """The line of git's output that says what is wrong."""
    lines = [line.strip() for line in output.replace(url, redacted(url)).splitlines()]
    telling = [line for line in lines if re.match(r"(?:fatal|error|remote|ssh):? ", line)]
    first = (telling or lines or ["git gave no reason"])[0]
    return re.sub(r"^(?:fatal|error|remote): ", "", first)
