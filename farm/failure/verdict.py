"""From a failed build's log to the verdict that people read."""

from __future__ import annotations

from pathlib import Path

from farm.errors import BuildFailure
from farm.failure.log import first_error_in
from farm.failure.model import Failure, FoundFailure, Kind


def explained(failure: BuildFailure, log: Path, key: str, into: Path) -> BuildFailure:
    """The verdict with the first error of the log instead of the end of it.

    :param log: to which the failure's own message has been written.
    :param into: gets what was found, for whoever keeps it.
    """
    try:
        found = first_error_in(log)
        into.write_text(FoundFailure(key=key, failure=found).model_dump_json() + "\n")
    except OSError:  # a full disk must not hide the verdict
        return failure
    return BuildFailure(failure.phase, _message(failure, found))


def _message(failure: BuildFailure, found: Failure) -> str:
    said = str(failure).removeprefix(f"{failure.phase} failed: ")
    if found.kind is Kind.COMMAND:
        # Nothing better is known than what failed and how.
        own = said.splitlines()[0] in found.message
        return said if own else f"{found.message}\n{said}"
    return found.text
