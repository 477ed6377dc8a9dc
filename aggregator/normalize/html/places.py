"""Places within an entry: footnotes and other targets that its own links lead to.

An `id` stays only where such a link leads to, and a link only where its place is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.normalize.html.tree import has_content

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SAFE_ID = re.compile(r"[\w:.-]{1,100}")
_WITH_ID = etree.XPath("descendant-or-self::*[@id]")


def place_within(href: str, base: str | None) -> str:
    """Return the fragment of a link to the document itself, "" for any other link."""
    page, _, fragment = href.partition("#")
    if not page or page == (base or "").partition("#")[0]:
        return fragment
    return ""


def own_name(element: Any) -> str | None:
    """Return the name by which links reach an element."""
    name: str | None = element.get("id")
    if not name and element.tag == "a":
        name = element.get("name")
    return name


def find_targets(body: Any) -> dict[str, Any]:
    """Return the elements that links within the entry lead to, by their names."""
    wanted = set()
    for link in body.iter("a"):
        _, separator, fragment = link.get("href", "").partition("#")
        if separator and SAFE_ID.fullmatch(fragment.strip()):
            wanted.add(fragment.strip())
    targets: dict[str, Any] = {}
    if not wanted:
        return targets

    for element in body.iter():
        name = own_name(element)
        if name and name in wanted:
            targets.setdefault(name, element)
    return targets


def keep_targets(body: Any, targets: Mapping[str, Any]) -> None:
    """Leave an `id` only where a link may lead to, at an element that stays."""
    for element in _WITH_ID(body):
        del element.attrib["id"]

    for name, target in targets.items():
        element = _visible_target(target, body)
        if element is not None and not element.get("id"):
            element.set("id", name)


def match_places(blocks: Sequence[Any]) -> None:
    """Turn links within the entry into text where their target is gone, and remove unused targets."""
    targets: dict[str, Any] = {}
    links: dict[str, list[Any]] = {}
    for block in blocks:
        for element in _WITH_ID(block):
            if targets.setdefault(element.get("id"), element) is not element:
                del element.attrib["id"]
        for link in block.iter("a"):
            href = link.get("href", "")
            if href.startswith("#"):
                links.setdefault(href[1:], []).append(link)

    for name, target in targets.items():
        del target.attrib["id"]
        if name in links:
            target.set("id", name)  # as the last attribute, wherever it was
    for name in links.keys() - targets.keys():
        for link in links[name]:
            link.tag = "span"


def _visible_target(target: Any, body: Any) -> Any | None:
    """Return the element that shows where an empty target is: what follows it, else what holds it."""
    element = target
    while not has_content(element):
        following = element.getnext()
        element = element.getparent() if following is None else following
        if element is None or element is body:
            return None
    return element


def move_place(element: Any, blocks: Sequence[Any]) -> None:
    """Give the `id` of an element that goes to the first of the blocks in its stead."""
    name = element.get("id")
    if name and blocks and blocks[0].get("id") is None:
        blocks[0].set("id", name)
