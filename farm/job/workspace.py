"""Where a job's files are: its own in the build's working directory, shared ones in the cache."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from farm.errors import InfrastructureError
from farm.failure.model import FAILURE_FILE
from farm.job.model import Job, JobInput
from farm.pool import checked_filename, checked_key

CACHE_VARIABLE = "FARM_CACHE"

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Workspace:
    """The working directory of one job."""

    root: Path

    @property
    def tree(self) -> Path:
        """The component's directory at the commit, without ``.git``."""
        return self.root / "tree"

    @property
    def made(self) -> Path:
        """What the backend writes into."""
        return self.root / "made"

    @property
    def out(self) -> Path:
        """The finished build: what is handed in to the pool."""
        return self.root / "out"

    @property
    def log(self) -> Path:
        """The build's log."""
        return self.out / "build.log"

    @property
    def failure(self) -> Path:
        """What was found in the log of a build that failed."""
        return self.root / FAILURE_FILE


@dataclass(frozen=True)
class Cache:
    """What all jobs on a worker share, safe to use by several at once and to remove when idle."""

    root: Path

    @property
    def mirrors(self) -> Path:
        """Bare mirrors of the components' repositories."""
        return self.root / "git"

    @property
    def backend(self) -> Path:
        """Where the build backends keep roots and layers, in directories of their own."""
        return self.root

    def package(self, package: JobInput) -> Path:
        """Where an input package is kept, under its own name and by its digest.

        :raises InfrastructureError: the job file has no proper digest.
        """
        if not _SHA256.fullmatch(package.sha256):
            raise InfrastructureError(f"{package.filename}: {package.sha256!r} is no SHA-256")
        name = checked_filename(package.filename)
        return self.root / "packages" / package.sha256[:2] / package.sha256 / name


def load_job(path: Path) -> Job:
    """Read a job file.

    :raises InfrastructureError: there is none, or it is not as it should be.
    """
    try:
        job = Job.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InfrastructureError(f"the job file {path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InfrastructureError(f"the job file {path}: {where}: {first['msg']}") from error
    checked_key(job.key)
    return job
