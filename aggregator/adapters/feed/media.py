"""The pictures, audio and video of a feed item.

Each is returned once, best first: pictures of known width before those without, and
thumbnails last. The channel's logo is no picture of an item.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aggregator.model import Enclosure, RawImage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Media types of audio and video, by their beginning.
SOUND_TYPES = (
    "audio/",
    "video/",
    "application/ogg",
    "application/x-mpegurl",
    "application/vnd.apple.mpegurl",
)
_IMAGE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|svg)(?=$|[?#&!])", re.IGNORECASE)
_SOUND = re.compile(
    r"\.(?:mp3|m4a|aac|ogg|oga|opus|wav|flac|mp4|m4v|mov|webm|mkv|m3u8)(?=$|[?#])", re.IGNORECASE
)
_UNKNOWN_TYPES = ("", "application/octet-stream")
_CLOCK = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,6})(?:\.\d+)?")
_MAX_NUMBER = 2**53  # beyond it a size or a length is no measurement
_MAX_DIGITS = 16


def images(item: Mapping[str, Any]) -> tuple[RawImage, ...]:
    """Return the pictures of a feedparser item."""
    candidates = _media_images(item)
    for link in _enclosure_links(item):
        if _kind(link, "href") == "image":
            candidates.append(_image(link, "href", "feed:enclosure"))
    for image in keep_dicts([item.get("image")]):
        candidates.append(_image(image, "href", "feed:itunes:image"))
    candidates.extend(_thumbnails(item))

    first: dict[str, RawImage] = {}
    for candidate in candidates:
        if candidate.url:
            first.setdefault(candidate.url, candidate)
    return tuple(first.values())


def _media_images(item: Mapping[str, Any]) -> list[RawImage]:
    """Return the pictures in media:content, the widest first."""
    contents = []
    for content in keep_dicts(item.get("media_content")):
        if _kind(content, "url") == "image":
            contents.append(content)

    caption = None
    if len(contents) == 1:  # it is not known which of several pictures a caption describes
        caption = text_or_none(item.get("media_caption"))
    found = [_image(content, "url", "feed:media:content", caption) for content in contents]
    return sorted(found, key=_by_width)


def _thumbnails(item: Mapping[str, Any]) -> list[RawImage]:
    """Return the pictures in media:thumbnail, the widest first."""
    thumbnails = keep_dicts(item.get("media_thumbnail"))
    found = [_image(thumbnail, "url", "feed:media:thumbnail") for thumbnail in thumbnails]
    return sorted(found, key=_by_width)


def _by_width(image: RawImage) -> int:
    if image.width is None:
        return 0
    return -image.width


def _image(fields: Mapping[str, Any], key: str, where: str, caption: str | None = None) -> RawImage:
    width = read_number(fields.get("width"))
    height = read_number(fields.get("height"))
    return RawImage(
        text_or_none(fields.get(key)) or "", where, caption=caption, width=width, height=height
    )


def enclosures(item: Mapping[str, Any]) -> tuple[Enclosure, ...]:
    """Return the audio and video of a feedparser item."""
    found: dict[str, Enclosure] = {}
    for link in _enclosure_links(item):
        _add_sound(found, link, "href")
    for content in keep_dicts(item.get("media_content")):
        _add_sound(found, content, "url")
    return _with_duration(tuple(found.values()), read_seconds(item.get("itunes_duration")))


def _add_sound(found: dict[str, Enclosure], fields: Mapping[str, Any], key: str) -> None:
    """Add an attachment by its URL, in the field `key`, if it is audio or video."""
    url = text_or_none(fields.get(key))
    if not url or url in found or _kind(fields, key) != "sound":
        return
    length = read_number(fields.get("length")) or read_number(fields.get("filesize"))
    duration = read_seconds(fields.get("duration"))
    found[url] = Enclosure(url, text_or_none(fields.get("type")), length, duration)


def _with_duration(
    enclosures: tuple[Enclosure, ...], duration: int | None
) -> tuple[Enclosure, ...]:
    """Give the item's itunes:duration to its first enclosure, unless that has its own."""
    if not enclosures or duration is None:
        return enclosures
    first, *others = enclosures
    if first.duration is not None:
        return enclosures
    return (Enclosure(first.url, first.type, first.length, duration), *others)


def _enclosure_links(item: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for link in keep_dicts(item.get("links")):
        if link.get("rel") == "enclosure":
            yield link


def _kind(fields: Mapping[str, Any], key: str) -> str | None:
    """Return `image`, `sound` (audio, video) or None: by type, medium, then file name."""
    media_type = str(fields.get("type") or "").lower()
    medium = str(fields.get("medium") or "").lower()
    if media_type.startswith("image/") or medium == "image":
        return "image"

    if media_type.startswith(SOUND_TYPES):
        return "sound"
    if medium in ("audio", "video") and not media_type.startswith("text/"):
        return "sound"
    if media_type not in _UNKNOWN_TYPES or medium:
        return None

    kind = _kind_of_file(str(fields.get(key) or ""))
    if kind is None and fields.get("rel") == "enclosure":
        return "sound"
    return kind


def _kind_of_file(url: str) -> str | None:
    if _IMAGE.search(url):
        return "image"
    if _SOUND.search(url):
        return "sound"
    return None


def read_seconds(value: object) -> int | None:
    """Read `356`, `05:56` or `00:05:56` as seconds; None for what is none of them, or 0."""
    if not isinstance(value, str):
        return None
    clock = _CLOCK.fullmatch(value.strip())
    if clock is None:
        return None
    hours, minutes, rest = clock.groups(default="0")
    return int(hours) * 3600 + int(minutes) * 60 + int(rest) or None


def read_number(value: object) -> int | None:
    """Read a positive whole number; None for what is none (`0`, `-1`, `unknown`)."""
    if not isinstance(value, str | int | float):
        return None

    digits = str(value).strip().split(".")[0]
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS):
        return None
    whole = int(digits)
    if not 0 < whole < _MAX_NUMBER:
        return None
    return whole


def keep_dicts(values: object) -> list[Mapping[str, Any]]:
    """Return the mappings of what a foreign parser gave as a list; none if it is no list."""
    if not isinstance(values, list):
        return []
    # A copy, because feedparser's own dictionaries look every key up in Python.
    return [dict(value) for value in values if isinstance(value, dict)]


def text_or_none(value: object) -> str | None:
    """Strip a text; return None for an empty one and for what is no text."""
    if not isinstance(value, str):
        return None
    return value.strip() or None
