"""OPML 1.0, 1.1 and 2.0 (opml.org/spec2.opml): the list of feeds that any reader exports.

Rule: a file is a stranger's: it is scanned once from end to end and never parsed as XML, so that no DTD, entity or
depth can hold it, and a bare `&` or a missing end tag loses nothing. Nothing it names is loaded. An attribute's name
counts in any letter case, folders and categories are tags, and what people read is plain text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING

from aggregator.adapters.charset import decode
from aggregator.adapters.feed.describe import describe
from aggregator.adapters.feed.xml_repair import CDATA, after_doctype, sections
from aggregator.errors import SourceError
from aggregator.normalize.text import clean_characters, plain
from aggregator.normalize.url import key
from aggregator.normalize.url.parts import absolute

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LIMIT_BYTES = 16 * 1024 * 1024
MAX_OUTLINES = 50_000  # GHSA-83jp-rww3-57rr: a list without end held a reader until it was killed
MAX_DEPTH = 50  # deeper folders are flattened: they give no tag of their own
MAX_TAGS = 20  # of one feed
MAX_TEXT = 200  # characters of a name or a tag

_MAX_MARKUP = 2_000  # characters: what is read of a name with its markup
_WITHIN = 65_536  # characters: how much may precede the root
_ROOT = re.compile(r"<opml(?=[\s>])", re.IGNORECASE)
_OUTLINE = re.compile(r"<(/?)outline(?=[\s/>])", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\s*+([\w:.-]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)')""")
_END = re.compile(r"\s*+(/?)>")
_JUNK = re.compile(r"\s*+[^\s<>]++")  # of a quote inside a value, say
_WANTED = frozenset({"text", "title", "type", "xmlurl", "category"})
# XML knows no reference without its semicolon, HTML does: it would read `?a=1&copy=2` as `?a=1©=2`.
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# `feed:https://…` and `feed://…`, which stands for http (draft-obasanjo-feed-uri-scheme).
_FEED_BEFORE, _FEED_FOR_HTTP = (
    re.compile(f"feed:{rest}", re.IGNORECASE) for rest in ("(?://)?(?=https?:)", "(?=//)")
)
_ELSEWHERE = frozenset({"include", "link"})  # outlines that name another list (OPML 2.0)


@dataclass(frozen=True, slots=True)
class Subscription:
    """One feed of a list: its address as it is to be asked, None where it has none; `why` then says what it is."""

    url: str | None
    name: str | None = None
    tags: tuple[str, ...] = ()
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """A list of feeds, each once, in document order; `cut` where it had more than MAX_OUTLINES outlines."""

    feeds: tuple[Subscription, ...] = ()
    cut: bool = False


def read(body: bytes) -> Subscriptions:
    """Read a list of feeds.

    Raises: SourceError("too-large") over LIMIT_BYTES, SourceError("not-a-feed") naming what it saw.
    """
    if len(body) > LIMIT_BYTES:
        raise SourceError("too-large", f"more than {LIMIT_BYTES // 2**20} MiB")
    document = decode(body)
    text = document[after_doctype(document) :]
    if _ROOT.search(text, 0, _WITHIN) is None:
        raise SourceError("not-a-feed", describe(document) if document.strip() else "an empty file")
    parts, _ = sections(text)
    return _read("".join(part for part in parts if not part.startswith(CDATA)))


@dataclass(slots=True)
class _Level:
    """An outline that is open: a folder as soon as something is in it."""

    name: str | None
    stated: Mapping[str, str]
    filled: bool = False


@dataclass(slots=True)
class _List:
    """The list as it grows; a feed that comes again adds its folders to what is there."""

    feeds: dict[str, Subscription] = field(default_factory=dict)

    def add(self, stated: Mapping[str, str], tags: tuple[str, ...]) -> None:
        name, url = _name(stated), _url(stated.get("xmlurl", ""))
        if url is None:
            self.feeds[f"nameless {len(self.feeds)}"] = Subscription(None, name, (), _why(stated))
            return
        place = key(url) or url
        known = self.feeds.get(place)
        together = (*known.tags, *tags) if known else tags
        unique = tuple(dict.fromkeys(together))[:MAX_TAGS]
        self.feeds[place] = Subscription(
            known.url if known else url, (known.name if known else None) or name, unique
        )


def _read(text: str) -> Subscriptions:
    found, levels, number = _List(), list[_Level](), 0
    for number, (stated, ends) in enumerate(_outlines(text), 1):
        if number > MAX_OUTLINES:
            break
        if stated is None:
            _close(found, levels)
            continue
        if levels:
            levels[-1].filled = True
        if stated.get("xmlurl") or ends:
            found.add(stated, _tags(stated, levels))
        if not ends:
            levels.append(_Level(None if stated.get("xmlurl") else _name(stated), stated))
    return Subscriptions(tuple(found.feeds.values()), cut=number > MAX_OUTLINES)


def _close(found: _List, levels: list[_Level]) -> None:
    level = levels.pop() if levels else None
    if level and not level.filled and not level.stated.get("xmlurl"):
        found.add(level.stated, ())


def _outlines(text: str) -> Iterator[tuple[Mapping[str, str] | None, bool]]:
    """Give the attributes of each outline that begins, and whether it ends at once; None for an end tag.

    No character is looked at twice, or a file of tags within tags would take hours.
    """
    at = 0
    while opening := _OUTLINE.search(text, at):
        if opening[1]:
            at = opening.end()
            yield None, True
        else:
            stated, at, ends = _attributes(text, opening.end())
            yield stated, ends


def _attributes(text: str, at: int) -> tuple[Mapping[str, str], int, bool]:
    stated: dict[str, str] = {}
    while True:
        if attribute := _ATTRIBUTE.match(text, at):
            name = attribute[1].lower()
            if name in _WANTED:
                stated.setdefault(name, _decoded(attribute[2] or attribute[3] or ""))
        elif end := _END.match(text, at):
            return stated, end.end(), bool(end[1])
        elif (attribute := _JUNK.match(text, at)) is None:
            return stated, at, True
        at = attribute.end()


def _decoded(value: str) -> str:
    return _REFERENCE.sub(lambda reference: unescape(reference[0]), value).strip()


def _name(stated: Mapping[str, str]) -> str | None:
    return _line(stated.get("text", "")) or _line(stated.get("title", ""))


def _line(value: str) -> str | None:
    if len(value) > _MAX_MARKUP:
        value = (
            value[:_MAX_MARKUP].rpartition("<")[0] or value[:_MAX_MARKUP]
        )  # half a tag would be text
    return plain(value)[:MAX_TEXT].strip() or None


def _url(written: str) -> str | None:
    """Give the address to ask; what is none is given as it is written, since somebody has to be told of it."""
    url = written
    for scheme, instead in ((_FEED_BEFORE, ""), (_FEED_FOR_HTTP, "http:")):
        found = scheme.match(url)
        url = instead + url[found.end() :] if found else url
    return absolute(url) or clean_characters(url) or None


def _why(stated: Mapping[str, str]) -> str:
    kind = stated.get("type", "").lower()
    return (
        f"a {kind} to another document, which is not read"
        if kind in _ELSEWHERE
        else "no xmlUrl: a folder, or no feed"
    )


def _tags(stated: Mapping[str, str], levels: list[_Level]) -> tuple[str, ...]:
    """Give the categories (`/world/asia,radio` are three), then the folders from the outermost."""
    categories = re.split("[,/]", stated.get("category", "")[: MAX_TEXT * MAX_TAGS])
    names = (*map(_line, categories), *(level.name for level in levels[:MAX_DEPTH]))
    return tuple(dict.fromkeys(name for name in names if name))[:MAX_TAGS]
