"""Text functions: nearest names, guessed URLs, ids from URLs and paths, printable text.

An id depends only on its own URL or path, so that adding a source never renames another.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from hashlib import sha256
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_SLUG_CHARACTERS = 60
_NON_SLUG = re.compile(r"[^a-z0-9._]+", re.ASCII)
_SLUG_SAFE = re.compile(r"[A-Za-z0-9._/?=&-]*", re.ASCII)
_FEED_SCHEME = re.compile(r"(?:feed|itpcs?|pcast|podcast|rss):(?://)?", re.ASCII | re.IGNORECASE)
_MISTYPED_SCHEME = re.compile(r"([a-z]{2,7})(?::/*|//+)", re.ASCII | re.IGNORECASE)
_DOMAIN = re.compile(r"localhost|(?:[^\s/@.]+\.)+[^\s/@.]{2,}|[0-9]+(?:\.[0-9]+){3}")
_FILE_ENDINGS = (".atom", ".htm", ".html", ".json", ".rss", ".txt", ".xml", ".yaml", ".yml")
_MAX_GUESS_CHARACTERS = 200


def find_nearest(word: str, known: Iterable[str]) -> str | None:
    """Find the known word that is most similar to `word`, None if none is similar.

    >>> find_nearest("evry", ["every", "keep"])
    'every'
    """
    by_folded = {name.casefold(): name for name in sorted(known)}
    close = get_close_matches(word.casefold()[:100], by_folded, n=1, cutoff=0.6)
    if not close:
        return None
    return by_folded[close[0]]


def entry_field(key: str) -> str:
    """Return the field of an entry that a configuration key names; all but one are called alike.

    >>> entry_field("content"), entry_field("image")
    ('content_html', 'image')
    """
    if key == "content":
        return "content_html"
    return key


def guess_url(text: str, usual_scheme: str = "https") -> str | None:
    """Guess the http or https URL that an invalid text stands for, None without a good guess.

    A text without a scheme gets the `usual_scheme`.

    >>> guess_url("example.org:8080/x"), guess_url("//example.org"), guess_url("htp://example.org")
    ('https://example.org:8080/x', 'https://example.org', 'http://example.org')
    """
    text = _FEED_SCHEME.sub("", text.strip(), count=1)
    guess = _with_scheme(text, usual_scheme)
    if guess is None or not _is_plausible_url(guess):
        return None
    return guess


def _with_scheme(text: str, usual_scheme: str) -> str | None:
    """Correct a mistyped scheme, or add the usual one; None if the text has another scheme."""
    mistyped = _MISTYPED_SCHEME.match(text)
    if mistyped is not None:
        scheme = find_nearest(mistyped[1], ("http", "https"))
        if scheme is not None:
            return f"{scheme}://{text[mistyped.end() :]}"

    if "://" in text:
        return None
    return f"{usual_scheme}://{text.lstrip('/')}"


def _is_plausible_url(url: str) -> bool:
    if len(url) > _MAX_GUESS_CHARACTERS or " " in url or not url.isprintable():
        return False
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False

    if "@" in parts.netloc:
        return False
    is_file_name = parts.path == "" and url.lower().endswith(_FILE_ENDINGS)
    if is_file_name:
        return False
    host = parts.hostname or ""
    return _DOMAIN.fullmatch(host) is not None


def slug(text: str) -> str:
    """Make an id from any text; "" if it has no ASCII letter or digit.

    >>> slug("RFI 华语/CN")
    'rfi-cn'
    """
    return _NON_SLUG.sub("-", text.lower()).strip("-._")


def id_of_url(url: str) -> str:
    """Make the id of a source from its URL; a hash is added if the readable part loses something.

    >>> id_of_url("https://www.rfi.fr/cn/rss")
    'rfi.fr-cn-rss'
    """
    try:
        words = _readable_url(url)
    except ValueError:
        return f"source-{short_hash(url)}"

    name = slug(words)
    if len(name) <= _MAX_SLUG_CHARACTERS and _SLUG_SAFE.fullmatch(words):
        return name or short_hash(url)

    start = name[:_MAX_SLUG_CHARACTERS].rstrip("-._") or "source"
    return f"{start}-{short_hash(url)}"


def _readable_url(url: str) -> str:
    parts = urlsplit(url)
    words = (parts.hostname or "").removeprefix("www.")
    if parts.port:
        words += f"-{parts.port}"
    words += unquote(parts.path)
    if parts.query:
        words += unquote(f"?{parts.query}")
    return words


def id_of_path(path: str) -> str:
    """Make the id of a source from its path: the last folder above the wildcards, else the file's own name.

    >>> id_of_path("/srv/seeds/*.txt"), id_of_path("/srv/saved/feed.xml")
    ('seeds', 'feed')
    """
    name = PurePath(path).stem
    folder = ""
    for part in PurePath(path).parts:
        if re.search(r"[*?[]", part):
            name = folder
            break
        folder = part
    return slug(name) or f"source-{short_hash(path)}"


def replace_unprintable(text: str) -> str:
    r"""Replace every unprintable character, including line ends.

    >>> replace_unprintable("a\x00b")
    'a�b'
    """
    characters = []
    for character in text:
        if character.isprintable():
            characters.append(character)
        else:
            characters.append("\N{REPLACEMENT CHARACTER}")
    return "".join(characters)


def short_hash(text: str) -> str:
    """Return six hexadecimal digits of a text's hash.

    >>> short_hash("https://example.org/")
    '8198d1'
    """
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]
