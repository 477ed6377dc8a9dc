"""Parses what a user names as a source: a URL in any form that people copy, or files.

Nothing is fetched. An error shows the right form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from glob import glob, has_magic
from os.path import abspath, expanduser, relpath
from pathlib import Path

from aggregator.errors import UsageError

_FEED_SCHEME = re.compile(r"(?:feed|itpcs?|pcast|podcast|rss):(?://)?", re.IGNORECASE)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_OTHER_SCHEME = re.compile(
    r"(?:javascript|data|mailto|file|about|view-source|tel|urn|magnet):", re.IGNORECASE
)
_FEDIVERSE = re.compile(r"@([\w.-]+)@([\w-]+(?:\.[\w-]+)+)")
_HANDLE = re.compile(r"@[\w.-]{3,}")
_HOST_LABEL = r"[^\s/?#@:.*!$&'()+,;=|\\^{}\"<>%\[\]]+"
_HOST = re.compile(
    rf"(?:{_HOST_LABEL}\.)+{_HOST_LABEL}\.?|localhost|\[[0-9a-f:.]+\]", re.IGNORECASE
)
_SURROUNDING_CHARACTERS = " \t\r\n\u3000\xa0\ufeff<>\"'“”‘’`,;"


@dataclass(frozen=True, slots=True)
class UserInput:
    """`urls` are tried in turn until one responds; `path` is absolute, None for a URL."""

    urls: tuple[str, ...] = ()
    path: str | None = None


def parse_user_input(text: str) -> UserInput:
    """Parse the user's input. Raises UsageError.

    >>> parse_user_input(" example.org/news ").urls
    ('https://example.org/news', 'http://example.org/news')
    """
    text = text.strip()
    if (path := _find_path(text)) is not None:
        return UserInput(path=path)
    address = text.strip(_SURROUNDING_CHARACTERS)
    if match := _FEDIVERSE.fullmatch(address):
        return UserInput((f"https://{match[2]}/@{match[1]}",))
    if _HANDLE.fullmatch(address):
        return UserInput((f"https://www.youtube.com/{address}",))
    return UserInput(_check_urls(_candidate_urls(address), text))


def path_for_file(path: str, *, file: Path, home: Path) -> str:
    """Return a path as it is written in `file`: relative if it is below `home`, else absolute."""
    return relpath(path, file.parent) if Path(path).is_relative_to(home) else path


def _find_path(text: str) -> str | None:
    """Return the absolute path of existing files, None for a URL. Raises UsageError for a missing path."""
    named = expanduser(text)  # noqa: PTH111  a pattern is no Path
    if _exists(named):
        return abspath(named)  # noqa: PTH100  links stay as they are written

    if named.startswith(("/", "./", "../")) and not named.startswith("//"):
        raise UsageError(
            f"nothing is at {text}: name a folder, a file or a pattern of saved articles, or a URL"
        )
    return None


def _exists(named: str) -> bool:
    """Tell whether a path or a pattern names existing files."""
    if not named or "://" in named or "\0" in named:
        return False
    try:
        if Path(named).exists():
            return True
        if not has_magic(named):
            return False
        files = glob(named, recursive=True)  # noqa: PTH207
    except (OSError, ValueError):
        return False
    return bool(files)


def _candidate_urls(address: str) -> tuple[str, ...]:
    bare = _FEED_SCHEME.sub("", address, count=1)
    if (scheme := _SCHEME.match(bare)) is not None:
        return (bare,) if scheme[1].lower() in ("http", "https") else ()
    if _OTHER_SCHEME.match(bare):
        return ()
    bare = bare.lstrip("/")
    return f"https://{bare}", f"http://{bare}"


def _check_urls(urls: tuple[str, ...], text: str) -> tuple[str, ...]:
    from aggregator.config.types import check_plain_url
    from aggregator.normalize.url import absolute_url

    found = []
    for written in urls:
        url = absolute_url(written)
        if url:
            found.append(url)

    has_hosts = all(_HOST.fullmatch(_host_of(url)) for url in found)
    if not found or not has_hosts:
        raise _no_address_error(text)
    try:
        return tuple(map(check_plain_url, found))
    except ValueError as error:
        raise UsageError(f"the address {error}") from error


def _no_address_error(text: str) -> UsageError:
    from aggregator.config.words import guess_url

    example = guess_url(text) or "https://example.org/"
    return UsageError(
        f"`{text[:200]}` is no address: write it as {example}, or name a folder that is there"
    )


def _host_of(url: str) -> str:
    """Return the host of a URL as written, without port and user name."""
    authority = re.split(r"[/?#]", url.split("://", 1)[1], maxsplit=1)[0].rpartition("@")[2]
    return re.sub(r":\d*$", "", authority)
