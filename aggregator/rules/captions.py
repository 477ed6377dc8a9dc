"""Puts the captions that rules name into figures with their images."""

from __future__ import annotations

from typing import Any

from lxml import etree

from aggregator.normalize.html.tree import detach, has_content, is_blank


def place_captions(root: Any, captions: set[Any]) -> None:
    """Put each caption into a figure with the image before it, if no text is between them."""
    for picture, caption in _pair_captions(root, captions):
        _make_figure(picture, caption)


def _pair_captions(root: Any, captions: set[Any]) -> list[tuple[Any, Any]]:
    """Return the captions that follow an image without text between, each with that image."""
    if not captions:
        return []

    pairs = []
    image = None
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            if not is_blank(element.tail):
                image = None
            continue
        if element in captions and image is not None and not _has_caption(image):
            pairs.append((image, element))
        if element.tag == "img":
            image = element
        elif not is_blank(element.text):
            image = None
    return pairs


def _has_caption(image: Any) -> bool:
    figure = next(image.iterancestors("figure"), None)
    return figure is not None and figure.find(".//figcaption") is not None


def _make_figure(picture: Any, caption: Any) -> None:
    """Wrap an image, with the link around it, in a figure and move its caption there."""
    if not has_content(caption) or next(caption.iter("img"), None) is not None:
        return
    detach(caption)
    caption.tag = "figcaption"
    figure = next(picture.iterancestors("figure"), None)
    if figure is not None:
        figure.append(caption)
        return

    parent = picture.getparent()
    if parent.tag == "a" and len(parent) == 1 and is_blank(parent.text):
        picture = parent

    figure = etree.Element("figure")
    figure.tail, picture.tail = picture.tail, None
    picture.getparent().replace(picture, figure)
    figure.extend([picture, caption])
