"""``python -m demo.rpm_distribution OUT``: make the demo's RPM distribution, or find it made."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from demo.rpm_distribution.build import build_distribution
from demo.rpm_distribution.catalogue import HOST_PACKAGES
from farm.errors import FarmError


def main() -> None:
    """Make the distribution and print the base URL of its repository."""
    parser = argparse.ArgumentParser(
        prog="python -m demo.rpm_distribution",
        description="Turn this machine's Debian packages into a small yum repository.",
    )
    parser.add_argument("out", type=Path, help="directory of the repository")
    parser.add_argument(
        "--add", action="append", default=[], metavar="PACKAGE", help="one more Debian package"
    )
    arguments = parser.parse_args()
    try:
        where = build_distribution(arguments.out, (*HOST_PACKAGES, *arguments.add), sys.stderr)
    except FarmError as error:
        print(f"demo.rpm_distribution: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    print(where.as_uri())


if __name__ == "__main__":
    main()
