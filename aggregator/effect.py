"""What a configuration changes in the views: the entries that leave and come in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.app import App
    from aggregator.config import View
    from aggregator.model import Entry

_ENTRY_ID = "{http://www.w3.org/2005/Atom}entry/{http://www.w3.org/2005/Atom}id"


@dataclass(frozen=True, slots=True)
class Effect:
    """The stored entries that leave a view and those that come in, as the view orders them."""

    view: str
    leaving: tuple[Entry, ...]
    coming: tuple[Entry, ...]


def describe_effect(effect: Effect) -> str:
    """Return a line about an effect.

    >>> describe_effect(Effect("merged", (), ()))
    'view merged: 0 entries leave, 0 come in'
    """
    leaving = (
        "1 entry leaves" if len(effect.leaving) == 1 else f"{len(effect.leaving)} entries leave"
    )
    coming = "1 comes in" if len(effect.coming) == 1 else f"{len(effect.coming)} come in"
    return f"view {effect.view}: {leaving}, {coming}"


def find_effects(app: App) -> Iterator[Effect]:
    """Compare each view as it was published with what the configuration shows of the store now.

    A view that was never published as Atom has nothing to compare with and is left out. Entries
    that only make way for newer ones do not count. Raises: StoreError.
    """
    for view in app.config.views:
        before = _published_ids(Path(app.config.output) / f"{view.id}.atom")
        if before is not None:
            yield _compare(app, view, before)


def _compare(app: App, view: View, before: set[str]) -> Effect:
    shown = app.view_entries(view)
    ids = {entry.id for entry in shown}
    coming = [entry for entry in shown if entry.id not in before]

    leaving = []
    for entry_id in before - ids:
        for entry in app.store.find_entries(entry_id):
            # Below the last that is shown it has only made way.
            is_in_range = not shown or entry.published >= shown[-1].published
            if is_in_range or app.is_filtered(entry):
                leaving.append(entry)
    leaving.sort(key=lambda entry: (entry.published, entry.id), reverse=True)
    return Effect(view.id, tuple(leaving), tuple(coming))


def _published_ids(path: Path) -> set[str] | None:
    """Return the ids of the entries in a published feed, None where there is none that can be read."""
    try:
        tree = ElementTree.parse(path)  # noqa: S314 (our own file)
    except (OSError, ElementTree.ParseError):
        return None
    return {element.text or "" for element in tree.getroot().iterfind(_ENTRY_ID)}
