"""The ids of all sources together: stated ones are unique, missing ones are made.

Rule: a made id gives way to a stated one. Where two addresses make the same id, a digest tells the later one apart. A
secret in an address is no part of the id: it is made from `${NAME}`, and stays when the secret is changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aggregator.config.types import web_url
from aggregator.config.words import digest, id_of_path, id_of_url

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from aggregator.config.source_files import Place
    from aggregator.errors import Problem

_NAMELESS = (
    "nameless"  # stands in where the address cannot be read either, so that the other mistakes show
)


def name(places: Iterable[Place]) -> tuple[list[tuple[Place, Any]], list[Problem]]:
    """Give every source its id, in order, and say where two of them clash; a stated id is as it was written."""
    places = tuple(places)
    taken: dict[str, Place] = {}
    problems: list[Problem | None] = []

    # The ids that people wrote come first: an id that is made gives way to them.
    for place in places:
        problems.append(_stated_twice(place, taken))

    named = []
    for place in places:
        identity = _configured_id(place)
        if identity is None:
            identity, problem = _make_id(place, taken)
            problems.append(problem)
        named.append((place, identity))
    return named, [problem for problem in problems if problem is not None]


def _configured_id(place: Place) -> Any:
    return place.mapping.get("id")


def _stated_twice(place: Place, taken: dict[str, Place]) -> Problem | None:
    identity = _configured_id(place)
    if not isinstance(identity, str):
        return None
    first = taken.setdefault(identity, place)
    if first is place:
        return None
    if _place_address(first) == _place_address(place):
        advice = "both follow the same address, remove one of them"
    else:
        advice = "give this source another `id`, or remove one of them"
    message = f"`{identity}` is used twice, first at {first.origin}; {advice}"
    return place.document.problem((*place.steps, "id"), message)


def _make_id(place: Place, taken: dict[str, Place]) -> tuple[str, Problem | None]:
    address = _address(place)
    if address is None:
        return _NAMELESS, None

    if place.mapping.get("url") is not None:
        text = place.written_text("url")
        identity = id_of_url(text)
    else:
        text = place.written_text("path")
        identity = id_of_path(text)

    for candidate in (identity, f"{identity}-{digest(text)}"):
        first = taken.setdefault(candidate, place)
        if first is place:
            return candidate, None
        if _address(first) == address and _configured_id(first) is None:
            break
    message = f"is listed twice, first at {first.origin}; take one away, or give one an `id`"
    return identity, place.document.problem(place.steps, message)


def _place_address(place: Place) -> tuple[Any, Path | None]:
    """Tell addresses apart: a URL as it is written, or a path from its file's folder."""
    url, path = place.mapping.get("url"), place.mapping.get("path")
    if not isinstance(path, str):
        return url, None
    return url, place.base / path


def _address(place: Place) -> str | None:
    """Read the URL or the path; None where there is none, or no valid one."""
    url, path = place.mapping.get("url"), place.mapping.get("path")
    if url is None and isinstance(path, str):
        return path
    if not isinstance(url, str):
        return None
    try:
        return web_url(url)
    except ValueError:
        return None
