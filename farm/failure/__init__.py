"""Why a build failed: the first error in its log that matters, and what to do about it."""

from farm.failure.log import first_error_in
from farm.failure.model import Failure, Kind
from farm.failure.search import first_error

__all__ = ["Failure", "Kind", "first_error", "first_error_in"]
