"""Pictures, players, frames and links inside an article: their real addresses, or nothing.

Rule: a lazy image shows what it would show to a reader with scripts; a frame stays only from a known player.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.normalize import image, url
from aggregator.normalize.html import elements
from aggregator.normalize.html.tree import detach, has_content

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Sequence

_VOIDS = ("source", "track", "wbr")


def repair(body: Any, base: str | None, placeholders: Sequence[re.Pattern[str]]) -> None:
    """Give every picture, player, frame and link of a body its absolute address; what has none goes."""
    names = {element.tag for element in body.iter()}
    if not names.isdisjoint(_VOIDS):
        _voids(body)
    if "noscript" in names:
        _noscript(body)
    if strangers := names - elements.KNOWN:
        _strangers(body, base, strangers)
    for element in list(body.iter("img", "source", "video", "audio", "iframe")):
        _media(element, base, placeholders)
    if "a" in names:
        for element in list(body.iter("a")):
            _link(element, base)


def allowed_address(tag: str, name: str, value: str) -> bool:
    """Tell whether an address may stand in this attribute of this element."""
    scheme = value.split(":", 1)[0].strip().lower()
    if scheme == "data":
        return (
            tag == "img"
            and name == "src"
            and value[5:11].lower() == "image/"
            and "svg" not in value[11:16].lower()
        )
    if tag == "iframe":
        host = url.host(value) or ""
        return scheme in ("http", "https") and host.removeprefix("www.") in elements.PLAYERS
    return scheme in ("http", "https") or (scheme == "mailto" and name == "href")


def _voids(body: Any) -> None:
    """What the parser put inside elements that hold nothing (libxml2 knows no `source`) comes out behind them."""
    for element in list(body.iter(*_VOIDS)):
        text, element.text = element.text, None
        for child in reversed(element):
            element.addnext(child)
        if text:
            element.tail = text + (element.tail or "")


def _strangers(body: Any, base: str | None, names: set[str]) -> None:
    """Elements that HTML does not know leave their children, unless they are an image or a known player."""
    for element in list(body.iter(*names)):
        if element.tag == "amp-img":
            element.tag = "img"
        elif element.tag.endswith("-player"):
            _player(element, base)
    etree.strip_tags(body, *names)


def _noscript(body: Any) -> None:
    """A `noscript` that holds an image gives it to the lazy image before it, or takes its place."""
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


def _media(element: Any, base: str | None, placeholders: Sequence[re.Pattern[str]]) -> None:
    if element.tag == "img":
        _image(element, base, placeholders)
    elif element.tag == "iframe":
        _frame(element, base)
    else:
        for name in ("src", "poster"):
            _absolute(element, name, base)
        _absolute_set(element, base)
        if element.tag in ("video", "audio"):
            _playable(element)


def _playable(element: Any) -> None:
    """A player holds its sources; what it would say to browsers without players goes, and so does one without any."""
    element.text = None
    for child in list(element):
        child.tail = None
        if child.tag not in ("source", "track"):
            element.remove(child)
    element.set("controls", "")
    if not element.get("src") and element.find("source") is None:
        detach(element)


def _image(element: Any, base: str | None, placeholders: Sequence[re.Pattern[str]]) -> None:
    address = image_address(element, base, placeholders=placeholders)
    if address is None:
        detach(element)
        return
    for name in elements.LAZY_SETS:
        element.attrib.pop(name, None)
    element.set("src", address)


def image_address(
    element: Any, base: str | None, *, placeholders: Sequence[re.Pattern[str]] = ()
) -> str | None:
    """The real address of an `img`, None where it shows nothing: lazy attributes, the largest of `srcset`, no proxy."""
    width, height = _pixels(element.get("width")), _pixels(element.get("height"))
    for candidate in _image_candidates(element):
        address = absolute_image(candidate, base)
        if address and not image.is_placeholder(
            address, width=width, height=height, extra=placeholders
        ):
            return address
    return None


def absolute_image(candidate: str, base: str | None) -> str | None:
    """An image URL made absolute, proxies unwrapped; a small inline `data:` picture stays, None where none is left."""
    if candidate[:11].lower() == "data:image/":
        return candidate
    address = url.clean(candidate, base=base)
    return image.unwrap(address) if address else None


def _image_candidates(element: Any) -> Iterable[str]:
    for name in elements.LAZY_SOURCES:
        if value := element.get(name):
            yield value
    for name in elements.LAZY_SETS[1:]:
        if (value := element.get(name)) and (best := image.best_of_srcset(value)):
            yield best
    if (source := element.get("src")) and not source.lower().startswith("data:"):
        yield source
    if (value := element.get("srcset")) and (best := image.best_of_srcset(value)):
        yield best
    yield from _picture_sources(element.getparent())
    if source := element.get("src"):
        yield source


def _picture_sources(parent: Any) -> Iterable[str]:
    if parent is None or parent.tag != "picture":
        return
    for source in parent.iter("source"):
        if best := image.best_of_srcset(source.get("srcset") or source.get("data-srcset") or ""):
            yield best


def _pixels(value: str | None) -> int | None:
    digits = (value or "").strip().removesuffix("px")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 7 else None


def _player(element: Any, base: str | None) -> None:
    """A custom element that plays a known player's video (`youtube-player[source]`) becomes that player's frame."""
    stated = (element.get(name) for name in ("source", "src", "data-src", "data-source"))
    address = next(
        (clean for value in stated if value and (clean := url.clean(value, base=base))), None
    )
    if address and allowed_address("iframe", "src", address):
        element.tag = "iframe"
        element.attrib.clear()
        element.set("src", address)


def _frame(element: Any, base: str | None) -> None:
    for child in list(element):
        element.remove(child)
    element.text = None
    address = url.clean(element.get("src") or element.get("data-src") or "", base=base)
    if not address or not allowed_address("iframe", "src", address):
        detach(element)
        return
    element.set("src", address)
    element.set("loading", "lazy")


def _absolute(element: Any, name: str, base: str | None) -> None:
    value = element.get(name)
    if value is None:
        return
    address = absolute_image(value, base) if name == "poster" else url.clean(value, base=base)
    if address:
        element.set(name, address)
    else:
        del element.attrib[name]


def _absolute_set(element: Any, base: str | None) -> None:
    value = element.get("srcset")
    if value is None:
        return
    best = absolute_image(image.best_of_srcset(value) or "", base)
    if best:
        element.set("srcset", best)
    else:
        detach(element)


def _link(element: Any, base: str | None) -> None:
    href = (element.get("href") or "").strip()
    if elements.SHARE.match(href):
        detach(element)
        return
    address = href if href[:7].lower() == "mailto:" else url.clean(href, base=base)
    if not has_content(element):
        detach(element)
    elif address and not href.startswith("#") and _may_link(element):
        element.set("href", address)
        for inner in element.iter(*elements.BLOCKS):
            inner.tag = "span"
    else:
        element.tag = "span"


def _may_link(element: Any) -> bool:
    """A link stands in no other link, and holds no player, which would not be one any more."""
    outside = next(element.iterancestors("a"), None)
    return (
        outside is None
        and next(element.iterdescendants("audio", "hr", "iframe", "video"), None) is None
    )
