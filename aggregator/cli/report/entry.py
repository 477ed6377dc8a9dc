"""An entry on a terminal or in a file, for people.

Rule: three columns, a field, its value on one line, where it was found; colours on terminals, marks anywhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.cli.report.diff import excerpt, mark_changes
from aggregator.cli.report.revisions import FIELDS
from aggregator.cli.report.terminal import clean, console, put
from aggregator.publish.json_record import evidence_record, record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TextIO

    from aggregator.cli.report.diff import Piece
    from aggregator.cli.report.revisions import Past
    from aggregator.model import Entry, Evidence

_WIDEST_VALUE = 72  # columns; a link is never cut, or nobody could open it
_WHOLE = frozenset({"id", "url", "url_original", "guid"})
_STYLES = {"same": "", "gone": "red strike", "come": "green"}
_FROM = {"content_text": "content_html", "published_from": "published"}  # whose provenance tells


class Sheet:
    """Writes to one stream."""

    def __init__(self, stream: TextIO) -> None:
        self._console = console(stream) if stream.isatty() else None

    def line(self, text: str = "", style: str = "") -> None:
        """Write a line; `style` is rich's, for terminals."""
        if self._console is None:
            put(f"{clean(text)}\n".encode())
        else:
            self._console.print(clean(text), style=style or None, soft_wrap=True)

    def entry(self, entry: Entry, stated: Sequence[Evidence] = ()) -> None:
        """Write every field that has a value, and what was `stated` of its dates."""
        self.line(entry.title, "bold")
        rows = [*_rows(entry), *map(_evidence_row, stated)]
        width = max(_width(value) for _, value, _ in rows if _width(value) <= _WIDEST_VALUE)
        for name, value, where in rows:
            space = " " * max(width - _width(value), 0)
            self.line(f"  {name:<14} {value}{space}  {where}".rstrip())

    def revisions(self, past: Sequence[Past]) -> None:
        """Write a line for each version."""
        self.line(f"revisions: {len(past)}", "bold")
        for version in past:
            revision = version.revision
            changes = ", ".join(version.changes) or (
                "first" if revision.number == 1 else "nothing that is shown"
            )
            self.line(
                f"  {revision.number}  {revision.at:%Y-%m-%d %H:%M:%S}Z  {revision.title}  ({changes})"
            )

    def diffs(self, past: Sequence[Past]) -> None:
        """Write what each version changed."""
        if len(past) < 2:
            self.line("one revision: nothing to compare", "bold")
        for version in past[1:]:
            number, at = version.revision.number, version.revision.at
            self.line(f"revision {number - 1} → {number}, {at:%Y-%m-%d %H:%M:%S}Z", "bold")
            for name, change in version.diffs().items():
                self._diff(name, list(excerpt(change)))

    def _diff(self, name: str, change: Sequence[Piece]) -> None:
        coloured = (
            self._console is not None
            and self._console.color_system is not None
            and not self._console.no_color
        )
        if self._console is None or not coloured:
            self.line(f"  {name}: {mark_changes(change)}")
            return
        from rich.text import Text

        parts = ((clean(piece.text), _STYLES[piece.kind]) for piece in change)
        self._console.print(Text.assemble(f"  {name}: ", *parts), soft_wrap=True)


def _rows(entry: Entry) -> list[tuple[str, str, str]]:
    values = record(entry)
    values.pop("provenance")
    values.pop("title")
    given: Iterable[tuple[str, object]] = (
        (name, value) for name, value in values.items() if value not in (None, [])
    )
    return [
        ("title", _short(entry.title), _where(entry, "title")),
        *(_row(entry, name, value) for name, value in given),
    ]


def _row(entry: Entry, name: str, value: object) -> tuple[str, str, str]:
    text = clean(_one_line(value))
    return name, text if name in _WHOLE else _short(text), _where(entry, name)


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
        clean(f"{evidence.raw} ({', '.join([*told, *refused])})"),
        evidence.where,
    )


def _where(entry: Entry, name: str) -> str:
    if name not in FIELDS and name not in entry.provenance:
        return ""
    stated = entry.provenance.get(name)
    if stated:
        return stated
    return entry.provenance.get(_FROM.get(name, ""), "")


def _one_line(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{key}={part}" for key, part in value.items() if part is not None)
    if isinstance(value, list):
        return ", ".join(map(_one_line, value))
    return " ".join(str(value).split())


def _width(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def _short(text: str) -> str:
    """Cut a text to the widest value, and say how much there is of it."""
    from rich.cells import set_cell_size

    if _width(text) <= _WIDEST_VALUE:
        return text
    told = f"… ({len(text):,} characters)"
    return set_cell_size(text, _WIDEST_VALUE - _width(told)).rstrip() + told
