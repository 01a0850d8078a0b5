"""The component model: what `components.yml` and the site file may say."""

from farm.model.stack import (
    Channel,
    Commands,
    Component,
    Distro,
    Family,
    Packaging,
    Root,
    Stack,
)

__all__ = [
    "Channel",
    "Commands",
    "Component",
    "Distro",
    "Family",
    "Packaging",
    "Root",
    "Stack",
]
