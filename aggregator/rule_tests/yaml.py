"""The tests of recorded captures, as YAML to paste into a source.

Every value is written so that it loads back to the letter, whatever a stranger's title holds.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.adapter_table import ARTICLE
from aggregator.parse.captures import parse_captures
from aggregator.publish.json_record import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aggregator.config import Source
    from aggregator.model import Capture, Revision
    from aggregator.parse.captures import ParseTask
    from aggregator.rules.compiled import Sites

_GUESSED = ("first_seen", "archive")


def tests_yaml(
    written: Iterable[tuple[str, Capture, ParseTask]], *, source: Source, sites: Sites
) -> list[str]:
    """Write the key `tests` of a source: what each capture gives today. A path is relative to the source's file."""
    lines = ["tests:"]
    for path, capture, task in written:
        found = parse_captures([capture], replace(task, item=None, next_pages=()), sites).revisions
        lines.append(f"  - capture: {_quote(path)}")
        for key, value in _sidecar(capture, source):
            lines.append(f"    {key}: {value}")

        first_key = "entry"
        if task.adapter != ARTICLE:
            first_key = "first"
            lines.append(f"    min_items: {len(found)}")
        if found:
            lines.append(f"    {first_key}: {_expected_values(found[0])}")
    return lines


def _sidecar(capture: Capture, source: Source) -> Iterator[tuple[str, str]]:
    if capture.url.startswith(("http:", "https:")) and capture.url != source.url:
        yield "url", _quote(capture.url)
    yield "taken", rfc3339(capture.taken.replace(microsecond=0))
    content_type = capture.headers.get("content-type")
    if content_type:
        yield "content_type", _quote(content_type)


def _expected_values(found: Revision) -> str:
    values = {"title": found.title, "url": found.url}
    if found.published_from not in _GUESSED:
        values["published"] = rfc3339(found.published)

    pairs = []
    for name, value in values.items():
        if value:
            pairs.append(f"{name}: {_quote(value)}")
    return f"{{{', '.join(pairs)}}}"


def _quote(text: str) -> str:
    r"""Write a text as YAML's double-quoted style has it, in ASCII where it is not printable.

    >>> _quote('a "${X}"')
    '"a \\"$${X}\\""'
    """
    quoted = ""
    for character in json.dumps(text.replace("${", "$${"), ensure_ascii=False):
        if character.isprintable():
            quoted += character
        else:
            quoted += f"\\U{ord(character):08x}"
    return quoted
