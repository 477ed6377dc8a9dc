"""What podcast players read of a view of episodes: elements of iTunes and Podcasting 2.0.

The view is no show of its own: `itunes:block` keeps directories from listing other
publishers' episodes under its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aggregator.normalize.url.valid import valid_url
from aggregator.publish.view import view_urn
from aggregator.publish.xml_element import ITUNES, PODCAST, add_element, clean_text

if TYPE_CHECKING:
    from aggregator.model import Entry
    from aggregator.publish.view import ViewInfo

_ITUNES = f"{{{ITUNES}}}"


def add_show(channel: Any, view: ViewInfo) -> None:
    """Add what is said of the view as a whole."""
    add_element(channel, f"{_ITUNES}author", clean_text(view.title) or view.id)
    add_element(channel, f"{_ITUNES}type", "episodic")
    add_element(channel, f"{_ITUNES}block", "Yes")
    if view.icon_url:
        add_element(channel, f"{_ITUNES}image", href=valid_url(view.icon_url))
    identity = view_urn(view.id).removeprefix("urn:uuid:")
    add_element(channel, f"{{{PODCAST}}}guid", identity)


def add_episode(item: Any, entry: Entry) -> None:
    """Add the show as author, and the picture."""
    for name in entry.authors:
        add_element(item, f"{_ITUNES}author", name)
    if entry.image:
        add_element(item, f"{_ITUNES}image", href=entry.image.url)
