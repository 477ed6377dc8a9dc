"""Reads OPML 1.0, 1.1 and 2.0 (opml.org/spec2.opml), the list of feeds that any reader exports.

A file is not trusted. It is scanned once from end to end and never parsed as XML, so
that no DTD, entity or depth can keep us busy, and a bare `&` or a missing end tag loses
nothing. Nothing that it names is loaded.

The names of attributes count in any letter case, folders and categories become tags, and
names and tags are plain text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING, NamedTuple

from aggregator.adapters.charset import decode
from aggregator.adapters.feed.describe import describe
from aggregator.adapters.feed.dtd import doctype_end
from aggregator.adapters.feed.item_limits import CDATA
from aggregator.adapters.feed.xml_repair import split_sections
from aggregator.errors import SourceError
from aggregator.normalize.text import clean_characters, plain_text
from aggregator.normalize.url import page_key
from aggregator.normalize.url.parts import absolute_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Attributes = Mapping[str, str]

LIMIT_BYTES = 16 * 1024 * 1024
MAX_OUTLINES = 50_000  # GHSA-83jp-rww3-57rr: a list without end held a reader until it was killed
MAX_DEPTH = 50  # deeper folders are flattened: they give no tag of their own
MAX_TAGS = 20  # of one feed
MAX_TEXT = 200  # characters of a name or a tag

_MAX_MARKUP = 2_000  # characters: what is read of a name with its markup
_ROOT_WITHIN = 65_536  # characters: how much may precede the root
_ROOT = re.compile(r"<opml(?=[\s>])", re.IGNORECASE)
_OUTLINE = re.compile(r"<(?P<end>/?)outline(?=[\s/>])", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\s*+([\w:.-]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)')""")
_TAG_END = re.compile(r"\s*+(?P<empty>/?)>")
_JUNK = re.compile(r"\s*+[^\s<>]++")  # of a quote inside a value, say
_WANTED = frozenset({"text", "title", "type", "xmlurl", "category"})
# Only with a semicolon, as in XML. HTML would read `?a=1&copy=2` as `?a=1©=2`.
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# `feed:https://…` and `feed://…`, which stands for http (draft-obasanjo-feed-uri-scheme).
_FEED_BEFORE = re.compile("feed:(?://)?(?=https?:)", re.IGNORECASE)
_FEED_FOR_HTTP = re.compile("feed:(?=//)", re.IGNORECASE)
_CATEGORY_SEPARATOR = re.compile("[,/]")
_LINK_TYPES = frozenset({"include", "link"})  # outlines that name another list (OPML 2.0)


@dataclass(frozen=True, slots=True)
class Subscription:
    """One feed of a list; `url` is None without one, and `reason` then says what it is."""

    url: str | None
    name: str | None = None
    tags: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """The feeds of a list, each once, in document order.

    `is_truncated`: the list had more outlines than the limit.
    """

    feeds: tuple[Subscription, ...] = ()
    is_truncated: bool = False


def read(body: bytes, *, max_outlines: int = MAX_OUTLINES) -> Subscriptions:
    """Read a list of feeds, up to `max_outlines` outlines.

    Raises:
        SourceError: "too-large" over LIMIT_BYTES, "not-a-feed" with what the file is
            instead.
    """
    if len(body) > LIMIT_BYTES:
        raise SourceError("too-large", f"more than {LIMIT_BYTES // 2**20} MiB")

    document = decode(body)
    text = document[doctype_end(document) :]
    if not document.strip():
        raise SourceError("not-a-feed", "an empty file")
    if _ROOT.search(text, 0, _ROOT_WITHIN) is None:
        raise SourceError("not-a-feed", describe(document))

    parts, _ = split_sections(text)
    markup = [part for part in parts if not part.startswith(CDATA)]
    return _read_markup("".join(markup), max_outlines)


@dataclass(slots=True)
class _OpenOutline:
    """An outline whose end has not come: a folder as soon as something is in it."""

    name: str | None
    attributes: Attributes
    is_folder: bool = False


@dataclass(slots=True)
class _FeedList:
    """The feeds read so far; a feed that comes again adds its tags to the first one."""

    feeds: dict[str, Subscription] = field(default_factory=dict)

    def add(self, attributes: Attributes, tags: tuple[str, ...]) -> None:
        name = _name(attributes)
        url = _url(attributes.get("xmlurl", ""))
        if url is None:
            no_feed = Subscription(None, name, (), _describe_other(attributes))
            self.feeds[f"nameless {len(self.feeds)}"] = no_feed
            return

        feed_key = page_key(url) or url
        known = self.feeds.get(feed_key)
        if known is not None:
            url = known.url
            name = known.name or name
            tags = _first_tags((*known.tags, *tags))
        self.feeds[feed_key] = Subscription(url, name, tags)


def _read_markup(text: str, max_outlines: int) -> Subscriptions:
    found = _FeedList()
    opened: list[_OpenOutline] = []
    for number, tag in enumerate(_outline_tags(text), 1):
        if number > max_outlines:
            return Subscriptions(tuple(found.feeds.values()), is_truncated=True)
        if tag.attributes is None:
            _close(found, opened)
        else:
            _open(found, opened, tag.attributes, is_empty=tag.is_empty)
    return Subscriptions(tuple(found.feeds.values()))


def _open(
    found: _FeedList, opened: list[_OpenOutline], attributes: Attributes, *, is_empty: bool
) -> None:
    """Add an outline that begins; an empty one is its own end."""
    if opened:
        opened[-1].is_folder = True
    is_feed = bool(attributes.get("xmlurl"))
    if is_feed or is_empty:
        found.add(attributes, _tags(attributes, opened))
    if not is_empty:
        folder_name = None if is_feed else _name(attributes)
        opened.append(_OpenOutline(folder_name, attributes))


def _close(found: _FeedList, opened: list[_OpenOutline]) -> None:
    """End the innermost outline; one without a URL and content is reported."""
    if not opened:
        return
    outline = opened.pop()
    if not outline.is_folder and not outline.attributes.get("xmlurl"):
        found.add(outline.attributes, ())


class _OutlineTag(NamedTuple):
    """A tag of an outline; an end tag has None as attributes."""

    attributes: Attributes | None
    is_empty: bool


def _outline_tags(text: str) -> Iterator[_OutlineTag]:
    """Yield the start and end tags of outlines.

    No character is looked at twice, or a file of tags within tags would take hours.
    """
    position = 0
    while opening := _OUTLINE.search(text, position):
        position = opening.end()
        if opening["end"]:
            yield _OutlineTag(None, is_empty=True)
        else:
            attributes, position = _read_attributes(text, position)
            end = _TAG_END.match(text, position)
            is_empty = True  # a tag that breaks off has no content
            if end is not None:
                position = end.end()
                is_empty = bool(end["empty"])
            yield _OutlineTag(attributes, is_empty)


def _read_attributes(text: str, position: int) -> tuple[Attributes, int]:
    """Return the attributes of a tag, and where they end."""
    attributes: dict[str, str] = {}
    while True:
        attribute = _ATTRIBUTE.match(text, position)
        if attribute:
            name = attribute[1].lower()
            if name in _WANTED:
                value = attribute[2] or attribute[3] or ""
                attributes.setdefault(name, _replace_references(value))
            position = attribute.end()
            continue

        junk = _JUNK.match(text, position)
        if junk is None or _TAG_END.match(text, position):
            return attributes, position
        position = junk.end()


def _replace_references(value: str) -> str:
    return _REFERENCE.sub(lambda reference: unescape(reference[0]), value).strip()


def _name(attributes: Attributes) -> str | None:
    name = _line(attributes.get("text", ""))
    if name is None:
        name = _line(attributes.get("title", ""))
    return name


def _line(value: str) -> str | None:
    """Return a name as plain text, None for an empty one."""
    if len(value) > _MAX_MARKUP:
        value = value[:_MAX_MARKUP]
        value = value.rpartition("<")[0] or value  # half a tag would be text
    return plain_text(value)[:MAX_TEXT].strip() or None


def _url(written: str) -> str | None:
    """Return the URL to fetch, None for an empty one.

    What is no URL is returned as it is written, so that a message can name it.
    """
    url = written
    before = _FEED_BEFORE.match(url)
    if before:
        url = url[before.end() :]
    for_http = _FEED_FOR_HTTP.match(url)
    if for_http:
        url = "http:" + url[for_http.end() :]
    return absolute_url(url) or clean_characters(url) or None


def _describe_other(attributes: Attributes) -> str:
    """Say what an outline without a URL is."""
    kind = attributes.get("type", "").lower()
    if kind in _LINK_TYPES:
        return f"a {kind} to another document, which is not read"
    return "no xmlUrl: a folder, or no feed"


def _tags(attributes: Attributes, folders: list[_OpenOutline]) -> tuple[str, ...]:
    """Return the categories (`/world/asia,radio` are three), then the outermost folders."""
    written = attributes.get("category", "")[: MAX_TEXT * MAX_TAGS]
    names = [_line(category) for category in _CATEGORY_SEPARATOR.split(written)]
    for folder in folders[:MAX_DEPTH]:
        names.append(folder.name)
    return _first_tags(names)


def _first_tags(names: Iterable[str | None]) -> tuple[str, ...]:
    """Return each name once, MAX_TAGS at most."""
    tags = dict[str, None]()
    for name in names:
        if name:
            tags[name] = None
    return tuple(tags)[:MAX_TAGS]
