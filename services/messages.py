"""Configuration mistakes, said the way `buildbot checkconfig` says things."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from buildbot.config import ConfigErrors

from farm.errors import ConfigError, FarmError


@contextmanager
def reported_at_once() -> Iterator[None]:
    """Turn the farm's errors into Buildbot's: every mistake is listed, without a traceback."""
    try:
        yield
    except ConfigError as error:
        raise ConfigErrors([str(problem) for problem in error.problems]) from None
    except FarmError as error:
        raise ConfigErrors([str(error)]) from None
