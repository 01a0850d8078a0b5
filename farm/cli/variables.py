"""``--set NAME=VALUE`` options, as every command reads them."""

from __future__ import annotations

from collections.abc import Iterable

import typer


def parse_variables(assignments: Iterable[str] | None) -> dict[str, str]:
    """The variables that the options set.

    :raises typer.BadParameter: one is not NAME=VALUE.
    """
    variables = {}
    for assignment in assignments or ():
        name, equals, value = assignment.partition("=")
        if not (name and equals):
            raise typer.BadParameter(
                f"expected NAME=VALUE, found '{assignment}'", param_hint="--set"
            )
        variables[name] = value
    return variables
