"""Prints entries and their revisions as text.

Fields are printed in three columns: name, value on one line, provenance. Differences
are coloured on terminals and marked elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.cli.report.terminal import make_console, replace_unprintable, write_stdout
from aggregator.publish.diff import mark_changes, shorten_unchanged
from aggregator.publish.json_record import entry_record, evidence_record
from aggregator.revisions import COMPARED_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TextIO

    from aggregator.model import Entry, Evidence, LeadReason, Teller
    from aggregator.publish.diff import Piece
    from aggregator.revisions import RevisionDiff

_MAX_VALUE_WIDTH = 72  # columns; a link is never cut, or nobody could open it
_UNCUT_FIELDS = frozenset({"id", "url", "url_original", "guid", "comments"})
_STYLES = {"same": "", "gone": "red strike", "come": "green"}
_PROVENANCE_FIELDS = {
    "content_text": "content_html",
    "published_from": "published",
}  # whose provenance tells
# By tier, see normalize/publisher.py.
_TIER_WORDS = (
    "not its publisher",
    "likely its publisher",
    "says it is its publisher",
    "its publisher",
)
_LEAD_WORDS: Mapping[LeadReason, str] = {
    "followed": "still followed",
    "text": "has a text",
    "priority": "priority",
    "publisher": "closest to the publisher",
    "size": "longest text",
    "version": "newest version",
    "date": "earliest date",
    "id": "first by id",
}


class EntryPrinter:
    """Prints entries to one stream, in colour where it is a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._console = make_console(stream) if stream.isatty() else None

    def print_line(self, text: str = "", style: str = "") -> None:
        """Print a line; `style` is a style of rich, for terminals."""
        if self._console is None:
            write_stdout(f"{replace_unprintable(text)}\n".encode())
        else:
            self._console.print(replace_unprintable(text), style=style or None, soft_wrap=True)

    def print_entry(self, entry: Entry, stated: Sequence[Evidence] = ()) -> None:
        """Print every field that has a value, and the evidence of its dates."""
        self.print_line(entry.title, "bold")
        rows = [*_field_rows(entry), *map(_evidence_row, stated)]
        width = max(
            _display_width(value)
            for _, value, _ in rows
            if _display_width(value) <= _MAX_VALUE_WIDTH
        )
        for name, value, where in rows:
            space = " " * max(width - _display_width(value), 0)
            self.print_line(f"  {name:<14} {value}{space}  {where}".rstrip())

    def print_tellers(
        self, tellers: Sequence[Teller], lead_reason: LeadReason | None = None
    ) -> None:
        """Print the sources that tell the entry, the shown one first; nothing if there is only one."""
        if not tellers:
            return
        reason = ""
        if lead_reason is not None:
            reason = f" ({_LEAD_WORDS[lead_reason]})"
        self.print_line(f"tellers: {len(tellers)}, shown: {tellers[0].source}{reason}", "bold")
        for teller in tellers:
            size = f"{teller.letters:,} letters"
            revisions = f"{teller.revisions} revision{'s' if teller.revisions > 1 else ''}"
            facts = ", ".join([size, _TIER_WORDS[teller.tier], revisions])
            self.print_line(f"  {teller.source:<14} {teller.url or '-'}  ({facts})")
            if teller.comments:
                self.print_line(f"  {'':<14} {teller.comments}  (comments)")

    def print_revisions(self, history: Sequence[RevisionDiff]) -> None:
        """Print a line for each revision."""
        self.print_line(f"revisions: {len(history)}", "bold")
        for place, version in enumerate(history):
            revision = version.revision
            changes = ", ".join(version.changes) or "nothing that is shown"
            if place == 0:  # not always number 1: the lead may have changed
                changes = "first"
            self.print_line(
                f"  {revision.number}  {revision.at:%Y-%m-%d %H:%M:%S}Z  {revision.title}  ({changes})"
            )

    def print_diffs(self, history: Sequence[RevisionDiff]) -> None:
        """Print what each revision changed."""
        if len(history) < 2:
            self.print_line("one revision: nothing to compare", "bold")
        for version in history[1:]:
            number, at = version.revision.number, version.revision.at
            self.print_line(f"revision {number - 1} → {number}, {at:%Y-%m-%d %H:%M:%S}Z", "bold")
            for name, change in version.word_diffs().items():
                self._print_diff(name, list(shorten_unchanged(change)))

    def _print_diff(self, name: str, change: Sequence[Piece]) -> None:
        console = self._console
        if console is None or console.color_system is None or console.no_color:
            self.print_line(f"  {name}: {mark_changes(change)}")
            return
        from rich.text import Text

        parts = [(replace_unprintable(piece.text), _STYLES[piece.kind]) for piece in change]
        line = Text.assemble(f"  {name}: ", *parts)
        console.print(line, soft_wrap=True)


def _field_rows(entry: Entry) -> list[tuple[str, str, str]]:
    values = entry_record(entry)
    values.pop("provenance")
    values.pop("title")
    values.pop("tellers")  # printed below
    given: Iterable[tuple[str, object]] = (
        (name, value) for name, value in values.items() if value not in (None, [])
    )
    return [
        ("title", _shorten(entry.title), _provenance(entry, "title")),
        *(_field_row(entry, name, value) for name, value in given),
    ]


def _field_row(entry: Entry, name: str, value: object) -> tuple[str, str, str]:
    text = replace_unprintable(_format_one_line(value))
    return name, text if name in _UNCUT_FIELDS else _shorten(text), _provenance(entry, name)


def _evidence_row(evidence: Evidence) -> tuple[str, str, str]:
    facts = evidence_record(evidence)
    told = [
        str(facts[name])
        for name in ("precision", "offset", "zone", "form")
        if facts[name] is not None
    ]
    refused = [f"not believed: {evidence.refused}"] if evidence.refused else []
    return (
        f"{evidence.field}_raw",
        replace_unprintable(f"{evidence.raw} ({', '.join([*told, *refused])})"),
        evidence.where,
    )


def _provenance(entry: Entry, name: str) -> str:
    if name not in COMPARED_FIELDS and name not in entry.provenance:
        return ""
    stated = entry.provenance.get(name)
    if stated:
        return stated
    return entry.provenance.get(_PROVENANCE_FIELDS.get(name, ""), "")


def _format_one_line(value: object) -> str:
    if isinstance(value, dict):
        pairs = [f"{key}={part}" for key, part in value.items() if part is not None]
        return " ".join(pairs)
    if isinstance(value, list):
        return ", ".join(map(_format_one_line, value))
    words = str(value).split()
    return " ".join(words)


def _display_width(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def _shorten(text: str) -> str:
    """Cut a text to the maximum width, and append its full length."""
    from rich.cells import set_cell_size

    if _display_width(text) <= _MAX_VALUE_WIDTH:
        return text
    told = f"… ({len(text):,} characters)"
    return set_cell_size(text, _MAX_VALUE_WIDTH - _display_width(told)).rstrip() + told
