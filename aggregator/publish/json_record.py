"""Entries, evidence and outcomes as mappings for JSON.

All keys are always present, in the order of docs/entry.md. Times are RFC 3339 in UTC
with `Z`; absent values are null.
"""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING

from aggregator.escapes import escape_json
from aggregator.publish.links import with_valid_links

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.model import Enclosure, Entry, Evidence, Image, Outcome, Teller

# A link without a scheme is relative, a colon after `/`, `?` or `#` belongs to it. Browsers
# ignore control characters and blanks in front of a scheme, and line ends and tabs in it.
_IGNORED_IN_SCHEME = re.compile(r"[\x00-\x20]+")
_SCHEME = re.compile(r"([^/?#:]*):")
_SAFE_SCHEMES = frozenset({"http", "https", "file", "mailto", "magnet"})


def entry_json(entry: Entry) -> bytes:
    """Return an entry as one line of JSON in UTF-8, without the line end."""
    import orjson

    return escape_json(orjson.dumps(entry_record(entry)))


def mark_unsafe(url: str | None) -> str | None:
    """Return a link as it was found; one that a browser might run begins with `unsafe:`.

    >>> mark_unsafe("javascript:alert(1)"), mark_unsafe("/article?at=10:30")
    ('unsafe:javascript:alert(1)', '/article?at=10:30')
    """
    scheme = _SCHEME.match(_IGNORED_IN_SCHEME.sub("", url or ""))
    if scheme is None or scheme[1].lower() in _SAFE_SCHEMES:
        return url
    return f"unsafe:{url}"


def entry_record(entry: Entry) -> dict[str, object]:
    """Return an entry with the keys of the common schema, its links valid (RFC 3986)."""
    entry = with_valid_links(entry)
    return {
        "id": entry.id,
        "source": entry.source,
        "url": entry.url,
        "url_original": mark_unsafe(entry.url_original),
        "title": entry.title,
        "summary": entry.summary,
        "content_html": entry.content_html,
        "content_text": entry.content_text,
        "published": rfc3339(entry.published),
        "published_from": entry.published_from,
        "updated": rfc3339(entry.updated),
        "first_seen": rfc3339(entry.first_seen),
        "authors": list(entry.authors),
        "credits": list(entry.credits),
        "tags": list(entry.tags),
        "language": entry.language,
        "publisher": entry.publisher,
        "image": None if entry.image is None else image_record(entry.image),
        "enclosures": [enclosure_record(enclosure) for enclosure in entry.enclosures],
        "guid": entry.guid,
        "revision": entry.revision,
        "duplicates": list(entry.duplicates),
        "provenance": dict(entry.provenance),
        "comments": entry.comments,
        "tellers": [_teller_record(teller) for teller in entry.tellers],
        "contributors": list(entry.contributors),
        "comments_feed": entry.comments_feed,
        "via": list(entry.via),
    }


def evidence_record(evidence: Evidence) -> dict[str, object]:
    """Return the evidence of a date as `show` prints it, with the offset in the form of RFC 3339."""
    return {
        "field": evidence.field,
        "raw": evidence.raw,
        "where": evidence.where,
        "precision": evidence.precision,
        "offset": None if evidence.offset is None else _format_offset(evidence.offset),
        "zone": evidence.zone,
        "form": evidence.form,
        "refused": evidence.refused,
    }


def outcome_record(outcome: Outcome) -> dict[str, object]:
    """Return the outcome of a run as the commands print it."""
    return {
        "source": outcome.source,
        "started": rfc3339(outcome.started),
        "ms": outcome.ms,
        "status": outcome.status,
        "found": outcome.found,
        "new": outcome.new,
        "changed": outcome.changed,
        "same": outcome.same,
        "rejected": list(outcome.rejected),
        "notes": list(outcome.notes),
        "renewed_guids": outcome.renewed_guids,
        "http_status": outcome.http_status,
        "size_bytes": outcome.size_bytes,
        "error": outcome.error,
        "message": outcome.message,
    }


def rfc3339(moment: datetime) -> str:
    """Format an aware time in UTC, with a fraction of a second only if it has one.

    >>> from datetime import datetime
    >>> rfc3339(datetime(2026, 3, 1, 12, tzinfo=UTC))
    '2026-03-01T12:00:00Z'
    """
    return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def _format_offset(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"


def image_record(image: Image) -> dict[str, object]:
    """Return a picture with the keys of the common schema."""
    return {
        "url": image.url,
        "caption": image.caption,
        "alt": image.alt,
        "width": image.width,
        "height": image.height,
    }


def _teller_record(teller: Teller) -> dict[str, object]:
    return {
        "source": teller.source,
        "url": teller.url,
        "comments": teller.comments,
        "tier": teller.tier,
        "letters": teller.letters,
        "revisions": teller.revisions,
    }


def enclosure_record(enclosure: Enclosure) -> dict[str, object]:
    """Return an enclosure with the keys of the common schema."""
    return {
        "url": enclosure.url,
        "type": enclosure.type,
        "length": enclosure.length,
        "duration": enclosure.duration,
        "title": enclosure.title,
        "kind": enclosure.kind,
        "language": enclosure.language,
    }
