"""What an item says by its pictures and players: the recordings in its body, and a title if it has no other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aggregator.model import Enclosure
from aggregator.normalize import html, text, url
from aggregator.normalize.html.simple import SimpleBody

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.model import RawEntry


def add_players(raw: RawEntry, body: Any | None) -> RawEntry:
    """Add the recordings that `video` and `audio` in the body play to the enclosures, one for each player."""
    if body is None or isinstance(body, SimpleBody):
        return raw
    known = {enclosure.url for enclosure in raw.enclosures}
    players = []
    for player in body.iter("video", "audio"):
        recording = _recording(player, raw.base_url)
        if recording is not None and recording.url not in known:
            known.add(recording.url)
            players.append(recording)
    if not players:
        return raw
    return replace(raw, enclosures=(*raw.enclosures, *players))


def _recording(player: Any, base: str | None) -> Enclosure | None:
    """Return the first source of a player; browsers take the first that they can play."""
    for source in (player, *player.iter("source")):
        written = source.get("src") or source.get("data-src") or ""
        address = url.clean(written, base=base)
        if not address:
            continue
        media_type = source.get("type", "").partition(";")[0].strip().lower()
        return Enclosure(address, media_type or None)
    return None


def media_words(raw: RawEntry, content: str | None) -> str | None:
    """Return what is said of the item's first picture, None if nothing is."""
    return next(_words_of_pictures(raw, content), None)


def media_address(raw: RawEntry, content: str | None) -> str | None:
    """Return the URL of the item's first picture or recording, None if it has none."""
    return next(_addresses(raw, content), None)


def _words_of_pictures(raw: RawEntry, content: str | None) -> Iterator[str]:
    for image in raw.image:
        yield from _plain(image.caption, image.alt)
    for element in _pictures(content):
        yield from _plain(element.get("alt"), element.get("title"))


def _addresses(raw: RawEntry, content: str | None) -> Iterator[str]:
    stated = [image.url for image in raw.image]
    stated += [enclosure.url for enclosure in raw.enclosures]
    for address in stated:
        yield from _plain(url.clean(address, base=raw.base_url))
    for element in _pictures(content):
        yield from _plain(url.clean(element.get("src", "")))


def _pictures(content: str | None) -> Iterator[Any]:
    root = html.parse(content or "")
    if root is not None:
        yield from root.iter("img")


def _plain(*values: str | None) -> Iterator[str]:
    """Yield the plain texts of values that have one."""
    for value in values:
        words = text.plain_text(value or "")
        if words:
            yield words
