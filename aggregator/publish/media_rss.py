"""The picture and the enclosures of an entry as elements of Media RSS and Podcasting 2.0."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aggregator.publish.xml_element import MEDIA, PODCAST, add_element, clean_text, clean_texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.model import Enclosure, EnclosureKind, Entry, Image

# RFC 4287 Appendix B, atomMediaType.
_MEDIA_TYPE = re.compile(r".+/.+")
_TRANSCRIPT_RELATIONS: dict[EnclosureKind | None, str] = {"captions": "captions"}


def add_credits_and_picture(parent: Any, entry: Entry) -> None:
    """Add the agencies, and the picture with its caption and size."""
    for agency in clean_texts(entry.credits):
        add_element(parent, f"{{{MEDIA}}}credit", agency)
    if entry.image:
        _add_picture(parent, entry.image)


def _add_picture(parent: Any, image: Image) -> None:
    """Add the picture as Media RSS, because feeds have no captions.

    A reader that shows one text shows the description: the caption, else the alternative text. The
    title is the alternative text.
    """
    width, height = image.width, image.height
    name = f"{{{MEDIA}}}content"
    content = add_element(parent, name, url=image.url, medium="image", width=width, height=height)
    caption, alt = clean_text(image.caption), clean_text(image.alt)
    if alt:
        add_element(content, f"{{{MEDIA}}}title", alt, type="plain")
    if caption or alt:
        add_element(content, f"{{{MEDIA}}}description", caption or alt, type="plain")
    add_element(parent, f"{{{MEDIA}}}thumbnail", url=image.url, width=width, height=height)


def add_media_content(parent: Any, enclosure: Enclosure) -> Any:
    """Add an enclosure, or another format of one, as `media:content`; return the element."""
    return add_element(
        parent,
        f"{{{MEDIA}}}content",
        url=enclosure.url,
        type=media_type(enclosure),
        fileSize=enclosure.length,
        duration=enclosure.duration,
    )


def media_type(enclosure: Enclosure) -> str | None:
    """Return the media type if RFC 4287 allows it."""
    stated = clean_text(enclosure.type)
    return stated if _MEDIA_TYPE.fullmatch(stated) else None


def add_podcast_part(parent: Any, enclosure: Enclosure) -> None:
    """Add an enclosure with a `kind`, which belongs to another one."""
    _ADDERS[enclosure.kind](parent, enclosure)


def _add_alternate(parent: Any, enclosure: Enclosure) -> None:
    """Add another format of an enclosure, which is none of its own for a reader."""
    element = add_element(
        parent,
        f"{{{PODCAST}}}alternateEnclosure",
        type=media_type(enclosure),
        length=enclosure.length,
        title=enclosure.title,
        lang=enclosure.language,
    )
    add_element(element, f"{{{PODCAST}}}source", uri=enclosure.url)
    if enclosure.duration is not None:
        name = f"{{{MEDIA}}}content"
        add_element(parent, name, url=enclosure.url, duration=enclosure.duration)


def _add_transcript(parent: Any, enclosure: Enclosure) -> None:
    """Add the text of an enclosure; captions are a text that says when each word is said."""
    add_element(
        parent,
        f"{{{PODCAST}}}transcript",
        url=enclosure.url,
        type=media_type(enclosure),
        language=enclosure.language,
        rel=_TRANSCRIPT_RELATIONS.get(enclosure.kind),
    )


def _add_chapters(parent: Any, enclosure: Enclosure) -> None:
    add_element(parent, f"{{{PODCAST}}}chapters", url=enclosure.url, type=media_type(enclosure))


_ADDERS: dict[EnclosureKind | None, Callable[[Any, Enclosure], None]] = {
    "alternate": _add_alternate,
    "transcript": _add_transcript,
    "captions": _add_transcript,
    "chapters": _add_chapters,
}
