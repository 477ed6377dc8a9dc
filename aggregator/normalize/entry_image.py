"""Chooses the picture of an item: a stated one, else the first of its body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aggregator.model import Image
from aggregator.normalize import image, text
from aggregator.normalize import observer as why
from aggregator.normalize.html import media
from aggregator.normalize.html.simple import SimpleBody, SimpleImage

if TYPE_CHECKING:
    from aggregator.model import RawEntry, RawImage
    from aggregator.normalize.decisions import Decisions
    from aggregator.normalize.entry import NormalizeContext


def choose_image(
    raw: RawEntry, body: Any | None, context: NormalizeContext, decisions: Decisions
) -> Image | None:
    """Return the first stated image that can be shown, else the first of `body`."""
    for stated in raw.image:
        address = media.absolute_image_url(stated.url, raw.base_url)
        reason = _reason_against(address, stated, context)
        decisions.report("image", stated, reason)
        if address and not reason:
            decisions.set_provenance("image", stated.where)
            return Image(
                address,
                caption=_plain(stated.caption),
                alt=_plain(stated.alt),
                width=stated.width,
                height=stated.height,
            )

    if body is None:
        return None
    return _first_image(body, raw, context, decisions)


def _reason_against(address: str | None, stated: RawImage, context: NormalizeContext) -> str | None:
    """Return why a stated image cannot be shown, None if it can."""
    if not address or not address.startswith("http"):
        return why.NO_PICTURE
    is_placeholder = image.is_placeholder(
        address, width=stated.width, height=stated.height, extra=context.placeholders
    )
    if is_placeholder:
        return why.PLACEHOLDER
    return None


def _first_image(
    body: Any, raw: RawEntry, context: NormalizeContext, decisions: Decisions
) -> Image | None:
    is_simple = isinstance(body, SimpleBody)
    for element in body.images() if is_simple else body.iter("img"):
        address = media.find_image_url(element, raw.base_url, placeholders=context.placeholders)
        if not address or not address.startswith("http"):
            continue
        decisions.use_fallback("image", address, "body:img")
        alt = element.get("alt")
        return Image(address, caption=_caption(element), alt=_plain(alt))
    return None


def _caption(element: Any) -> str | None:
    """Return the caption of the figure around an image."""
    if isinstance(element, SimpleImage):
        return _plain(element.caption)
    figure = next(element.iterancestors("figure"), None)
    if figure is None:
        return None
    caption = figure.find(".//figcaption")
    if caption is None:
        return None
    return _plain("".join(caption.itertext()))


def _plain(value: str | None) -> str | None:
    """Return the plain text of a value, None if it has none."""
    return text.plain_text(value or "", "mixed") or None
