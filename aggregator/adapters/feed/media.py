"""The pictures and the attachments of a feed item.

Each is returned once, best first: pictures of known width before those without, and
thumbnails last. The channel's logo is no picture of an item.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from aggregator.model import Enclosure, RawImage
from aggregator.normalize.entry_enclosures import complete_enclosure
from aggregator.normalize.media_type import decide_media_type, is_image, is_sound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aggregator.adapters.feed.extensions import Extensions

_CLOCK = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,6})(?:\.\d+)?")
_MAX_NUMBER = 2**53  # beyond it a size or a length is no measurement
_MAX_DIGITS = 16
_AVATAR = "gravatar.com/avatar/"  # WordPress.com states one of the author in each item
_PAGE_TYPES = ("text/html", "application/xhtml+xml")
# Players, not files; YouTube still states one for each film.
_PLAYER_TYPES = (*_PAGE_TYPES, "application/x-shockwave-flash")


@dataclass(frozen=True, slots=True)
class MediaText:
    """What is said of a media:content; `is_alternate` if another of its group is the default."""

    title: str | None = None
    description: str | None = None
    language: str | None = None
    is_alternate: bool = False


_NO_TEXT = MediaText()


def images(item: Mapping[str, Any], extensions: Extensions) -> tuple[RawImage, ...]:
    """Return the pictures of a feedparser item."""
    candidates = _media_images(item, extensions)
    for link in _enclosure_links(item):
        if _kind(link, "href") == "image":
            candidates.append(_image(link, "href", "feed:enclosure"))
    for content in _linked_contents(item):
        if _kind(content, "src") == "image":
            candidates.append(_image(content, "src", "feed:content"))
    candidates.extend(extensions.images)
    for image in keep_dicts([item.get("image")]):
        candidates.append(_image(image, "href", "feed:itunes:image"))
    candidates.extend(_thumbnails(item))

    first: dict[str, RawImage] = {}
    for candidate in candidates:
        if candidate.url:
            first.setdefault(candidate.url, candidate)
    return tuple(first.values())


def _media_images(item: Mapping[str, Any], extensions: Extensions) -> list[RawImage]:
    """Return the pictures in media:content, the widest first."""
    contents = []
    for content in keep_dicts(item.get("media_content")):
        if _kind(content, "url") == "image":
            contents.append(content)

    caption = None
    if len(contents) == 1:  # it is not known which of several pictures the item's caption describes
        caption = text_or_none(item.get("media_caption"))
    found = []
    for content in contents:
        image = _image(content, "url", "feed:media:content", caption)
        found.append(_with_own_texts(image, extensions.media.get(image.url, _NO_TEXT)))
    return sorted(found, key=_by_width)


def _with_own_texts(image: RawImage, texts: MediaText) -> RawImage:
    """Return a picture with the texts within its media:content.

    A title that repeats the description is the text that stands for the picture, no caption.
    """
    if texts.title is None:
        return replace(image, caption=texts.description or image.caption)
    caption = texts.description
    if caption == texts.title:
        caption = None
    return replace(image, caption=caption, alt=texts.title)


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


def enclosures(item: Mapping[str, Any], extensions: Extensions) -> tuple[Enclosure, ...]:
    """Return the attachments of a feedparser item: of any type, each URL once, main ones first.

    They are its enclosures, the content of Atom that is elsewhere (`src`), media:content, and what
    the podcast namespace adds.
    """
    found: dict[str, Enclosure] = {}
    for link in _enclosure_links(item):
        _add(found, _attachment(link, "href"))
    for content in _linked_contents(item):
        if content.get("type") not in _PAGE_TYPES:
            _add(found, _attachment(content, "src"))
    for content in _attached_media(item, extensions):
        enclosure = _attachment(content, "url")
        _add(found, _with_media_text(enclosure, extensions.media.get(enclosure.url, _NO_TEXT)))
    for enclosure in extensions.enclosures:
        _add(found, enclosure)
    # What belongs to another attachment comes after it: the default of a group is first.
    main_first = sorted(found.values(), key=lambda enclosure: enclosure.kind is not None)
    return _with_duration(tuple(main_first), read_seconds(item.get("itunes_duration")))


def _attachment(fields: Mapping[str, Any], key: str) -> Enclosure:
    """Return an attachment by its URL, in the field `key`, "" if it has none."""
    media_type = text_or_none(fields.get("type"))
    if media_type == "text/html":
        media_type = None  # feedparser's own, where a link states no type
    return Enclosure(
        text_or_none(fields.get(key)) or "",
        media_type,
        read_number(fields.get("length")) or read_number(fields.get("filesize")),
        read_seconds(fields.get("duration")),
        title=text_or_none(fields.get("title")),
    )


def _with_media_text(enclosure: Enclosure, texts: MediaText) -> Enclosure:
    return replace(
        enclosure,
        title=texts.title,
        language=texts.language,
        kind="alternate" if texts.is_alternate else None,
    )


def _add(found: dict[str, Enclosure], enclosure: Enclosure) -> None:
    """Add an attachment; of one that is there already, complete what is known of it."""
    if not enclosure.url:
        return
    first = found.get(enclosure.url, enclosure)
    found[enclosure.url] = complete_enclosure(first, enclosure)


def _attached_media(item: Mapping[str, Any], extensions: Extensions) -> Iterator[Mapping[str, Any]]:
    """Yield the files in media:content, without players and other sizes of a picture."""
    contents = keep_dicts(item.get("media_content"))
    pictures = [content for content in contents if _kind(content, "url") == "image"]
    are_sizes = _are_sizes_of_one(pictures)
    for content in contents:
        texts = extensions.media.get(str(content.get("url")).strip(), _NO_TEXT)
        if content in pictures:
            is_avatar = _AVATAR in str(content.get("url"))
            if not (are_sizes or is_avatar or texts.is_alternate):
                yield content
        elif _kind(content, "url") == "sound" or content.get("type") not in _PLAYER_TYPES:
            yield content


def _are_sizes_of_one(pictures: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether pictures are one in several sizes: each states its width, none the same."""
    widths = [read_number(picture.get("width")) for picture in pictures]
    return None not in widths and len(set(widths)) == len(widths) > 1


def _with_duration(
    enclosures: tuple[Enclosure, ...], duration: int | None
) -> tuple[Enclosure, ...]:
    """Give the item's itunes:duration to its first audio or video, unless that has its own."""
    if duration is None:
        return enclosures
    completed = list(enclosures)
    for index, enclosure in enumerate(enclosures):
        media_type = decide_media_type(enclosure.type, enclosure.url)
        if media_type is None or is_sound(media_type):
            if enclosure.duration is None:
                completed[index] = replace(enclosure, duration=duration)
            break
    return tuple(completed)


def _enclosure_links(item: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for link in keep_dicts(item.get("links")):
        if link.get("rel") == "enclosure":
            yield link


def _linked_contents(item: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the content of Atom that is not in the document (RFC 4287 §4.1.3.2)."""
    for content in keep_dicts(item.get("content")):
        if text_or_none(content.get("src")):
            yield content


def _kind(fields: Mapping[str, Any], key: str) -> str | None:
    """Return `image`, `sound` (audio, video) or None: by type and name, else by medium."""
    media_type = decide_media_type(text_or_none(fields.get("type")), str(fields.get(key) or ""))
    if is_image(media_type):
        return "image"
    if is_sound(media_type):
        return "sound"

    medium = str(fields.get("medium") or "").strip().lower()
    if medium == "image":
        return "image"
    if medium in ("audio", "video") and media_type not in _PAGE_TYPES:
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
