"""What compilers say an object file was made from: make's depfiles, and ninja's own log of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_SUFFIXES = (".d", ".Po", ".Plo", ".Tpo")
_OBJECTS = (".o", ".lo", ".obj", ".os")
_TOKEN = re.compile(r"(?:\\[ #\\]|\$\$|[^\s\\:]|\\(?![\n ])|:(?!\s|$))+|:")
_LIBTOOL_OBJECT = re.compile(r"^(?:non_)?pic_object='([^'\n]+)'$", re.MULTILINE)


@dataclass(frozen=True)
class Made:
    """One object file, by paths below the build tree, and everything that it was made from."""

    objects: tuple[str, ...]
    """The object itself, with what belongs to it: its depfile, libtool's two halves."""
    inside: frozenset[str]
    """Files of the tree."""
    outside: frozenset[str]
    """Absolute paths of all others."""


def is_depfile(path: str) -> bool:
    """Whether a file is one by its name."""
    return path.endswith(_SUFFIXES)


def is_object(path: str) -> bool:
    """Whether a file is an object file by its name."""
    return path.endswith(_OBJECTS)


def parse(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """The rules of a depfile that have inputs: targets, and what they were made from."""
    for line in text.replace("\\\r\n", " ").replace("\\\n", " ").splitlines():
        if line.startswith("#"):
            continue
        words = [found[0] for found in _TOKEN.finditer(line)]
        if ":" not in words:
            continue
        colon = words.index(":")
        targets, inputs = words[:colon], words[colon + 1 :]
        if targets and inputs:
            yield [_plain(word) for word in targets], [_plain(word) for word in inputs]


def parse_ninja(printed: str) -> Iterator[tuple[list[str], list[str]]]:
    """The rules that ``ninja -t deps`` prints; those that ninja does not trust left out."""
    target, inputs = "", []
    for line in [*printed.splitlines(), ""]:
        if line.startswith("    "):
            inputs.append(line.strip())
        elif ": #deps " in line:
            target = line.partition(": #deps ")[0] if line.endswith("(VALID)") else ""
        elif not line:
            if target and inputs:
                yield [target], inputs
            target, inputs = "", []


def read_tree(tree: Path, products: Iterable[str]) -> Iterator[Made]:
    """Everything that the depfiles in a tree say of object files that are there.

    :param products: files below the tree that were built.
    """
    root = os.path.realpath(tree)
    known = set(products)
    for depfile in sorted(filter(is_depfile, known)):
        text = (tree / depfile).read_text(errors="surrogateescape")
        for targets, inputs in parse(text):
            base = _base(root, depfile, targets, inputs)
            for target in targets:
                path = os.path.normpath(os.path.join(base, target))
                if is_object(path):
                    yield made(root, path, base, inputs, depfile)


def made(root: str, path: str, base: str, inputs: Iterable[str], depfile: str = "") -> Made:
    """What is known of the object at an absolute path, whose inputs are relative to `base`."""
    own = [os.path.relpath(path, root)]
    if depfile:
        own.append(depfile)
    if path.endswith(".lo"):
        own += _libtool_halves(root, path)
    inside, outside = set(), set()
    for word in inputs:
        named = os.path.normpath(os.path.join(base, word))
        # A link and what it leads to both count.
        for place in {named, _resolved(named)}:
            if place.startswith(f"{root}/"):
                inside.add(place[len(root) + 1 :])
            else:
                outside.add(place)
    return Made(tuple(own), frozenset(inside), frozenset(outside))


@lru_cache(maxsize=100_000)
def _resolved(path: str) -> str:
    """The path without links; a stack's objects share most of their headers."""
    return os.path.realpath(path)


def _base(root: str, depfile: str, targets: list[str], inputs: list[str]) -> str:
    """The directory that the paths in a depfile are relative to: where its compiler was started.

    It is the depfile's own or one above; automake keeps depfiles one below, in .deps.
    """
    relative = [*targets[:1], *(word for word in inputs if not os.path.isabs(word))][:2]
    place = os.path.dirname(os.path.join(root, depfile))
    while place.startswith(root):
        if all(os.path.exists(os.path.join(place, word)) for word in relative):
            return place
        place = os.path.dirname(place)
    return root


def _libtool_halves(root: str, path: str) -> list[str]:
    try:
        with open(path, errors="replace") as file:
            named = _LIBTOOL_OBJECT.findall(file.read(4096))
    except OSError:
        return []
    place = os.path.dirname(path)
    halves = (os.path.join(place, name) for name in named if name != "none")
    return [os.path.relpath(half, root) for half in halves if os.path.exists(half)]


def _plain(word: str) -> str:
    return re.sub(r"\\([ #\\])", r"\1", word).replace("$$", "$")


def proven(
    objects: Iterable[Made],
    *,
    existing: Mapping[str, object],
    given: frozenset[str] | set[str],
    changed: frozenset[str],
    changed_outside: frozenset[str],
) -> tuple[set[str], set[str]]:
    """Which object files are still right, with their depfiles; and all inputs that are known of.

    An object counts when everything it was made from is source, or was made by configure, and did
    not change; whatever is made from a product of the build is made again like the product.

    :param existing: products that are there.
    :param given: source files, and files that configure made.
    :param changed: those of them that changed.
    :param changed_outside: absolute paths elsewhere that changed.
    """
    keep: set[str] = set()
    refuted: set[str] = set()
    known: set[str] = set()
    for one in objects:
        known |= one.inside
        right = (
            all(path in existing for path in one.objects)
            and one.inside <= given
            and not one.inside & changed
            and not one.outside & changed_outside
        )
        (keep if right else refuted).update(one.objects)
    return keep - refuted, known
