"""What is wrong with a request, as an RFC 9457 problem document with one clear message."""

from __future__ import annotations

from http import HTTPStatus

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from farm.errors import FarmError


class ProblemDocument(BaseModel):
    """The answer to a request that cannot be met (RFC 9457)."""

    model_config = ConfigDict(frozen=True)

    title: str = Field(description="What the status means")
    status: int = Field(description="The HTTP status", ge=400, le=599)
    detail: str = Field(description="What is wrong, and what to do about it")
    login: str | None = Field(None, description="Where to log in, when that would help")


class Problem(FarmError):
    """A request that cannot be met."""

    def __init__(self, status: HTTPStatus, detail: str, login: str | None = None):
        self.status = status
        self.login = login
        super().__init__(detail)

    @property
    def document(self) -> ProblemDocument:
        """What the client is told."""
        return ProblemDocument(
            title=self.status.phrase, status=self.status, detail=str(self), login=self.login
        )


def not_found(what: str) -> Problem:
    """The address is a good one, but there is no such thing."""
    return Problem(HTTPStatus.NOT_FOUND, what)


def bad_request(what: str) -> Problem:
    """The request itself is wrong."""
    return Problem(HTTPStatus.BAD_REQUEST, what)


def invalid(error: ValidationError, where: str) -> Problem:
    """What a model says of values that it does not take.

    :param where: what was validated: ``the body``, ``the address``.
    """
    words = []
    for one in error.errors(include_url=False, include_context=False):
        field = ".".join(str(part) for part in one["loc"])
        words.append(f"{field}: {one['msg']}" if field else str(one["msg"]))
    return bad_request(f"{where}: {'; '.join(words)}")
