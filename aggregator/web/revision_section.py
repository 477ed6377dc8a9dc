"""What each version of an entry changed, the newest first, as a diff that can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.publish.diff import compare_texts, shorten_unchanged
from aggregator.web.html import Html, direction, element

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.publish.diff import Piece
    from aggregator.revisions import RevisionDiff
    from aggregator.web.layout import Frame
    from aggregator.web.site import EntryDetails

# Half a second of comparing on one page would hold up every other answer.
_MAX_PAIRS = 40_000
_MAX_PIECE_CHARACTERS = 1_500
_MAX_PIECES = 60
_HIDDEN_FIELDS = frozenset({"content_html"})
_ELEMENTS = {"gone": "del", "come": "ins", "same": "span"}


def render_revisions(frame: Frame, details: EntryDetails) -> Html | None:
    """Write the versions of an entry; None if it never changed."""
    if len(details.revisions) < 2:
        return None
    language = details.entry.language
    items = [_version(frame, version, language) for version in reversed(details.revisions)]
    note = None
    if details.left_out:
        words = frame.language.count("too_many_versions", details.left_out)
        note = element("p", words, class_="soft")
    heading = element("h2", frame.text("what_changed"))
    versions = element("ol", *items, class_="versions")
    return element("section", heading, versions, note, id="changes", class_="ruled")


def _version(frame: Frame, version: RevisionDiff, language: str | None) -> Html:
    revision = version.revision
    label = frame.text("version", number=revision.number)
    if revision.number == 1:
        label = frame.text("first_version")
    changes = []
    for field, (before, after) in version.changes.items():
        if field not in _HIDDEN_FIELDS:
            changes.append(_change(frame, field, before, after, language))
    if not changes and revision.number > 1:
        changes.append(element("p", frame.text("no_visible_change"), class_="soft"))
    when = element("b", frame.language.date_time(revision.at))
    return element("li", element("p", when, element("span", label), class_="when"), *changes)


def _change(frame: Frame, field: str, before: str, after: str, language: str | None) -> Html:
    pieces = compare_texts(before, after, max_pairs=_MAX_PAIRS)
    return element(
        "div",
        element("small", frame.field_name(field)),
        element("p", *_written(shorten_unchanged(pieces)), lang=language, dir=direction(language)),
        class_="change",
    )


def _written(pieces: Iterable[Piece]) -> list[Html]:
    written = []
    for piece in pieces:
        text = piece.text
        if len(text) > _MAX_PIECE_CHARACTERS:
            text = f"{text[:_MAX_PIECE_CHARACTERS]} …"
        written.append(element(_ELEMENTS[piece.kind], text))
        if len(written) == _MAX_PIECES:
            written.append(element("span", " …"))
            break
    return written
