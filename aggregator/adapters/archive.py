"""Reads saved articles: text files with the time of capture, a Markdown link, and the body.

    <!--1718966343000-->
    [title](url)
    ------

    <body html>

The link is split at its last `](`, because titles hold brackets. A front matter before
the header is skipped. One file is one item: what cannot be read is rejected with the
file's name and what is in it instead; some broken characters of UTF-8 are shown as U+FFFD.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from aggregator.adapters.charset import decode_utf8
from aggregator.errors import ItemError
from aggregator.model import Candidate, ParsedDocument, RawEntry, Rejection

if TYPE_CHECKING:
    from aggregator.adapters.charset import DecodedText
    from aggregator.model import Capture
    from aggregator.rules.compiled import SiteRules

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n.*?\n---[ \t]*\n", re.DOTALL)
_HEADER = re.compile(
    r"\A\s*<!--(?P<epoch>[^\n]*?)-->[ \t]*\n"
    r"\s*\[(?P<title>[^\n]*)\]\((?P<url>[^\n]*)\)[ \t]*\n"
    r"-{3,}[ \t]*(?:\n|\Z)"
)
_EPOCH = re.compile(r"\A\s*<!--([^\n]*?)-->")
_WRAPPED = re.compile(r"\A\s*<div>[ \t]*\n(?P<body>.*)\n[ \t]*</div>\s*\Z", re.DOTALL)
_EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
_HEAD_BYTES = 4096  # searched for binary data
_SECONDS_DIGITS = 10
_MILLISECONDS_DIGITS = 13
_MAX_QUOTE = 60  # characters of the file that a message quotes


def parse(capture: Capture, _: SiteRules | None = None) -> ParsedDocument:
    """Read one saved article; the file's name stands for the item in messages."""
    name = unquote(urlsplit(capture.url).path.rpartition("/")[2])
    try:
        decoded = _decode(name, capture.body)
        return ParsedDocument(entries=(_entry(name, decoded.text, capture),), notes=decoded.notes)
    except ItemError as e:
        return ParsedDocument(rejected=(Rejection(e.label, e.reason),))


def _entry(name: str, document: str, capture: Capture) -> RawEntry:
    text = _FRONT_MATTER.sub("", document.replace("\r\n", "\n"), count=1)
    header = _HEADER.match(text)
    if header is None:
        raise ItemError(name, _describe_mistake(text))
    url = header["url"].strip()
    if not url:
        link_line = header[0].strip().splitlines()[-2]
        raise ItemError(name, f"the header has no link: `{_quote(link_line)}`")

    body = text[header.end() :].strip()
    wrapped = _WRAPPED.match(body)
    if wrapped:
        body = wrapped["body"]
    return RawEntry(
        label=name,
        base_url=url,
        url=(Candidate(url, "archive:url"),),
        title=(Candidate(header["title"], "archive:title"),),
        content_html=(Candidate(body, "archive:body"),),
        captured=_capture_time(name, header["epoch"].strip(), capture.taken),
    )


def _decode(name: str, data: bytes) -> DecodedText:
    if not data.strip():
        raise ItemError(name, "the file is empty")
    if b"\x00" in data[:_HEAD_BYTES]:
        raise ItemError(name, "binary data, not a saved article")
    decoded = decode_utf8(data)
    if decoded is None:
        raise ItemError(name, f"not valid UTF-8 at byte {_first_broken_byte(data)}")
    return decoded


def _first_broken_byte(data: bytes) -> int:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as e:
        return e.start
    return 0


def _capture_time(name: str, epoch: str, taken: datetime) -> datetime:
    """Read an epoch in milliseconds or seconds; it must lie between 1995 and tomorrow."""
    is_number = epoch.isascii() and epoch.isdigit()
    if not is_number or len(epoch) not in (_SECONDS_DIGITS, _MILLISECONDS_DIGITS):
        seen = f"`<!--{_quote(epoch)}-->`"
        raise ItemError(name, f"the time of capture is no epoch in milliseconds: {seen}")

    seconds = float(epoch)
    if len(epoch) == _MILLISECONDS_DIGITS:
        seconds = int(epoch) / 1000
    time = datetime.fromtimestamp(seconds, UTC)
    if not _EARLIEST <= time <= taken + timedelta(days=1):
        seen = f"`<!--{epoch}-->` is {time:%Y-%m-%d %H:%M}Z"
        raise ItemError(name, f"the time of capture is out of range: {seen}")
    return time


def _describe_mistake(text: str) -> str:
    """Say why a text does not begin with the header of a saved article."""
    epoch = _EPOCH.match(text)
    if epoch is None:
        beginning = f"`{_quote(text.lstrip())}`"
        return f"not a saved article: it begins with {beginning}, not with `<!--epoch-->`"

    rest = f"`{_quote(text[epoch.end() :].lstrip())}`"
    return f"the header has no link: {rest} is not `[title](url)` with a line of dashes below"


def _quote(text: str) -> str:
    """Return the first line of a text, shortened."""
    if not text:
        return ""
    line = text.splitlines()[0]
    if len(line) > _MAX_QUOTE:
        line = f"{line[: _MAX_QUOTE - 1]}…"
    return line
