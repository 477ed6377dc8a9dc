"""A capture held against what a declared test expects of it.

The capture goes the way that every run goes; a difference is told with what was expected, what was found, and,
where rules find nothing, with the nearest that do.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from aggregator.adapter_table import ARTICLE
from aggregator.errors import SourceError
from aggregator.fetch.source import detect_adapter
from aggregator.normalize.html import html_to_text
from aggregator.normalize.identity import url_key
from aggregator.normalize.text import fold, plain_text
from aggregator.parse.captures import parse_captures
from aggregator.parse.trace import unmatched_selectors
from aggregator.publish.json_record import rfc3339

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aggregator.config import ExpectedEntry, PageTest
    from aggregator.model import Capture, Revision
    from aggregator.parse.captures import ParseResult, ParseTask
    from aggregator.rules.compiled import Sites

_SAVED = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:---[ \t]*\r?\n.*?\n---[ \t]*\r?\n\s*)?<!--\d{10,13}-->", re.DOTALL
)
_SHOWN = 80  # characters of a value


def adapter_of(capture: Capture) -> str:
    """Tell what carries a capture's items."""
    if _SAVED.match(capture.body[:4096]):
        return "archive"
    return detect_adapter(capture)


def mismatches(
    test: PageTest, capture: Capture, *, task: ParseTask, sites: Sites
) -> tuple[str, ...]:
    """Say what is not as the test expects; () where everything is."""
    if test.entry:
        task = replace(task, adapter=ARTICLE, item=None)
    try:
        read = parse_captures([capture], task, sites)
    except SourceError as error:
        return (_with_hints(f"{_expected_text(test)}: {error}", capture, task, sites),)

    differences = list(_differences(test, read))
    if differences:
        differences[0] = _with_hints(differences[0], capture, task, sites)
    return tuple(differences)


def _differences(test: PageTest, read: ParseResult) -> Iterator[str]:
    if test.entry:
        yield from _entry(test.entry, read)
        return
    found = len(read.revisions)
    if found < _least(test):
        yield f"{_expected_text(test)}, found {found}{_aside(read)}"
    if test.first and read.revisions:
        yield from _compare_field("first", test.first, read.revisions[0])


def _entry(expected: ExpectedEntry, read: ParseResult) -> Iterator[str]:
    if read.revisions:
        yield from _compare_field("entry", expected, read.revisions[0])
    else:
        yield f"expected an article, found none{_aside(read)}"


def _least(test: PageTest) -> int:
    """How many items there must be: one, where the test does not say."""
    if test.min_items is None:
        return 1
    return test.min_items


def _expected_text(test: PageTest) -> str:
    if test.entry:
        return "expected an article"
    least = _least(test)
    if least == 1:
        return "expected at least 1 item"
    return f"expected at least {least} items"


def _aside(read: ParseResult) -> str:
    """Say where items went."""
    notes = []
    if read.rejected:
        notes.append(f"{len(read.rejected)} rejected, the first: {read.rejected[0]}")
    if read.filtered:
        notes.append(f"{read.filtered} left out by filters")

    if not notes:
        return ""
    return f" ({'; '.join(notes)})"


def _compare_field(name: str, expected: ExpectedEntry, revision: Revision) -> Iterator[str]:
    """Compare what the test says with what was found; what it does not say is not compared."""
    for field in type(expected).model_fields:
        value = getattr(expected, field)
        if not value:
            continue
        compare = _COMPARED[field]
        for message in compare(value, revision, field):
            yield f"{name}.{field}: {message}"


def _same_text(value: str, revision: Revision, field: str) -> Iterator[str]:
    found: str | None = getattr(revision, field)
    if found is None or plain_text(value) != plain_text(found):
        yield _mismatch(value, found)


def _same_link(value: str, revision: Revision, _: str) -> Iterator[str]:
    if revision.url is None or url_key(value) != url_key(revision.url):
        yield _mismatch(value, revision.url)


def _same_picture(value: str, revision: Revision, _: str) -> Iterator[str]:
    found = None
    if revision.image is not None:
        found = revision.image.url
    if found is None or url_key(value) != url_key(found):
        yield _mismatch(value, found)


def _same_moment(value: str, revision: Revision, field: str) -> Iterator[str]:
    found = revision.at
    if field == "published":
        found = revision.published

    expected = _parse_moment(value)
    if expected is None:
        yield f"`{value}` is no date and time with an offset (RFC 3339)"
    elif expected != found:
        yield _mismatch(value, rfc3339(found))


def _parse_moment(value: str) -> datetime | None:
    """Read a date and time; None where it is none or has no offset."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return moment


def _same_list(values: tuple[str, ...], revision: Revision, field: str) -> Iterator[str]:
    found: tuple[str, ...] = getattr(revision, field)
    if tuple(map(plain_text, values)) != found:
        yield _mismatch(", ".join(values), ", ".join(found))


def _all_there(values: tuple[str, ...], revision: Revision, field: str) -> Iterator[str]:
    found: tuple[str, ...] = getattr(revision, field)
    missing = [value for value in values if plain_text(value) not in found]
    if missing:
        yield _mismatch(", ".join(missing), ", ".join(found))


def _contains(values: tuple[str, ...], revision: Revision, _: str) -> Iterator[str]:
    text = fold(_text(revision))
    for value in values:
        if fold(value) not in text:
            yield f"{_short(value)} is not in the text of {len(text):,} characters"


def _lacks(values: tuple[str, ...], revision: Revision, _: str) -> Iterator[str]:
    text = fold(_text(revision))
    for value in values:
        if fold(value) in text:
            yield f"{_short(value)} is in the text"


_COMPARED: dict[str, Callable[..., Iterator[str]]] = {
    "title": _same_text,
    "url": _same_link,
    "published": _same_moment,
    "updated": _same_moment,
    "summary": _same_text,
    "authors": _same_list,
    "tags": _all_there,
    "credits": _same_list,
    "language": _same_text,
    "publisher": _same_text,
    "image": _same_picture,
    "contains": _contains,
    "lacks": _lacks,
}


def _text(revision: Revision) -> str:
    if revision.content_html:
        return html_to_text(revision.content_html)
    return revision.summary or ""


def _mismatch(expected: str, found: str | None) -> str:
    seen = "nothing"
    if found:
        seen = _short(found)
    return f"expected {_short(expected)}, found {seen}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    if len(line) > _SHOWN:
        line = line[:_SHOWN] + "…"
    return f"`{line}`"


def _with_hints(message: str, capture: Capture, task: ParseTask, sites: Sites) -> str:
    hints = (
        str(one) for one in unmatched_selectors(capture, task, sites) if one.selector not in message
    )
    return "; ".join((message, *hints))
