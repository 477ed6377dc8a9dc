"""Repairs the images, players, frames and links of an article, and removes those without a URL.

A lazy image gets the URL that scripts would give it. Frames stay only if they are of a known player; others, and
plug-ins, become links. Links within the entry stay if their target is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.normalize import image, url
from aggregator.normalize.html import elements, places, players
from aggregator.normalize.html.tree import contains, detach, has_content

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Mapping, Sequence

# Void elements (HTML §13.1.2) that libxml2 takes for containers.
_VOIDS = ("embed", "source", "track", "wbr")
_PLUGINS = ("object", "embed")
_NOT_IN_LINKS = frozenset({"audio", "hr", "iframe", "video"})
_MAX_PIXELS_OF_COUNTER = 2


def convert_plugins(body: Any) -> None:
    """Turn each `object` and `embed` with a URL into a frame or a link; its other content is a stand-in."""
    names = {element.tag for element in body.iter(*_PLUGINS)}
    if not names:
        return
    _empty_voids(body)
    for element in list(body.iter(*_PLUGINS)):
        if next(element.iterancestors("object"), None) is None:
            _convert_plugin(element)


def _convert_plugin(element: Any) -> None:
    stated = [element.get("src"), element.get("data")]
    for inner in element.iter("param", "embed"):
        if inner.get("name", "").lower() in ("movie", "src", "url"):
            stated.append(inner.get("value"))
        stated.append(inner.get("src"))
    address = next(filter(None, stated), None)
    if address is None:
        return  # dropped later
    frame = {name: element.get(name) for name in ("title", "width", "height")}
    _replace_by_frame(element, address, frame)


def _replace_by_frame(element: Any, address: str, attributes: dict[str, str | None]) -> None:
    for child in list(element):
        element.remove(child)
    element.text = None
    element.attrib.clear()
    element.tag = "iframe"
    element.set("src", address)
    for name, value in attributes.items():
        if value:
            element.set(name, value)


def repair_media(body: Any, base: str | None, placeholders: Sequence[re.Pattern[str]]) -> bool:
    """Make the URLs of images, players, frames and links absolute; elements without one are removed.

    Returns whether there are links that may lead to places within the entry.
    """
    names = {element.tag for element in body.iter()}
    if not names.isdisjoint(_VOIDS):
        _empty_voids(body)
    if "noscript" in names:
        _unwrap_noscript(body)

    unknown = names - elements.KNOWN_TAGS
    if unknown:
        _unwrap_unknown(body, base, unknown)

    for element in list(body.iter("img", "source", "video", "audio", "iframe")):
        _repair_media(element, base, placeholders)
    targets = places.find_targets(body)
    for element in list(body.iter("a")):
        _repair_link(element, base, targets)
    places.keep_targets(body, targets)
    return bool(targets)


def is_allowed_url(tag: str, name: str, value: str) -> bool:
    """Return whether this attribute of this element may hold this URL."""
    if tag == "a" and value.startswith("#"):
        return places.SAFE_ID.fullmatch(value[1:]) is not None
    scheme = value.split(":", 1)[0].strip().lower()
    if scheme == "data":
        return tag == "img" and name == "src" and _is_inline_bitmap(value)
    if scheme == "mailto":
        return tag != "iframe" and name == "href"
    if scheme not in ("http", "https"):
        return False

    if tag == "iframe":
        return elements.is_player(value)
    return True


def _is_inline_bitmap(value: str) -> bool:
    """Return whether a `data:` URL is an image other than SVG, which may hold scripts."""
    return value[5:11].lower() == "image/" and "svg" not in value[11:16].lower()


def _empty_voids(body: Any) -> None:
    """Move what the parser put inside void elements behind them: libxml2 does not know `source`."""
    for element in list(body.iter(*_VOIDS)):
        text, element.text = element.text, None
        for child in reversed(element):
            element.addnext(child)
        if text:
            element.tail = text + (element.tail or "")


def _unwrap_unknown(body: Any, base: str | None, names: set[str]) -> None:
    """Replace elements that HTML does not know by their children; images and known players stay."""
    for element in list(body.iter(*names)):
        if element.tag in elements.AMP_TAGS:
            element.tag = elements.AMP_TAGS[element.tag]
        else:
            _convert_player(element, base)
    etree.strip_tags(body, *names)


def _unwrap_noscript(body: Any) -> None:
    """Use the image in a `noscript`: it replaces the lazy image before, and the `noscript`."""
    for element in list(body.iter("noscript")):
        picture = element.find(".//img")
        if picture is None or not picture.get("src"):
            detach(element)
            continue

        before = element.getprevious()
        if before is not None and before.tag == "img":
            detach(before)
        if len(element) == 1 and element[0] is picture:
            picture.tail = element.tail
            element.getparent().replace(element, picture)
        else:
            element.tag = "span"


def _repair_media(element: Any, base: str | None, placeholders: Sequence[re.Pattern[str]]) -> None:
    if element.tag == "img":
        _repair_image(element, base, placeholders)
    elif element.tag == "iframe":
        _repair_frame(element, base)
    else:
        if not element.get("src") and element.get("data-src"):
            element.set("src", element.get("data-src"))
        _make_absolute(element, "src", base)
        _make_absolute(element, "poster", base)
        _repair_srcset(element, base)
        if element.tag in ("video", "audio"):
            _repair_player(element)


def _repair_player(element: Any) -> None:
    """Keep only the sources of a player; one without any is removed.

    Its other content is meant for browsers without players.
    """
    element.text = None
    for child in list(element):
        child.tail = None
        if child.tag not in ("source", "track") or {"src", "data-src"}.isdisjoint(child.keys()):
            element.remove(child)

    element.set("controls", "")
    if not element.get("src") and element.find("source") is None:
        detach(element)


def _repair_image(element: Any, base: str | None, placeholders: Sequence[re.Pattern[str]]) -> None:
    address = find_image_url(element, base, placeholders=placeholders)
    if address is None:
        detach(element)
        return

    for name in elements.LAZY_SETS:
        element.attrib.pop(name, None)
    element.set("src", address)


def find_image_url(
    element: Any, base: str | None, *, placeholders: Sequence[re.Pattern[str]] = ()
) -> str | None:
    """Return the URL of the image that an `img` shows, None if it shows none.

    Lazy attributes count before `src`, of a `srcset` the largest; proxies are unwrapped.
    """
    width = _pixels(element.get("width", ""))
    height = _pixels(element.get("height", ""))
    for candidate in _image_urls(element):
        if not candidate:
            continue
        address = absolute_image_url(candidate, base)
        if address is None:
            continue
        if not image.is_placeholder(address, width=width, height=height, extra=placeholders):
            return address
    return None


def absolute_image_url(candidate: str, base: str | None) -> str | None:
    """Make an image URL absolute and unwrap proxies, None if no URL is left.

    A small inline image (`data:`) stays as it is.
    """
    if candidate[:11].lower() == "data:image/":
        return candidate
    address = url.clean(candidate, base=base)
    if not address:
        return None
    return image.unwrap(address)


def _image_urls(element: Any) -> Iterator[str | None]:
    """Yield the URLs that an `img` may mean, best first; None for attributes that it lacks."""
    for name in elements.LAZY_SOURCES:
        yield element.get(name)
    for name in elements.LAZY_SETS[1:]:
        yield _best_of_set(element.get(name))

    source = element.get("src")
    if source and not source.lower().startswith("data:"):
        yield source
    yield _best_of_set(element.get("srcset"))

    parent = element.getparent()
    if parent is not None and parent.tag == "picture":
        for alternative in parent.iter("source"):
            yield _best_of_set(alternative.get("srcset") or alternative.get("data-srcset"))
    yield source  # an inline image, if there is nothing else


def _best_of_set(srcset: str | None) -> str | None:
    if not srcset:
        return None
    return image.best_of_srcset(srcset)


def _pixels(value: str) -> int | None:
    """Read a width or height (`640`, `640px`), None for other text and for absurd numbers."""
    digits = value.strip().removesuffix("px")
    if len(digits) > 6 or not digits.isascii() or not digits.isdigit():
        return None
    return int(digits)


def _convert_player(element: Any, base: str | None) -> None:
    """Turn a custom element of a known player (`lite-youtube[videoid]`) into that player's frame."""
    address = players.find_player_url(element, base)
    if address:
        _replace_by_frame(element, address, {"title": _player_title(element)})


def _player_title(element: Any) -> str | None:
    title: str | None = element.get("title") or element.get("videotitle")
    return title


def _repair_frame(element: Any, base: str | None) -> None:
    for child in list(element):
        element.remove(child)
    element.text = None

    address = url.clean(element.get("src") or element.get("data-src") or "", base=base)
    if not address or elements.NO_CONTENT_FRAME.match(address) or _is_counter(element):
        detach(element)
    elif is_allowed_url("iframe", "src", address):
        element.attrib.pop("sandbox", None)  # set by the sanitizer
        element.set("src", address)
        element.set("loading", "lazy")
    else:
        _turn_into_link(element, address)


def _is_counter(frame: Any) -> bool:
    """Return whether a frame is too small to show anything."""
    for name in ("width", "height"):
        size = _pixels(frame.get(name, ""))
        if size is not None and size <= _MAX_PIXELS_OF_COUNTER:
            return True
    return False


def _turn_into_link(frame: Any, address: str) -> None:
    """Turn the frame of an unknown player into a link to it."""
    words = " ".join(frame.get("title", "").split())
    frame.attrib.clear()
    frame.tag = "a"
    frame.set("href", address)
    frame.text = words or url.host(address)


def _make_absolute(element: Any, name: str, base: str | None) -> None:
    value = element.get(name)
    if value is None:
        return

    if name == "poster":
        address = absolute_image_url(value, base)
    else:
        address = url.clean(value, base=base)
    if address:
        element.set(name, address)
    else:
        del element.attrib[name]


def _repair_srcset(element: Any, base: str | None) -> None:
    value = element.get("srcset")
    if value is None:
        return

    best = absolute_image_url(image.best_of_srcset(value) or "", base)
    if best:
        element.set("srcset", best)
    else:
        detach(element)


def _repair_link(element: Any, base: str | None, targets: Mapping[str, Any]) -> None:
    """Make a link absolute; share links and empty links go, links to nowhere become text.

    A link to one of `targets` leads to that place of the entry.
    """
    href = element.get("href", "").strip()
    place = places.place_within(href, base)
    if place in targets and has_content(element) and _may_be_link(element):
        element.set("href", f"#{place}")
        return
    if elements.SHARE_LINK.match(href) or not has_content(element):
        if places.own_name(element) in targets:
            element.tag = "span"
        else:
            detach(element)
        return

    address: str | None = href
    if href[:7].lower() != "mailto:":
        address = url.clean(href, base=base)
    if not address or href.startswith("#") or not _may_be_link(element):
        element.tag = "span"
        return

    element.set("href", address)
    if contains(element, elements.BLOCKS):
        for inner in element.iter(*elements.BLOCKS):
            inner.tag = "span"


def _may_be_link(element: Any) -> bool:
    """Return whether an `a` is in no other link and holds no player, which it would break."""
    if next(element.iterancestors("a"), None) is not None:
        return False
    return not contains(element, _NOT_IN_LINKS)
