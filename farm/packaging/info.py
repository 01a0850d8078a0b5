"""What packaging has to say about one version of one component, in either family."""

from __future__ import annotations

from dataclasses import dataclass

from farm.model import Commands
from farm.packaging.details import NO_DETAILS, TreeDetails
from farm.version import SourceVersion


@dataclass(frozen=True)
class PackagingInfo:
    """Everything that generated packaging text is made from, besides the installed files.

    The same value always gives the same text: no clock, no host name, no environment.
    """

    name: str
    version: SourceVersion
    version_suffix: str
    """The distro's: ``~deb12`` or ``.el9``."""
    summary: str
    description: str
    licence: str
    homepage: str
    vcs: str
    """Clone URL of the component's repository (Vcs-Git)."""
    commit: str
    maintainer: str
    """``Name <address>``."""
    timestamp: int
    """Seconds since 1970 of the commit: changelog date and SOURCE_DATE_EPOCH."""
    changes: tuple[str, ...]
    """Changelog lines, without bullets."""
    build_depends: tuple[str, ...]
    """Packages the build needs, in the family's names: the distro's and the farm's own."""
    commands: Commands
    configure_arguments: tuple[str, ...]
    has_configure: bool
    """The tree has a ./configure (after a checkout, before anything runs)."""
    test_target: str
    """The make target that tests: ``test`` or ``check``; empty when the Makefile has neither."""
    details: TreeDetails = NO_DETAILS
    """Licence, copyright and readme of the tree (`farm.packaging.details.tree_details`)."""
