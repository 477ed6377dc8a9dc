"""Saved articles: one text file an item, with the epoch of its capture, a Markdown link, and the body on one line.

    <!--1718966343000-->
    [title](url)
    ------

    <body html>

Rule: the header is split on its last `](`, for titles hold brackets; a front matter before it is passed over. One file
is one item: what cannot be read is rejected with the file's name and what was seen.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from aggregator.errors import ItemError
from aggregator.model import Found, Parsed, RawEntry

if TYPE_CHECKING:
    from aggregator.model import Capture
    from aggregator.rules.compiled import SiteRules

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n.*?\n---[ \t]*\n", re.DOTALL)
_HEADER = re.compile(
    r"\A\s*<!--(?P<epoch>[^\n]*?)-->[ \t]*\n\s*\[(?P<title>[^\n]*)\]\((?P<url>[^\n]*)\)[ \t]*\n-{3,}[ \t]*(?:\n|\Z)"
)
_EPOCH = re.compile(r"\A\s*<!--([^\n]*?)-->")
_WRAPPED = re.compile(r"\A\s*<div>[ \t]*\n(.*)\n[ \t]*</div>\s*\Z", re.DOTALL)
_EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)


def parse(capture: Capture, _: SiteRules | None = None) -> Parsed:
    """Read one saved article; the file's name stands for the item in messages."""
    name = unquote(urlsplit(capture.url).path.rpartition("/")[2])
    try:
        return Parsed(entries=(_entry(name, capture),))
    except ItemError as e:
        return Parsed(rejected=(str(e),))


def _entry(name: str, capture: Capture) -> RawEntry:
    text = _decode(name, capture.body)
    header = _HEADER.match(text)
    if header is None:
        raise ItemError(f"{name}: {_what_is_wrong(text)}")
    address = header["url"].strip()
    if not address:
        raise ItemError(
            f"{name}: the header has no link: `{_short(header[0].strip().splitlines()[-2])}`"
        )
    body = text[header.end() :].strip()
    wrapped = _WRAPPED.match(body)
    return RawEntry(
        item=name,
        base=address,
        url=(Found(address, "archive:url"),),
        title=(Found(header["title"], "archive:title"),),
        content=(Found(wrapped[1] if wrapped else body, "archive:body"),),
        captured=_time(name, header["epoch"].strip(), capture.taken),
    )


def _decode(name: str, data: bytes) -> str:
    if not data.strip():
        raise ItemError(f"{name}: the file is empty")
    if b"\x00" in data[:4096]:
        raise ItemError(f"{name}: binary data, not a saved article")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise ItemError(f"{name}: not valid UTF-8 at byte {e.start}") from e
    return _FRONT_MATTER.sub("", text.replace("\r\n", "\n"), count=1)


def _time(name: str, epoch: str, taken: datetime) -> datetime:
    if not (epoch.isascii() and epoch.isdigit() and len(epoch) in (10, 13)):
        raise ItemError(
            f"{name}: the time of capture is no epoch in milliseconds: `<!--{_short(epoch)}-->`"
        )
    time = datetime.fromtimestamp(int(epoch) / (1000 if len(epoch) == 13 else 1), UTC)
    if not _EARLIEST <= time <= taken + timedelta(days=1):
        raise ItemError(
            f"{name}: the time of capture is out of range: `<!--{epoch}-->` is {time:%Y-%m-%d %H:%M}Z"
        )
    return time


def _what_is_wrong(text: str) -> str:
    epoch = _EPOCH.match(text)
    if epoch is None:
        return f"not a saved article: it begins with `{_short(text.lstrip())}`, not with `<!--epoch-->`"
    rest = text[epoch.end() :].lstrip()
    return f"the header has no link: `{_short(rest)}` is not `[title](url)` with a line of dashes below"


def _short(text: str) -> str:
    line = text.splitlines()[0] if text else ""
    return line if len(line) <= 60 else f"{line[:59]}…"
