"""Finds what stands inside an article's text and is not part of it: cards of other articles, sign-up boxes, overlays.

A card is an element with a linked heading or picture and few words, beside others of its kind. A box is known by its
tag, role or class, if what is in it is short, a form, or mostly links. Pictures keep nothing in the text: cards have
them, too.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from aggregator.normalize import text, url
from aggregator.normalize.html.tree import detach
from aggregator.rules.document import element_text

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

MAX_LINKS = 2_000  # of a text that are looked at
MAX_BOXES = 200  # of a text that are measured
MAX_CARD_LEVELS = 6  # between a link and the element that is the card
MAX_CARD_WORDS = 60
_MIN_CARD_WORDS = 3
_MIN_CARDS = 2  # beside each other
_MAX_NAME = 500  # characters of class and id that are looked at
_MAX_BOX_SHARE = 0.3  # of a text's words in one box
_LINK_SHARE = 0.4  # of a box's words in links
_MAX_PLAIN_WORDS = 120  # of a box that is neither a form nor mostly links

_HEADINGS = ("h2", "h3", "h4", "h5", "h6")
_PICTURES = ("img", "picture", "amp-img")
_MEDIA = ("img", "picture", "amp-img", "video", "audio", "iframe", "figure", "math", "pre")
_FORM_PARTS = ("form", "input", "button")
_CARD_TAGS = frozenset({"div", "article", "section", "li", "a", "figure"})
_OVERLAY_ROLES = frozenset({"dialog", "alertdialog"})
_OVERLAY_NAME = re.compile(
    r"(?<![a-z])(?:cmp|gdpr|didomi|onetrust|sp_message\w*|usercentrics|(?:cookie|consent)[\w-]*|[\w-]*-(?:cookie|consent)"
    r"|wp-auth[\w-]*|(?:login|sign-?in|session)-?(?:dialog|modal|overlay|popup|expired))(?![a-z])",
    re.IGNORECASE,
)
_BOX_NAME = re.compile(
    r"(?<![a-z])(?:newsletter\w*|subscri\w+|sign-?up|related[\w-]*|recommend\w*|recirc\w*|promo\w*|teaser-?box|read-?(?:more|also|next)"
    r"|more-?(?:on|from|news|stories|articles)|most-?(?:read|popular|viewed)|popular|trending|outbrain|taboola"
    r"|also-?(?:like|read)|author-?(?:bio|box|info|card)|about-?(?:the-?)?author|sponsor\w*|advert\w*)(?![a-z])",
    re.IGNORECASE,
)


def remove_side_boxes(element: Any, address: str | None) -> None:
    """Remove the cards, boxes and overlays from an element that is marked up as an article's text."""
    for box in find_side_boxes(element, address):
        if box.getparent() is not None:
            detach(box)


def remove_overlays(body: Any) -> None:
    """Remove dialogs and questions for consent from a page, but none that holds its heading."""
    overlays = [element for element in body.iterdescendants("*") if is_overlay(element)]
    for overlay in overlays[:MAX_BOXES]:
        holds_heading = next(overlay.iter("h1"), None) is not None
        if not holds_heading and overlay.getparent() is not None:
            detach(overlay)


def find_side_boxes(root: Any, address: str | None) -> list[Any]:
    """Return the elements below `root` that are not part of its text; `address` is the page's URL.

    None of them holds an `h1`, and together they are less than the rest of the text.
    """
    cards = _without_main_heading(_find_cards(root, address))
    boxes = _without_main_heading(_find_named_boxes(root))
    boxes.update(cards)
    for box in list(boxes):
        heading = _heading_before(box, boxes)
        if heading is None:
            continue
        # A heading before a box may be that of the text after it; cards have one of their own.
        if box in cards or _ends_section(box, boxes):
            boxes[heading] = None
    return list(boxes)


def _without_main_heading(elements: Iterable[Any]) -> dict[Any, None]:
    kept: dict[Any, None] = {}
    for element in elements:
        if next(element.iter("h1"), None) is None:
            kept[element] = None
    return kept


def _find_cards(root: Any, address: str | None) -> Iterator[Any]:
    """Yield the cards that have others of their kind beside them."""
    cards: dict[Any, list[Any]] = {}
    seen = set()
    for link in islice(root.iter("a"), MAX_LINKS):
        card = _card_of(link, root)
        if card is None or card in seen or not _leads_to_article(link, address):
            continue
        seen.add(card)
        cards.setdefault(card.getparent(), []).append(card)

    for siblings in cards.values():
        alike = _largest_kind(siblings)
        if len(alike) >= _MIN_CARDS:
            yield from alike


def _largest_kind(siblings: list[Any]) -> list[Any]:
    """Return those of the siblings that have the same tag, of the most frequent one."""
    by_tag: dict[str, list[Any]] = {}
    for sibling in siblings:
        by_tag.setdefault(sibling.tag, []).append(sibling)
    return max(by_tag.values(), key=len)


def _card_of(link: Any, root: Any) -> Any | None:
    """Return the largest element around a link that is a card of it alone, None if there is none."""
    heading = next(link.iterancestors(*_HEADINGS), None)
    has_heading = heading is not None or next(link.iter(*_HEADINGS), None) is not None
    if not has_heading and next(link.iter(*_PICTURES), None) is None:
        return None

    card = None
    target = link.get("href")
    for holder in islice((link, *link.iterancestors()), MAX_CARD_LEVELS):
        if holder is root or not _holds_one_target(holder, target):
            break
        words = text.count_words(element_text(holder))
        if words > MAX_CARD_WORDS:
            break
        if holder.tag in _CARD_TAGS and words >= _MIN_CARD_WORDS:
            card = holder
    return card


def _holds_one_target(holder: Any, target: str | None) -> bool:
    return all(link.get("href") == target for link in islice(holder.iter("a"), MAX_LINKS))


def _leads_to_article(link: Any, address: str | None) -> bool:
    """Return whether a link leads to another page of the same site."""
    href = link.get("href", "").strip()
    if not href or href.startswith("#"):
        return False
    if "://" not in href:
        return not href.startswith(("mailto:", "tel:", "javascript:"))
    return address is None or url.same_site(href, address)


def _find_named_boxes(root: Any) -> Iterator[Any]:
    named = []
    for element in root.iterdescendants("*"):
        if is_overlay(element):
            yield element
        elif _is_box(element):
            named.append(element)
    if not named:
        return

    total_words = text.count_words(element_text(root))
    for element in named[:MAX_BOXES]:
        if _is_short_box(element, total_words):
            yield element


def is_overlay(element: Any) -> bool:
    """Return whether an element is a dialog or a question for consent that lies over the page."""
    if element.tag == "dialog" or element.get("role") in _OVERLAY_ROLES:
        return True
    names = _names(element)
    return bool(names) and element.tag == "div" and _OVERLAY_NAME.search(names) is not None


def _is_box(element: Any) -> bool:
    if element.tag == "aside" or element.get("role") == "complementary":
        return True
    names = _names(element)
    return bool(names) and _BOX_NAME.search(names) is not None


def _names(element: Any) -> str:
    names = f"{element.get('class', '')} {element.get('id', '')}"
    return names[:_MAX_NAME].strip()


def _is_short_box(element: Any, total_words: float) -> bool:
    """Return whether a box has few of a text's words and is a form, mostly links, or plain and short."""
    words = text.count_words(element_text(element))
    if words > _MAX_BOX_SHARE * total_words:
        return False
    if next(element.iter(*_FORM_PARTS), None) is not None:
        return True

    links = list(islice(element.iter("a"), MAX_LINKS))
    linked_words = sum(text.count_words(element_text(link)) for link in links)
    if links and linked_words >= _LINK_SHARE * words:
        return True
    if element.tag == "aside" and not _BOX_NAME.search(_names(element)):
        # A quotation or a remark of the article has neither links nor a heading.
        return bool(links) or next(element.iter(*_HEADINGS), None) is not None
    has_own_media = False
    for media in element.iter(*_MEDIA):
        if next(media.iterancestors("a"), None) is None:
            has_own_media = True
    return not has_own_media and words <= _MAX_PLAIN_WORDS


def _heading_before(box: Any, boxes: Container[Any]) -> Any | None:
    """Return the heading in front of a box and of the boxes before it, None if there is none."""
    before = box.getprevious()
    while before is not None and before in boxes:
        before = before.getprevious()
    if before is not None and before.tag in _HEADINGS:
        return before
    return None


def _ends_section(box: Any, boxes: Container[Any]) -> bool:
    """Return whether nothing or a heading follows a box and the boxes after it."""
    after = box.getnext()
    while after is not None and after in boxes:
        after = after.getnext()
    return after is None or after.tag in _HEADINGS
