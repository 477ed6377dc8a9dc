"""Stores the readable content of a version as bytes: canonical JSON, compressed.

Equal contents give equal bytes, so that a digest tells them apart. The plain text of the HTML is not stored: it
is made again on reading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import orjson

from aggregator import zstd
from aggregator.model import Enclosure, Entry, Evidence, Image, Teller
from aggregator.normalize.text.size import measure_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from aggregator.model import Revision, TextSize

ZSTD = 1  # the codec: a zstd frame; another number will mean a frame made with a dictionary

_TAG = re.compile(r"<[^>]*>")
_EVIDENCE_FIELDS = tuple(item.name for item in fields(Evidence))
_LATER_FIELDS = ("comments", "contributors", "comments_feed", "via")
_FIRST_ENCLOSURE_FIELDS = ("url", "type", "length", "duration")
_LATER_ENCLOSURE_FIELDS = ("title", "kind", "language")
_LEVEL = 1  # of 19: a quarter faster than 3 and 2 % larger on articles of a few kilobytes; higher ones gain 3 % more


class Compressor:
    """Compresses contents; one thread at a time may use it."""

    __slots__ = ("_zstd",)

    def __init__(self) -> None:
        self._zstd = zstd.ZstdCompressor(level=_LEVEL)

    def pack(self, data: bytes) -> dict[str, Any]:
        """Return the columns `codec` and `body` for `data`."""
        return {"codec": ZSTD, "body": self._zstd.compress(data, mode=self._zstd.FLUSH_FRAME)}


def decompress(codec: int, body: bytes) -> bytes:
    """Return the data of the columns `codec` and `body`.

    Raises: ValueError for a codec of a newer version.
    """
    if codec != ZSTD:
        raise ValueError(f"content in codec {codec}, which this version cannot read")
    return zstd.decompress(body)


def dump_content(revision: Revision) -> bytes:
    """Return the canonical JSON of all that is not in a column of its own."""
    fields: dict[str, Any] = {
        "url": revision.url,
        "url_original": revision.url_original,
        "title": revision.title,
        "summary": revision.summary,
        "content_html": revision.content_html,
        "authors": revision.authors,
        "credits": revision.credits,
        "tags": revision.tags,
        "language": revision.language,
        "publisher": revision.publisher,
        "image": revision.image,
        "enclosures": [_enclosure_dict(enclosure) for enclosure in revision.enclosures],
        "guid": revision.guid,
        "provenance": dict(revision.provenance),
        "evidence": [_evidence_dict(evidence) for evidence in revision.evidence],
    }
    # Left out where absent: older contents lack them.
    for name in _LATER_FIELDS:
        value = getattr(revision, name)
        if value:
            fields[name] = value
    return dump_fields(fields)


def dump_fields(fields: Mapping[str, Any]) -> bytes:
    """Return the canonical JSON of the fields of a content."""
    return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)


def text_size_of(revision: Revision) -> TextSize:
    """Return the size of a revision's text, measured where that has not been done yet."""
    if revision.text_size is not None:
        return revision.text_size
    return measure_text(revision.title, revision.content_html, revision.summary)


def plain_text(content: Mapping[str, Any]) -> str:
    """Return the text of a loaded content without its tags, else its summary."""
    if content["content_html"]:
        return _TAG.sub(" ", content["content_html"])
    return content["summary"] or ""


def digest(data: bytes) -> bytes:
    """Return 16 bytes that stand for `data`."""
    return blake2b(data, digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Facets:
    """The parts of a content that an entry's row repeats, for filters; `tags` as JSON."""

    url: str | None
    language: str | None
    tags: str


def facets(content: dict[str, Any]) -> Facets:
    """Return what filters need of a loaded `content`."""
    return Facets(content["url"], content["language"], orjson.dumps(content["tags"]).decode())


def primary_language(language: str | None) -> str | None:
    """Return the language without script and region, by which views look it up.

    >>> primary_language("zh-Hans")
    'zh'
    """
    return None if language is None else language.partition("-")[0]


def load_content(data: bytes) -> dict[str, Any]:
    """Return the mapping that `dump_content` wrote."""
    loaded: dict[str, Any] = orjson.loads(data)
    return loaded


@dataclass(frozen=True, slots=True)
class EntryColumns:
    """The columns of an entry, without its content."""

    uid: bytes
    source: str
    published: datetime
    published_from: str
    published_where: str | None
    updated: datetime
    first_seen: datetime
    revision: int
    duplicates: tuple[str, ...] = ()


def build_entry(
    frame: EntryColumns, content: dict[str, Any], *, text_of: Callable[[str], str]
) -> Entry:
    """Build an entry from its columns and a loaded content."""
    html = content["content_html"]
    content_text = None
    if html is not None:
        content_text = text_of(html)
    image = None
    if content["image"] is not None:
        image = Image(**content["image"])
    enclosures = [Enclosure(**enclosure) for enclosure in content["enclosures"]]
    tellers = [Teller(**teller) for teller in content.get("tellers", ())]
    return Entry(
        id=urn(frame.uid),
        source=frame.source,
        url=content["url"],
        url_original=content["url_original"],
        title=content["title"],
        summary=content["summary"],
        content_html=html,
        content_text=content_text,
        published=frame.published,
        published_from=frame.published_from,
        updated=frame.updated,
        first_seen=frame.first_seen,
        authors=tuple(content["authors"]),
        credits=tuple(content["credits"]),
        tags=tuple(content["tags"]),
        language=content["language"],
        publisher=content["publisher"],
        image=image,
        enclosures=tuple(enclosures),
        guid=content["guid"],
        revision=frame.revision,
        duplicates=frame.duplicates,
        provenance=_provenance(content["provenance"], frame.published_where),
        comments=content.get("comments"),
        tellers=tuple(tellers),
        contributors=tuple(content.get("contributors", ())),
        comments_feed=content.get("comments_feed"),
        via=tuple(content.get("via", ())),
    )


def urn(uid: bytes) -> str:
    """Return the public id of an entry.

    >>> urn(bytes(16))
    'urn:uuid:00000000-0000-0000-0000-000000000000'
    """
    text = uid.hex()
    return f"urn:uuid:{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def evidence_of(content: dict[str, Any], field: str) -> tuple[Evidence, ...]:
    """Return what a loaded `content` keeps of how the date `field` was stated."""
    return tuple(Evidence(**stated) for stated in content["evidence"] if stated["field"] == field)


def _enclosure_dict(enclosure: Enclosure) -> dict[str, Any]:
    """Return the fields of an enclosure, the later ones only if they are stated.

    So the content of an entry that has none of them stays the same to the byte.
    """
    stated = {name: getattr(enclosure, name) for name in _FIRST_ENCLOSURE_FIELDS}
    for name in _LATER_ENCLOSURE_FIELDS:
        value = getattr(enclosure, name)
        if value is not None:
            stated[name] = value
    return stated


def _evidence_dict(evidence: Evidence) -> dict[str, Any]:
    return {
        name: value for name in _EVIDENCE_FIELDS if (value := getattr(evidence, name)) is not None
    }


def _provenance(found: dict[str, str], published_where: str | None) -> dict[str, str]:
    kept = {name: where for name, where in found.items() if name != "published"}
    if published_where is not None:
        kept["published"] = published_where
    return kept
