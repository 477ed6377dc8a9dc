"""Reads every feed there is with feedparser, which decides what a feed says.

It is imported on demand. Its own sanitizer and resolver stay off (3.5 times faster; both are done
once, later). It always gets a BytesIO, because it opens paths and URLs given as text.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

import feedparser

from aggregator.adapters.feed import sax_reader
from aggregator.adapters.feed.extensions import NO_EXTENSIONS, read_extensions
from aggregator.adapters.feed.raw_feed import RawFeed, RawItem
from aggregator.errors import SourceError

# feedparser sets `bozo` for these too, but we chose the encoding and the media type ourselves.
_HARMLESS_BOZO = (feedparser.CharacterEncodingOverride, feedparser.NonXMLContentType)
sax_reader.prefer_for_feedparser()


def read_feed(xml: bytes, declined: str | None = None) -> RawFeed:
    """Read a feed; `declined` says why no other reader did.

    Raises: SourceError "parse" where feedparser fails.
    """
    result = _run_feedparser(xml)
    entries = result["entries"]
    extensions = read_extensions(xml, len(entries)) or [NO_EXTENSIONS] * len(entries)
    items = [RawItem(dict(entry), own) for entry, own in zip(entries, extensions, strict=True)]
    return RawFeed(
        result["version"],
        frozenset(result["namespaces"]),
        dict(result["feed"]),
        items,
        is_malformed=_is_malformed(result),
        declined=declined,
    )


def _run_feedparser(xml: bytes) -> Any:
    try:
        return feedparser.parse(
            BytesIO(xml),
            response_headers=sax_reader.UTF8_HEADERS,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # foreign code reads foreign bytes
        reason = f"the feed cannot be read: {type(error).__name__}: {error}"
        raise SourceError("parse", reason) from error


def _is_malformed(result: Any) -> bool:
    """Tell whether feedparser found the document malformed."""
    if not result["bozo"]:
        return False
    return not isinstance(result.get("bozo_exception"), _HARMLESS_BOZO)
