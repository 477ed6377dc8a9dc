"""Chooses the attachments of an item: every one that can be opened, without the entry's picture."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.normalize import image, language, text, url
from aggregator.normalize import observer as why
from aggregator.normalize.decisions import evidence_kind
from aggregator.normalize.identity import drop_unstorable
from aggregator.normalize.media_type import MAGNET, decide_media_type, is_image

if TYPE_CHECKING:
    from aggregator.model import Enclosure, Image, RawEntry
    from aggregator.normalize.decisions import Decisions
    from aggregator.normalize.entry import NormalizeContext

_COMPLETED_FIELDS = ("type", "length", "duration", "title", "language")
_BLANK = re.compile(r"\s")


def choose_enclosures(
    raw: RawEntry, picture: Image | None, context: NormalizeContext, decisions: Decisions
) -> tuple[Enclosure, ...]:
    """Return the attachments, each URL once; `picture`, the image of the entry, is none of them."""
    enclosures: dict[str, Enclosure] = {}  # by URL
    for stated in raw.enclosures:
        chosen = _with_address_and_type(stated, raw)
        if chosen is None:
            reason: str | None = why.NO_LINK
        elif chosen.url in enclosures:
            reason = why.REPEATED
        else:
            reason = _reason_against(chosen, picture, context)
        decisions.report("enclosures", stated, reason)
        if chosen and reason is None:
            enclosures[chosen.url] = chosen

    if enclosures:
        decisions.set_provenance("enclosures", _evidence(raw))
    return tuple(enclosures.values())


def complete_enclosure(known: Enclosure, other: Enclosure) -> Enclosure:
    """Return what is known of an attachment, completed by what else is said of its URL."""
    stated = {}
    for name in _COMPLETED_FIELDS:
        if getattr(known, name) is None:
            stated[name] = getattr(other, name)
    return replace(known, **stated)


def _with_address_and_type(stated: Enclosure, raw: RawEntry) -> Enclosure | None:
    """Return an attachment with a URL to open and the media type that it has, None without one."""
    address = _address(stated, raw)
    if not address:
        return None

    media_type = decide_media_type(drop_unstorable(stated.type or ""), address)
    title = text.plain_text(stated.title or "")
    tag = language.canonical_tag(stated.language or "")
    return replace(stated, url=address, type=media_type, title=title or None, language=tag)


def _address(stated: Enclosure, raw: RawEntry) -> str | None:
    """Return the URL of an attachment or, for a torrent, its magnet link."""
    if stated.url[: len(MAGNET)].lower() == MAGNET:
        return _BLANK.sub("", drop_unstorable(stated.url))
    return url.clean(stated.url, base=raw.base_url)


def _reason_against(
    enclosure: Enclosure, picture: Image | None, context: NormalizeContext
) -> str | None:
    """Return why an attachment that is a picture does not count, None if it does or is none."""
    if is_image(enclosure.type):
        if image.is_placeholder(enclosure.url, extra=context.placeholders):
            return why.PLACEHOLDER
    elif enclosure.type is not None:
        return None
    if picture and image.image_key(enclosure.url) == image.image_key(picture.url):
        return why.IS_PICTURE
    return None


def _evidence(raw: RawEntry) -> str:
    """Return where enclosures come from; they do not say so themselves.

    It is the body of a saved article, else whatever the item's link or title comes from.
    """
    if raw.captured:
        return "body"
    for candidate in (*raw.url, *raw.title):
        return evidence_kind(candidate.where)
    return "feed"
