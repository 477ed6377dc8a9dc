"""Decides the media type of an attachment: the declared type if it says something, else the name.

Publishers declare `file`, `mp3`, `binary/octet-stream` or `image/png` for an MP3. A declared type
counts if it is one that exists and does not contradict the file's name.
"""

from __future__ import annotations

import mimetypes
import re
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import unquote

TORRENT = "application/x-bittorrent"
MAGNET = "magnet:"

# What Python's table lacks, or has otherwise than most publishers.
_BY_EXTENSION = MappingProxyType(
    {
        "aac": "audio/aac",
        "avif": "image/avif",
        "azw3": "application/vnd.amazon.mobi8-ebook",
        "cbz": "application/vnd.comicbook+zip",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "epub": "application/epub+zip",
        "flac": "audio/flac",
        "jxl": "image/jxl",
        "m3u8": "application/vnd.apple.mpegurl",
        "m4a": "audio/mp4",
        "m4b": "audio/mp4",
        "m4v": "video/mp4",
        "mkv": "video/x-matroska",
        "mobi": "application/x-mobipocket-ebook",
        "mp3": "audio/mpeg",
        "mp4": "video/mp4",
        "odt": "application/vnd.oasis.opendocument.text",
        "oga": "audio/ogg",
        "ogg": "audio/ogg",
        "ogv": "video/ogg",
        "opus": "audio/opus",
        "rar": "application/vnd.rar",
        "srt": "application/x-subrip",
        "torrent": TORRENT,
        "vtt": "text/vtt",
        "wav": "audio/wav",
        "weba": "audio/webm",
        "webm": "video/webm",
        "webp": "image/webp",
        "wma": "audio/x-ms-wma",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "7z": "application/x-7z-compressed",
    }
)
# Python's own table alone: with that of the machine, results would differ between machines.
_PYTHON_TYPES = mimetypes.MimeTypes().types_map[True]
# Names of programs and pages: the file that they send can be anything.
_PROGRAMS = frozenset({"asp", "aspx", "cfm", "cgi", "do", "htm", "html", "jsp", "php", "pl", "py"})
# A file of one of these types is no picture, no sound and no page, whatever is declared.
_DOCUMENTS = frozenset({"application/pdf", "application/epub+zip", "application/zip", TORRENT})

_TYPE = re.compile(
    r"(application|audio|font|image|model|text|video)/[a-z0-9][a-z0-9!#$&^_.+-]*", re.IGNORECASE
)
_HOST = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?//[^/]*", re.IGNORECASE)
_EXTENSION = re.compile(r"\.([a-z0-9]{2,7})$", re.IGNORECASE)
_EMPTY_TYPES = frozenset(
    {
        "application/binary",
        "application/download",
        "application/force-download",
        "application/octet-stream",
        "application/octetstream",
        "application/unknown",
        "application/x-download",
        "application/x-octet-stream",
        "application/x-unknown",
    }
)
# Lists of sound and film that are named `application/`.
_SOUND_APPLICATIONS = (
    "application/ogg",
    "application/x-mpegurl",
    "application/vnd.apple.mpegurl",
    "application/dash+xml",
    "application/smil",
)


@lru_cache(maxsize=256)  # several steps ask the same of each attachment of an item
def decide_media_type(declared: str | None, url: str) -> str | None:
    """Return the media type of the attachment at `url`, None if nothing says it.

    A declared type keeps its parameters, unless the file's name decides.

    >>> decide_media_type("mp3", "https://a.example/get")
    'audio/mpeg'
    >>> decide_media_type("image/png", "https://a.example/1.mp3")
    'audio/mpeg'
    """
    stated = (declared or "").strip()
    bare = stated.partition(";")[0].strip().lower()
    by_name = media_type_of_name(url)
    says_something = _TYPE.fullmatch(bare) is not None and bare not in _EMPTY_TYPES
    if not by_name:
        return stated if says_something else _type_of_word(bare)
    if not says_something or _contradicts(bare, by_name):
        return by_name
    return stated


def media_type_of_name(url: str) -> str | None:
    """Return the media type that the file name of a URL has, None for an unknown extension.

    The name is the end of the path; a download script may have it in its query.
    """
    if url.lower().startswith(MAGNET):
        return TORRENT
    address, _, query = url.partition("#")[0].partition("?")
    path = _HOST.sub("", address)
    for name in (path, *query.split("&")):
        extension = _EXTENSION.search(unquote(name))
        if extension is None:
            continue
        media_type = _type_of_extension(extension[1].lower())
        if media_type:
            return media_type
    return None


def is_sound(media_type: str | None) -> bool:
    """Tell whether a media type is that of audio or video."""
    name = (media_type or "").lower()
    return name.startswith(("audio/", "video/", *_SOUND_APPLICATIONS))


def is_image(media_type: str | None) -> bool:
    """Tell whether a media type is that of a picture."""
    return (media_type or "").lower().startswith("image/")


def _type_of_extension(extension: str) -> str | None:
    if extension in _PROGRAMS:
        return None
    known = _BY_EXTENSION.get(extension)
    if known:
        return known
    media_type = _PYTHON_TYPES.get(f".{extension}")
    if media_type in _EMPTY_TYPES:
        return None
    return media_type


def _type_of_word(word: str) -> str | None:
    """Return the type that a single word names: an extension (`mp3`, `.mp3`, `application/mp3`)."""
    if word in _EMPTY_TYPES:
        return None
    extension = word.rpartition("/")[2].lstrip(".").removeprefix("x-")
    return _type_of_extension(extension)


def _contradicts(declared: str, by_name: str) -> bool:
    """Tell whether a file of this name cannot be of the declared type."""
    if by_name in _DOCUMENTS:
        return declared.startswith("text/") or is_image(declared) or is_sound(declared)
    if is_sound(by_name):
        return not is_sound(declared)
    if is_image(by_name):
        is_page = declared in ("text/html", "text/plain")
        return is_page or is_sound(declared)
    # Feed readers put `text/html` where a link states no type.
    return declared == "text/html"
