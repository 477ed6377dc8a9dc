"""Tells lists that are no news although they repeat: shops, indexes, tables of contents.

Each sign is one that a list of articles does not have: a price of its own in every item,
titles in the order of the alphabet, numbers that count up.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from aggregator.adapters.html.class_names import class_words

if TYPE_CHECKING:
    from collections.abc import Sequence

_CURRENCY = (
    r"(?:[€$£¥₹₽₩₺₴฿₫₪]|(?:USD|EUR|GBP|CHF|RUB|zł|kr|Kč|Ft|TL|lei|руб\.?|грн|元|円|원)(?!\w))"
)
_AMOUNT = r"\d[\d.,'\s]*(?:[.,][-–]{1,2})?"
_PRICE = re.compile(
    rf"(?:[^\W\d]{{2,8}}\s)?(?:{_CURRENCY}\s?{_AMOUNT}|{_AMOUNT}\s?{_CURRENCY}).{{0,12}}"
)
_PRICE_WORDS = frozenset({"price", "prices", "prix", "preis", "precio", "prezzo", "cena"})
_LONGEST_PRICE = 30
_MAX_ELEMENTS = 60  # of an item
_MIN_ITEMS = 5
_MIN_LETTERS = 4  # different first letters, without which an order by them says nothing
_NUMBERED = re.compile(r"(?:[^\W\d]{3,9}\s)?(\d{1,3})(?:[.):]|\s[-–])\s?\S")


def is_shop(items: Sequence[Any]) -> bool:
    """Tell whether half of the items have a price in an element of its own."""
    return 2 * sum(map(_has_price, items)) >= len(items)


def is_index(titles: Sequence[str]) -> bool:
    """Tell whether titles are sorted by the alphabet, or numbered upwards."""
    if len(titles) < _MIN_ITEMS:
        return False
    return _is_sorted(titles) or _is_numbered(titles)


def _has_price(item: Any) -> bool:
    return any(map(_is_price, islice(item.iter(), _MAX_ELEMENTS)))


def _is_price(element: Any) -> bool:
    if not isinstance(element.tag, str):
        return False
    text = "".join(islice(element.itertext(), 6)).strip()
    if not 0 < len(text) <= _LONGEST_PRICE or not any(map(str.isdigit, text)):
        return False
    if not class_words(element).isdisjoint(_PRICE_WORDS):
        return True
    return _PRICE.fullmatch(text) is not None


def _is_sorted(titles: Sequence[str]) -> bool:
    words = [title.split(maxsplit=1)[0].casefold() for title in titles if title.strip()]
    letters = {word[0] for word in words}
    return len(letters) >= _MIN_LETTERS and words == sorted(words)


def _is_numbered(titles: Sequence[str]) -> bool:
    """Tell whether titles begin with numbers that count up by one."""
    matches = [_NUMBERED.match(title) for title in titles]
    numbers = [int(match[1]) for match in matches if match]
    if len(numbers) < len(titles):
        return False
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))
