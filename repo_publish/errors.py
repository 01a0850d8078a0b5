"""What the publisher refuses, and what it finds broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from farm.errors import FarmError


class PublishError(FarmError):
    """A publication that would break the archive's promises; the live archive is untouched.

    `problems` holds every reason found, one line each.
    """

    exit_code = 3

    def __init__(self, what: str, problems: Sequence[str] = ()):
        self.problems = tuple(problems)
        super().__init__("\n  ".join([f"{what}:" if problems else what, *problems]))


class ComponentsRefused(PublishError):
    """Builds that cannot be published, whatever else can.

    `by_component` holds what is wrong with each, one line each.
    """

    def __init__(self, what: str, by_component: Mapping[str, Sequence[str]]):
        self.by_component = {name: list(these) for name, these in by_component.items()}
        super().__init__(
            what, [f"{name}: {one}" for name, these in by_component.items() for one in these]
        )


class VerifyError(FarmError):
    """A tree that a client would not accept as it is."""

    exit_code = 4


class BadPackageSignature(VerifyError):
    """Packages that are not signed, or not with the archive's key.

    `packages` are their file names.
    """

    def __init__(self, lines: Sequence[str], packages: Sequence[str]):
        self.packages = tuple(packages)
        super().__init__("\n".join(["bad package signature", *lines]))
