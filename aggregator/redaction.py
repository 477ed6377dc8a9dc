"""Hides what the environment filled into the configuration, wherever text goes out.

A value is hidden in each of its spellings: as it is, percent-encoded, and as HTML and JSON
escape it. Of a value that is a URL, its path and the long values in it are hidden too.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MIN_LENGTH = 4  # a shorter value stands everywhere by chance
MASK = "***"  # valid in URLs and XML
_MIN_WORD = 8  # letters of a secret that is a word in lower case
_MIN_QUERY_VALUE = 8
_MIN_SEGMENT = 16
_MIN_FOLDED = 8  # from here on, hosts are hidden that a URL parser has put in lower case
_ENCODED_WORD = re.compile(r"[^\s\"'<>]*%[^\s\"'<>]*")
_HOST = re.compile(r"[a-z0-9-]{1,40}(?:\.[a-z0-9-]{1,40})+(?::\d+)?|[a-z0-9-]{1,40}:\d+")
_ORIGIN = re.compile(r"https?://[^/?#@]*/?")


@dataclass(frozen=True, slots=True)
class Secrets:
    """The values to hide: `names` maps each spelling to the variable that it is from, longest first.

    Those of `common` (`world`, `example.org`) are in the URLs of many articles. They are
    hidden in messages, not in documents.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    common: frozenset[str] = frozenset()

    def hide(self, text: str) -> str:
        """Return a message with `${NAME}` in place of each value of the environment.

        A word (`secret`) is hidden only where it is a part of a URL or of a setting.
        """
        for value, name in self._values_in(text, self.names):
            text = _pattern(value).sub(f"${{{name}}}", text)
        return text

    def hide_in_document(self, data: bytes) -> bytes:
        """Do the same as `mask` with UTF-8; other bytes stay as they are."""
        if not self.names:
            return data
        text = data.decode("utf-8", "surrogateescape")
        return self.mask(text).encode("utf-8", "surrogateescape")

    def mask(self, text: str) -> str:
        """Return text of a document with `***` in place of each value that may be a secret.

        Words are treated as in messages; those of `common` stay.
        """
        for value, _ in self._values_in(text, self._sure_values):
            text = _pattern(value).sub(MASK, text)
        return text

    def occur_in(self, text: str) -> bool:
        """Tell whether a value of the environment stands in a text."""
        return bool(self._values_in(text, self.names))

    @property
    def _sure_values(self) -> dict[str, str]:
        return {value: name for value, name in self.names.items() if value not in self.common}

    def _values_in(self, text: str, names: Mapping[str, str]) -> list[tuple[str, str]]:
        if not names:
            return []
        decoded = text
        if "%" in text:
            decoded += " ".join(map(_decode, _ENCODED_WORD.findall(text)))
        return [(value, name) for value, name in names.items() if value in decoded]


NO_SECRETS = Secrets()


def make_secrets(variables: Mapping[str, str]) -> Secrets:
    """Make the secrets of variables that the configuration took from the environment.

    >>> make_secrets({"TOKEN": "s3cr3t/x"}).hide("https://a.example/s3cr3t%2Fx/feed: HTTP 404")
    'https://a.example/${TOKEN}/feed: HTTP 404'
    """
    names: dict[str, str] = {}
    common = set()
    for name, value in variables.items():
        for part in _hidden_parts(value.strip()):
            spellings = {text for text in _spellings(part) if len(text) >= MIN_LENGTH}
            names |= dict.fromkeys(spellings, name)
            if _is_common(part):
                common |= spellings

    longest_first = sorted(names, key=len, reverse=True)
    return Secrets({value: names[value] for value in longest_first}, frozenset(common))


def merge_secrets(secrets: Iterable[Secrets]) -> Secrets:
    """Return the secrets of several configurations, such as those before and after a reload."""
    names: dict[str, str] = {}
    common: set[str] = set()
    for one in secrets:
        names |= one.names
        common |= one.common
    longest_first = sorted(names, key=len, reverse=True)
    return Secrets({value: names[value] for value in longest_first}, frozenset(common))


def _hidden_parts(value: str) -> Iterator[str]:
    """Yield a value, and of a URL what may be a secret by itself; nothing that is too short."""
    parts = [value]
    if "://" in value:
        parts += _parts_of_url(value)
    for part in parts:
        if len(part) >= MIN_LENGTH:
            yield part


def _parts_of_url(url: str) -> Iterator[str]:
    try:
        address = urlsplit(url)
        password = address.password or ""
    except ValueError:
        return
    yield unquote(password)
    behind_host = url.partition("://")[2].partition("/")[2]
    for text in re.split(r"[?&;#]", behind_host):
        _, _, query_value = text.partition("=")
        if len(query_value) >= _MIN_QUERY_VALUE:
            yield unquote(query_value)
    for segment in address.path.split("/"):
        if len(segment) >= _MIN_SEGMENT:
            yield unquote(segment)


def _spellings(value: str) -> Iterator[str]:
    yield value
    yield unquote(value)
    yield escape(value)
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield json.dumps(value)[1:-1]
    if len(value) >= _MIN_FOLDED:
        yield value.lower()


def _is_common(value: str) -> bool:
    """Tell whether a value is a short word, a host, or the address of a site."""
    if _is_word(value) and len(value) < _MIN_WORD:
        return True
    return bool(_HOST.fullmatch(value) or _ORIGIN.fullmatch(value))


def _is_word(value: str) -> bool:
    return value.isalpha() and value.islower()


def _decode(word: str) -> str:
    """Decode percent-encoding, also that of a URL within a URL."""
    once = unquote(word)
    return f"{once} {unquote(once)}"


def _pattern(value: str) -> re.Pattern[str]:
    """Make the pattern of a value in which any character may be percent-encoded, once or twice.

    Sentences have words, too, so that a word must follow a delimiter of URLs.
    """
    spellings = "".join(map(_any_spelling, value))
    if _is_word(value):
        spellings = rf"(?<=[/=:@]){spellings}(?![\w-])"
    return re.compile(spellings)


def _any_spelling(character: str) -> str:
    codes = [f"{code:02x}" for code in character.encode("utf-8", "surrogatepass")]
    encoded = "".join(f"%(?:25)?(?i:{code})" for code in codes)
    return f"(?:{re.escape(character)}|{encoded})"
