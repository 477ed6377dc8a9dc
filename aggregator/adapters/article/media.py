"""Collects the images and enclosures that a page's markup names, best first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from aggregator.adapters.article.clean_names import fold_alnum
from aggregator.adapters.feed.media import read_number
from aggregator.adapters.html import head, json_ld
from aggregator.model import Enclosure, RawImage
from aggregator.normalize import url
from aggregator.rules.apply import guess_media_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aggregator.adapters.article.markup import Markup

_OTHER_IMAGE_META = (
    "twitter:image",
    "twitter:image:src",
    "parsely-image-url",
    "sailthru.image.full",
)
_Media = TypeVar("_Media", RawImage, Enclosure)


def unique(media: Iterable[_Media]) -> tuple[_Media, ...]:
    """Return images or enclosures by their URLs, the first of each."""
    by_url: dict[str, _Media] = {}
    for one in media:
        by_url.setdefault(one.url, one)
    return tuple(by_url.values())


def find_images(markup: Markup) -> tuple[RawImage, ...]:
    """Return the images of the article: Open Graph, JSON-LD, microdata, then other elements of the head."""
    return unique(_images(markup))


def find_enclosures(markup: Markup) -> tuple[Enclosure, ...]:
    """Return the audio and video files of the article: JSON-LD of the article, of the page, then Open Graph."""
    return unique(_enclosures(markup))


def _images(markup: Markup) -> Iterator[RawImage]:
    yield from _open_graph_images(markup)
    for node in markup.nodes:
        yield from _linked_data_images(markup, node)
    for item in markup.items:
        for found in item.urls("image"):
            yield from _image(markup, found.value, found.where)
    for found in markup.head.values(*_OTHER_IMAGE_META):
        yield from _image(markup, found.value, found.where)
    for href in markup.head.links.get("image_src", ()):
        yield from _image(markup, href, "page:link[rel=image_src]")


def _open_graph_images(markup: Markup) -> Iterator[RawImage]:
    """Yield the Open Graph images.

    Sizes are elements of their own that do not say which image they belong to: they count if there is only one image.
    """
    images = list(markup.head.values(*head.IMAGE_META))
    # One image may be there with http and with https.
    names = {fold_alnum(image.value.partition("//")[2]) for image in images}

    details: dict[str, Any] = {}
    if len(names) == 1:
        details["width"] = read_number(markup.head.first_meta("og:image:width"))
        details["height"] = read_number(markup.head.first_meta("og:image:height"))
        details["alt"] = markup.head.first_meta("og:image:alt")
    for image in images:
        yield from _image(markup, image.value, image.where, **details)


def _linked_data_images(markup: Markup, node: json_ld.Node) -> Iterator[RawImage]:
    for key in ("image", "thumbnailUrl"):
        for picture in json_ld.images(node, key):
            yield from _image(
                markup,
                picture.url,
                "ld:image",
                width=picture.width,
                height=picture.height,
                caption=picture.caption,
            )


def _image(markup: Markup, address: str, where: str, **details: Any) -> Iterator[RawImage]:
    absolute = url.absolute_url(address, base=markup.document.base_url)
    if absolute:
        yield RawImage(absolute, where, **details)


def _enclosures(markup: Markup) -> Iterator[Enclosure]:
    for key in ("audio", "video", "associatedMedia"):
        for node in markup.nodes:
            for player in node.nodes(key):
                yield from _node_files(markup, player)

    # The page itself may be the node of a video.
    if markup.linked_data.page is not None:
        yield from _node_files(markup, markup.linked_data.page)
    for found in markup.head.values(*head.PLAYER_META):
        yield from _file(markup, found.value)


def _node_files(markup: Markup, node: json_ld.Node) -> Iterator[Enclosure]:
    duration = _read_duration(node)
    for address in node.texts("contentUrl"):
        yield from _file(markup, address, duration=duration)


def _read_duration(node: json_ld.Node) -> int | None:
    for value in node.texts("duration"):
        duration = json_ld.read_seconds(value)
        if duration:
            return duration
    return None


def _file(markup: Markup, address: str, *, duration: int | None = None) -> Iterator[Enclosure]:
    """Yield the enclosure of a media file; the URL of a player is a page's and yields nothing."""
    absolute = url.absolute_url(address, base=markup.document.base_url)
    if not absolute:
        return
    kind = guess_media_type(absolute)
    if kind:
        yield Enclosure(absolute, kind, duration=duration)
