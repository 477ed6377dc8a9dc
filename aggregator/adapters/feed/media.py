"""What a feed item attaches: pictures, audio, video.

Rule: everything stated is given once, best first: pictures of known width before those without, thumbnails last; the
channel's logo is no picture of an item.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aggregator.model import Enclosure, RawImage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_IMAGE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|svg)(?=$|[?#&!])", re.IGNORECASE)
_SOUND = re.compile(
    r"\.(?:mp3|m4a|aac|ogg|oga|opus|wav|flac|mp4|m4v|mov|webm|mkv|m3u8)(?=$|[?#])", re.IGNORECASE
)
_SOUND_TYPES = (
    "audio/",
    "video/",
    "application/ogg",
    "application/x-mpegurl",
    "application/vnd.apple.mpegurl",
)
_UNTOLD = ("", "application/octet-stream")
_CLOCK = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,6})(?:\.\d+)?")
_MAX_NUMBER = 2**53  # beyond it a size or a length is no measurement


def images(item: Mapping[str, Any]) -> tuple[RawImage, ...]:
    """Give the pictures of an item of feedparser."""
    media = [
        content for content in dicts(item.get("media_content")) if _kind(content, "url") == "image"
    ]
    caption = text(item.get("media_caption")) if len(media) == 1 else None
    found = [
        *_widest_first(_image(content, "url", "feed:media:content", caption) for content in media),
        *(
            _image(link, "href", "feed:enclosure")
            for link in _enclosed(item)
            if _kind(link, "href") == "image"
        ),
        *(_image(image, "href", "feed:itunes:image") for image in dicts([item.get("image")])),
        *_widest_first(
            _image(thumb, "url", "feed:media:thumbnail")
            for thumb in dicts(item.get("media_thumbnail"))
        ),
    ]
    first: dict[str, RawImage] = {}
    for image in found:
        if image.url:
            first.setdefault(image.url, image)
    return tuple(first.values())


def enclosures(item: Mapping[str, Any]) -> tuple[Enclosure, ...]:
    """Give the audio and video of an item of feedparser; the item's itunes:duration belongs to the first of them."""
    found: dict[str, Enclosure] = {}
    for fields, key in (
        *((link, "href") for link in _enclosed(item)),
        *((content, "url") for content in dicts(item.get("media_content"))),
    ):
        url = text(fields.get(key))
        if url and _kind(fields, key) == "sound":
            found.setdefault(url, _enclosure(url, fields))
    return _timed(tuple(found.values()), seconds(item.get("itunes_duration")))


def seconds(value: object) -> int | None:
    """Read `356`, `05:56` or `00:05:56` as seconds."""
    found = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        return None
    hours, minutes, rest = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + rest or None


def number(value: object) -> int | None:
    """Read a positive whole number; None for what is none (`0`, `-1`, `unknown`)."""
    digits = str(value).strip() if isinstance(value, str | int | float) else ""
    whole = digits.split(".")[0]
    if not (whole.isascii() and whole.isdigit() and len(whole) < 17):
        return None
    return int(whole) if 0 < int(whole) < _MAX_NUMBER else None


def dicts(values: object) -> list[Mapping[str, Any]]:
    """Keep the mappings of what a foreign parser gave as a list."""
    # A copy, because feedparser's own dictionaries look every key up in Python.
    return (
        [dict(value) for value in values if isinstance(value, dict)]
        if isinstance(values, list)
        else []
    )


def text(value: object) -> str | None:
    """Give a text without the space around it; None for an empty one and for what is no text."""
    return (value.strip() or None) if isinstance(value, str) else None


def _enclosed(item: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (link for link in dicts(item.get("links")) if link.get("rel") == "enclosure")


def _kind(fields: Mapping[str, Any], key: str) -> str | None:
    """Tell `image` or `sound` (audio, video) by type, then medium, then the file's name."""
    media_type, medium = (
        str(fields.get("type") or "").lower(),
        str(fields.get("medium") or "").lower(),
    )
    url = str(fields.get(key) or "")
    if media_type.startswith("image/") or medium == "image":
        return "image"
    if media_type.startswith(_SOUND_TYPES) or (
        medium in ("audio", "video") and not media_type.startswith("text/")
    ):
        return "sound"
    if media_type not in _UNTOLD or medium:
        return None
    if _IMAGE.search(url):
        return "image"
    return "sound" if _SOUND.search(url) or fields.get("rel") == "enclosure" else None


def _image(fields: Mapping[str, Any], key: str, where: str, caption: str | None = None) -> RawImage:
    width, height = number(fields.get("width")), number(fields.get("height"))
    return RawImage(text(fields.get(key)) or "", where, caption=caption, width=width, height=height)


def _widest_first(found: Iterable[RawImage]) -> list[RawImage]:
    return sorted(found, key=lambda image: -(image.width or 0))


def _enclosure(url: str, fields: Mapping[str, Any]) -> Enclosure:
    length = number(fields.get("length")) or number(fields.get("filesize"))
    return Enclosure(url, text(fields.get("type")), length, seconds(fields.get("duration")))


def _timed(found: tuple[Enclosure, ...], duration: int | None) -> tuple[Enclosure, ...]:
    if not found or duration is None or found[0].duration is not None:
        return found
    first = found[0]
    return (Enclosure(first.url, first.type, first.length, duration), *found[1:])
