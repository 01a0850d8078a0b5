"""The output digest: what a build gives to its dependents, as one number.

A dependency that is rebuilt to the same output digest changes nothing downstream. Counted are the
names, relations, scripts and contents of the binary packages, and the release that their version
counts from. Not counted: the rest of the version, changelogs, manual pages, documentation, times,
build-ids, and debug packages altogether. What can be told apart and what cannot is in
docs/reasons.md.
"""

from farm.digest.exposure import exposed_components
from farm.digest.package import Header, PackageUnreadable, header, is_debug_package
from farm.digest.view import output_digest, visible_facts

__all__ = [
    "Header",
    "PackageUnreadable",
    "exposed_components",
    "header",
    "is_debug_package",
    "output_digest",
    "visible_facts",
]
