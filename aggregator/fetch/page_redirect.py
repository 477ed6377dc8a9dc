"""Finds where a page sends its reader by itself: a meta refresh, or a script in an empty page.

Only the first 16 KiB are looked at, with patterns instead of a parser: this runs on the
event loop.
"""

from __future__ import annotations

import re
from html import unescape
from string import ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING

from aggregator.normalize.url import absolute_url

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from aggregator.fetch.messages import Response
    from aggregator.fetch.preview_cache import TimedResponse

MAX_PAGE_REDIRECTS = 3  # in a row
_READ_BYTES = 16 * 1024
_STUB_CHARACTERS = 300  # a page with less text says only that the reader is sent on
_MAX_DELAY_SECONDS = 1  # a page that shows itself for longer is meant to be read
_MAX_STUB_DELAY_SECONDS = 10

_PAGE_START = re.compile(rb"\s*(?:<!doctype html|<html|<head|<meta|<script|<!--)", re.IGNORECASE)
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_UNSEEN_ELEMENTS = ("script", "style", "title", "template", "noscript")
_TAG = re.compile(r"<[^<>]*>")
_META = re.compile(r"<meta\b([^<>]{1,2000})>", re.IGNORECASE)
_IS_REFRESH = re.compile(r"http-equiv\s*=\s*[\"']?\s*refresh\b", re.IGNORECASE)
_CONTENT = re.compile(r"\bcontent\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE)
# HTML standard, "shared declarative refresh steps": a delay, a separator, `url=` or not.
_REFRESH = re.compile(
    r"\s*(\d{0,6})(?:\.\d*)?\s*(?:[;,]|\s)\s*(?:url\s*=\s*)?[\"']?\s*([^\"']+)", re.IGNORECASE
)
_ASSIGNED_LOCATION = re.compile(
    r"(?:^|[\s;{(])(?:(?:window|self|document)\.)?location"
    r"(?:(?:\.href)?\s*=\s*|\.(?:replace|assign)\(\s*)"
    r"([\"'])((?:(?!\1)[^\\\r\n]|\\.){1,2000})\1\s*(?=[;)}\r\n]|$)"
)
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})|\\(.)")


async def follow_page_redirects(
    fetch: Callable[[str], Awaitable[TimedResponse]], url: str
) -> TimedResponse:
    """Fetch a URL and what its pages send their reader to, at most three pages further."""
    fetched = await fetch(url)
    seen = {url, fetched.response.url}
    for _ in range(MAX_PAGE_REDIRECTS):
        target = find_page_redirect(fetched.response)
        if target is None or target in seen:
            break
        fetched = await fetch(target)
        seen |= {target, fetched.response.url}
    return fetched


def find_page_redirect(response: Response) -> str | None:
    """Return the absolute URL that a page sends its reader to, None if it is there to be read.

    In `<noscript>` a refresh counts only if the page has no text: with text it is for
    browsers without scripts.
    """
    if response.status != 200 or not _PAGE_START.match(response.body[:1024]):
        return None

    head = response.body[:_READ_BYTES].decode("utf-8", "replace")
    page, _ = _cut_out(head, "<!--", "-->")
    is_stub = len(response.body) <= _READ_BYTES and _text_length(page) < _STUB_CHARACTERS
    max_delay_seconds = _MAX_STUB_DELAY_SECONDS if is_stub else _MAX_DELAY_SECONDS

    without_noscript, _ = _cut_out(page, "<noscript", "</noscript")
    targets = list(_refresh_targets(without_noscript, max_delay_seconds))
    if is_stub:
        targets += _script_targets(page)
        targets += _refresh_targets(page, max_delay_seconds)
    for target in targets:
        url = absolute_url(target, base=response.url)
        if url and url.partition("#")[0] != response.url.partition("#")[0]:
            return url
    return None


def _text_length(page: str) -> int:
    for name in _UNSEEN_ELEMENTS:
        page, _ = _cut_out(page, f"<{name}", f"</{name}")
    text = _TAG.sub(" ", page)
    return len(" ".join(text.split()))


def _cut_out(page: str, start: str, end: str) -> tuple[str, list[str]]:
    """Cut what is between two marks out of a page; return the rest and the parts.

    A part without an end goes to the end of the page.
    """
    lower = page.translate(_LOWER)  # keeps every place, which `lower()` does not
    rest: list[str] = []
    parts: list[str] = []
    position = 0
    while True:
        begin = lower.find(start, position)
        if begin < 0:
            rest.append(page[position:])
            return "".join(rest), parts
        rest.append(page[position:begin])
        position = lower.find(end, begin + len(start))
        if position < 0:
            parts.append(page[begin + len(start) :])
            return "".join(rest), parts
        parts.append(page[begin + len(start) : position])
        position += len(end)


def _refresh_targets(page: str, max_delay_seconds: int) -> Iterator[str]:
    for meta in _META.finditer(page):
        attributes = meta[1]
        if _IS_REFRESH.search(attributes):
            target = _target_of_refresh(attributes, max_delay_seconds)
            if target is not None:
                yield target


def _target_of_refresh(attributes: str, max_delay_seconds: int) -> str | None:
    """Return the URL of a `meta refresh`, None if it has none or waits longer."""
    content = _CONTENT.search(attributes)
    if content is None:
        return None
    # The value is in double quotes, in single quotes or in none.
    value = content[1] or content[2] or content[3] or ""
    refresh = _REFRESH.match(unescape(value))
    if refresh is None:
        return None

    delay_seconds = int(refresh[1] or 0)
    if delay_seconds > max_delay_seconds:
        return None
    return refresh[2].strip()


def _script_targets(page: str) -> Iterator[str]:
    """Yield the literal URLs that scripts set as the location."""
    _, scripts = _cut_out(page, "<script", "</script")
    for script in scripts:
        _, _, code = script.partition(">")
        assigned = _ASSIGNED_LOCATION.search(code)
        if assigned:
            yield _ESCAPED.sub(_unescape_character, assigned[2])


def _unescape_character(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    if code:
        return chr(int(code, 16))
    return match[3]
