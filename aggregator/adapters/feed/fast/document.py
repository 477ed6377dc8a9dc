"""Splits a document into its channel and its items, each of which is read by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.adapters.feed.extensions import NO_EXTENSIONS, may_have_extensions, read_item
from aggregator.adapters.feed.fast import item
from aggregator.adapters.feed.fast.channel import ITEMS, read_channel, read_image
from aggregator.adapters.feed.fast.names import ATOM, RSS_10, Declined, Names, check_unread
from aggregator.adapters.feed.fast.texts import Context, attributes, language, resolve
from aggregator.adapters.feed.raw_feed import RawFeed, RawItem
from aggregator.known_items import short_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.known_items import KnownItems

_BASE = re.compile(rb"base\s*=")
_NOT_OF_ITEMS = frozenset({"ttl", "sy_updateperiod", "sy_updatefrequency"})
_PLACES = {"rss": "rss20", "rdf_rdf": "rss10", "feed": "atom10"}


@dataclass(frozen=True, slots=True)
class FeedItem:
    """An item that is not read yet. What it says depends on its markup and the feed's `context`."""

    _element: Any
    _context: Context
    _has_extensions: bool

    def markup(self) -> bytes:
        """Return the item's XML, with the namespaces of the document."""
        written: bytes = etree.tostring(self._element, encoding="utf-8", with_tail=False)
        return written

    def read(self) -> RawItem:
        """Read the item. Raises: Declined."""
        context = self._context.of_item()
        item.read_item(self._element, context)
        extensions = read_item(self._element) if self._has_extensions else NO_EXTENSIONS
        return RawItem(context.fields, extensions)

    def frame(self) -> tuple[object, ...]:
        """Return what its reading depends on besides its markup."""
        context = self._context
        return (context.base_url, context.language, context.has_content, self._has_extensions)


@dataclass(frozen=True, slots=True)
class SplitFeed:
    """A feed whose items are not read yet."""

    version: str
    namespaces: frozenset[str]
    fields: dict[str, Any]
    items: Sequence[FeedItem]


def read_feed(xml: bytes, known: KnownItems | None = None) -> RawFeed:
    """Read a well-formed feed but for its `known` items. Raises: Declined."""
    feed = split_feed(xml)
    if known is None:
        items = [unread.read() for unread in feed.items]
    else:
        items = _read_unknown(feed, known, has_summaries=b"summary>" in xml)
    return RawFeed(feed.version, feed.namespaces, feed.fields, items)


def _read_unknown(feed: SplitFeed, known: KnownItems, *, has_summaries: bool) -> list[RawItem]:
    head = [pair for pair in feed.fields.items() if pair[0] not in _NOT_OF_ITEMS]
    frame = (feed.version, sorted(feed.namespaces), head, has_summaries)
    hashes: dict[tuple[object, ...], bytes] = {}
    items = []
    for unread in feed.items:
        of_item = unread.frame()
        if of_item not in hashes:
            hashes[of_item] = short_hash(repr((frame, of_item)))
        markup_hash = known.hash_markup(hashes[of_item], unread.markup())
        if markup_hash in known.items:
            items.append(RawItem({}, NO_EXTENSIONS, markup_hash, is_known=True))
        else:
            items.append(replace(unread.read(), markup_hash=markup_hash))
    return items


def split_feed(xml: bytes) -> SplitFeed:
    """Read a feed without its items. Raises: Declined."""
    root = _parse(xml)
    names = Names(root)
    stated = attributes(root)
    version = _version(root, names)
    base_url = stated.get("xml:base", stated.get("base", ""))
    _check_base(base_url, xml)
    is_atom = version == "atom10"
    channel = Context(names, base_url, is_atom, language(stated, None))
    if channel.language and names.name(root) != "rdf_rdf":
        channel.fields["language"] = channel.language

    elements = _read_head(root, version, channel)
    has_extensions = may_have_extensions(xml) and _are_all_items(root, elements)
    first = Context(names, base_url, is_atom, channel.language, has_content=channel.has_content)
    later = Context(names, base_url, is_atom, channel.language)
    items = []
    for index, element in enumerate(elements):
        items.append(FeedItem(element, later if index else first, has_extensions))
    return SplitFeed(version, names.in_use, channel.fields, items)


def _parse(xml: bytes) -> Any:
    if xml.count(b"<?") > 1:
        raise Declined("a processing instruction")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        return etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        raise Declined(f"lxml: {error}") from error


def _version(root: Any, names: Names) -> str:
    """Return feedparser's name of the format; decline the formats of which nothing is new."""
    name = names.name(root)
    uris = {uri.lower() for uri in root.nsmap.values()}
    version = _PLACES.get(name)
    if version == "atom10" and (ATOM not in uris or RSS_10 in uris):
        version = None
    if version == "rss10" and (RSS_10 not in uris or ATOM in uris):
        version = None
    if version is None:
        raise Declined(f"the root {root.tag}")
    return version


def _check_base(base_url: str, xml: bytes) -> None:
    """Decline a base that is not one absolute URL for the whole document."""
    count = 0
    lowered = xml.lower()
    for match in _BASE.finditer(lowered):
        if not lowered[match.start() - 1 : match.start()].isalnum():
            count += 1
    if count != bool(base_url):
        raise Declined("a base of its own")
    if base_url and not _is_plain_base(base_url):
        raise Declined("a relative base")


def _is_plain_base(base_url: str) -> bool:
    """Tell whether a base is one that stays the same however often it is resolved."""
    is_web = base_url.startswith(("http://", "https://"))
    return is_web and resolve(base_url, base_url) == base_url


def _read_head(root: Any, version: str, channel: Context) -> list[Any]:
    """Read what is said once for all items, and return these."""
    if version == "atom10":
        return read_channel(root, channel)
    items: list[Any] = []
    channels = 0
    for child in root:
        name = channel.names.name(child)
        if name in _AFTER_CHANNEL and channels == 0:
            raise Declined(f"{name} before the channel")
        if name == "channel":
            channels += 1
            items += read_channel(child, channel)
        elif version == "rss20":
            check_unread(child, channel.names)
        elif name in ITEMS:
            items.append(child)
        elif name == "image":
            read_image(child, Context(channel.names, channel.base_url, False, None))
        elif name == "textinput":
            _ignore_input(child, channel.names)
        else:
            check_unread(child, channel.names)
    if channels != 1:
        raise Declined("not one channel")
    return items


_AFTER_CHANNEL = frozenset({*ITEMS, "image", "textinput"})
_INPUT = frozenset({"title", "description", "name", "link"})


def _ignore_input(element: Any, names: Names) -> None:
    for child in element:
        if names.name(child) not in _INPUT or len(child):
            raise Declined("a text input")


def _are_all_items(root: Any, elements: list[Any]) -> bool:
    return len(list(root.iter("{*}item", "{*}entry"))) == len(elements)
