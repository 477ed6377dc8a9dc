"""Names: the nearest of those that exist, the URL that was meant, the ids that are made from addresses, printable text.

Rule: an id that was made depends on its own address alone, so that adding a source never renames another.
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

_LONGEST_SLUG = 60
_FOREIGN = re.compile(r"[^a-z0-9._]+", re.ASCII)
_LOSSLESS = re.compile(r"[A-Za-z0-9._/?=&-]*", re.ASCII)
_FEED_SCHEME = re.compile(r"(?:feed|itpcs?|pcast|podcast|rss):(?://)?", re.ASCII | re.IGNORECASE)
_MISTYPED_SCHEME = re.compile(r"([a-z]{2,7})(?::/*|//+)", re.ASCII | re.IGNORECASE)
_DOMAIN = re.compile(r"localhost|(?:[^\s/@.]+\.)+[^\s/@.]{2,}|[0-9]+(?:\.[0-9]+){3}")
_FILE_ENDINGS = (".atom", ".htm", ".html", ".json", ".rss", ".txt", ".xml", ".yaml", ".yml")
_LONGEST_GUESS = 200


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Find the known word that `word` was probably meant to be; None if none is near.

    >>> nearest("evry", ["every", "keep"])
    'every'
    """
    by_folded = {name.casefold(): name for name in sorted(known)}
    close = get_close_matches(word.casefold()[:100], by_folded, n=1, cutoff=0.6)
    if not close:
        return None
    return by_folded[close[0]]


def meant_url(text: str, usual_scheme: str = "https") -> str | None:
    """Guess the http or https URL that was meant by a text that is none; None without a good guess.

    A text without a scheme gets the `usual_scheme`.

    >>> meant_url("example.org:8080/x"), meant_url("//example.org"), meant_url("htp://example.org")
    ('https://example.org:8080/x', 'https://example.org', 'http://example.org')
    """
    text = _FEED_SCHEME.sub("", text.strip(), count=1)
    guess = _with_scheme(text, usual_scheme)
    if guess is None or not _is_plausible(guess):
        return None
    return guess


def _with_scheme(text: str, usual_scheme: str) -> str | None:
    """Correct a mistyped scheme, or add the usual one; None where the text has another scheme."""
    mistyped = _MISTYPED_SCHEME.match(text)
    if mistyped is not None:
        scheme = nearest(mistyped[1], ("http", "https"))
        if scheme is not None:
            return f"{scheme}://{text[mistyped.end() :]}"

    if "://" in text:
        return None
    return f"{usual_scheme}://{text.lstrip('/')}"


def _is_plausible(url: str) -> bool:
    if len(url) > _LONGEST_GUESS or " " in url or not url.isprintable():
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
    return _DOMAIN.fullmatch(parts.hostname or "") is not None


def slug(text: str) -> str:
    """Make an id of any text; "" if it has no ASCII letter or digit.

    >>> slug("RFI 华语/CN")
    'rfi-cn'
    """
    return _FOREIGN.sub("-", text.lower()).strip("-._")


def id_of_url(url: str) -> str:
    """Make the id of a source from its URL; a digest is added where the readable part does not tell it all.

    >>> id_of_url("https://www.rfi.fr/cn/rss")
    'rfi.fr-cn-rss'
    """
    try:
        words = _words_of_url(url)
    except ValueError:
        return f"source-{digest(url)}"

    name = slug(words)
    if len(name) <= _LONGEST_SLUG and _LOSSLESS.fullmatch(words):
        return name or digest(url)

    start = name[:_LONGEST_SLUG].rstrip("-._") or "source"
    return f"{start}-{digest(url)}"


def _words_of_url(url: str) -> str:
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
    return slug(name) or f"source-{digest(path)}"


def replace_unprintable(text: str) -> str:
    r"""Replace every character that cannot be printed, line ends among them.

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


def digest(text: str) -> str:
    """Shorten any text to six hexadecimal digits.

    >>> digest("https://example.org/")
    '8198d1'
    """
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]
