"""Why an entry is, or is not, in a view.

The view itself says what it shows, and its own conditions, order and rank of copies say why; nothing is decided
here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from aggregator.cli.report.why_filters import broken_match_rules, unmet_condition
from aggregator.config import Where
from aggregator.config.key_lines import place_of_source_key, place_of_view_key
from aggregator.publish import OUTPUTS
from aggregator.source_status import rough_duration
from aggregator.store.view import LATE_ARRIVAL_PERIOD

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aggregator.app import App
    from aggregator.cli.report.why_filters import BrokenRule
    from aggregator.config import View
    from aggregator.model import Entry
    from aggregator.source_status import SourceStatus
    from aggregator.store.membership import Arrival, EntryCopy

Reason = Literal[
    "shown",
    "late",
    "where",
    "copy",
    "keep",
    "limit",
    "max_per_source",
    "unexplained",
    "deleted",
    "rejected",
    "filtered",
    "listed",
    "unlisted",
    "unknown",
]


@dataclass(frozen=True, slots=True)
class ViewAnswer:
    """What became of an article in one view.

    `position` counts from 1, the newest first. `published` tells whether the view's file holds it, None where there is
    no file. `sentences` say the rest.
    """

    view: str
    shown: bool
    reason: Reason
    sentences: tuple[str, ...]
    position: int | None = None
    published: bool | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is known of an article.

    `entries` are those that the name leads to, the explained one first; none where it is not
    stored. `sources` are those that may bring it, if it is not.
    """

    name: str
    entries: tuple[Entry, ...]
    views: tuple[ViewAnswer, ...]
    arrival: Arrival | None = None
    notes: tuple[str, ...] = ()
    sources: tuple[SourceStatus, ...] = field(default=())


def explain_view(app: App, view: View, entry: Entry, arrival: Arrival) -> ViewAnswer:
    """Say why a stored entry is, or is not, in a view."""
    shown = [one.id for one in app.view_entries(view)]
    if entry.id in shown:
        answer = _explain_shown(app, view, entry, shown, arrival)
    else:
        answer = _explain_hidden(app, view, entry, shown)
    return _with_files(app, answer, entry, arrival)


def _explain_shown(
    app: App, view: View, entry: Entry, shown: Sequence[str], arrival: Arrival
) -> ViewAnswer:
    position = shown.index(entry.id) + 1
    sentences = []
    reason: Reason = "shown"
    if arrival.late is not None:
        rank = app.store.rank(entry.id, app.selection_of(view))
        if rank is not None and rank > view.limit:
            reason = "late"
            until = moment(arrival.late + LATE_ARRIVAL_PERIOD)
            sentences.append(
                f"it came too late to be among the newest {view.limit} (it is number {rank}),"
                f" and is shown as well until {until}"
            )
    if view.duplicates == "group":
        sentences += _lead_sentences(app, view, entry)
    return ViewAnswer(
        view.id, shown=True, reason=reason, sentences=tuple(sentences), position=position
    )


def _lead_sentences(app: App, view: View, entry: Entry) -> Iterator[str]:
    """Say why an entry is shown instead of its copies."""
    copies = app.store.selected_copies(entry.id, app.selection_of(view))
    if len(copies) < 2 or copies[0].entry.id != entry.id:
        return
    for copy in copies[1:]:
        reason = lead_reason(copies[0], copy)
        yield f"it is shown instead of its copy in `{copy.entry.source}` ({_display_name(copy.entry)}): {reason}"


def _explain_hidden(app: App, view: View, entry: Entry, shown: Sequence[str]) -> ViewAnswer:
    selection = app.selection_of(view)
    if app.is_filtered(entry):
        return _hidden_answer(view, "filtered", _filter_sentences(app, entry))
    if not app.store.selects(entry.id, selection):
        sentences = []
        for rule in _broken_rules(app, view, entry):
            sentences.append(rule.reason + _place(app, view, "where", *rule.keys))
        return _hidden_answer(view, "where", sentences)

    if view.duplicates == "group":
        copies = app.store.selected_copies(entry.id, selection)
        if copies and copies[0].entry.id != entry.id:
            return _explain_copy(app, view, entry, copies, shown)

    if view.shown_for is not None and entry.published < app.clock() - view.shown_for:
        keys = ("keep",) if view.shown_for == view.keep else ("where", "age")
        place = _place(app, view, *keys)
        sentence = (
            f"it was published {moment(entry.published)};"
            f" the view shows an entry for {rough_duration(view.shown_for)} after its publication{place}"
        )
        return _hidden_answer(view, "keep", (sentence,))

    rank = app.store.rank(entry.id, selection)
    has_share = _has_its_share(app, view, entry.source)
    if rank is not None and rank > view.limit and not has_share:
        place = _place(app, view, "limit")
        sentence = (
            f"it is number {rank} of the entries that the view selects, the newest first;"
            f" the view shows {view.limit}{place}"
        )
        return _hidden_answer(view, "limit", (sentence,))
    if view.max_per_source is not None:
        place = _place(app, view, "max_per_source")
        sentence = (
            f"newer entries of `{entry.source}` fill its share of the view,"
            f" {view.max_per_source}{place}"
        )
        return _hidden_answer(view, "max_per_source", (sentence,))
    return _hidden_answer(view, "unexplained", ("the view selects it, and does not show it",))


def _has_its_share(app: App, view: View, source: str) -> bool:
    """Tell whether a view shows as many entries of a source as `max_per_source` allows."""
    if view.most_per_source is None:
        return False
    shown = sum(entry.source == source for entry in app.view_entries(view))
    return shown >= view.most_per_source


def _hidden_answer(view: View, reason: Reason, sentences: Sequence[str]) -> ViewAnswer:
    return ViewAnswer(view.id, shown=False, reason=reason, sentences=tuple(sentences))


def _explain_copy(
    app: App, view: View, entry: Entry, copies: Sequence[EntryCopy], shown: Sequence[str]
) -> ViewAnswer:
    lead = copies[0]
    [own] = [copy for copy in copies if copy.entry.id == entry.id]
    reason = f"({_display_name(lead.entry)}): {lead_reason(lead, own)}"
    if lead.entry.id in shown:
        sentences = [f"a copy in `{lead.entry.source}` is shown instead {reason}"]
    else:
        sentences = [f"a copy in `{lead.entry.source}` stands for both {reason}"]
        for sentence in _explain_hidden(app, view, lead.entry, shown).sentences:
            sentences.append(f"that copy is not shown either: {sentence}")
    place = _place(app, view, "duplicates")
    sentences.append(f"`duplicates: keep` in the view shows all copies{place}")
    return _hidden_answer(view, "copy", sentences)


def lead_reason(lead: EntryCopy, other: EntryCopy) -> str:
    """Say why one of two copies is shown rather than the other."""
    if lead.priority != other.priority:
        return (
            f"`{lead.entry.source}` has priority {lead.priority},"
            f" `{other.entry.source}` has {other.priority}"
        )
    if lead.entry.published < other.entry.published:
        return (
            f"it was published earlier, {moment(lead.entry.published)}"
            f" and not {moment(other.entry.published)}"
        )
    if lead.entry.published == other.entry.published:
        return "both have the same priority and date, and its id comes first"
    return "it comes first in the order of copies"


def _filter_sentences(app: App, entry: Entry) -> list[str]:
    """Say which filters of its sources leave an entry out."""
    sentences = []
    names = [teller.source for teller in entry.tellers]
    for name in names or [entry.source]:
        source = app.sources.get(name)
        if source is None:
            continue
        sentences.append(f"the filters of `{name}` leave it out")
        for rule in broken_match_rules(entry, include=source.include, exclude=source.exclude):
            place = place_of_source_key(source, *rule.keys)
            sentence = rule.reason
            if place is not None:
                sentence += f" ({place})"
            sentences.append(sentence)
    return sentences


def _broken_rules(app: App, view: View, entry: Entry) -> Iterator[BrokenRule]:
    where = view.where
    for key in ("language", "source", "tag", "publisher", "has"):
        values = getattr(where, key)
        if not values:
            continue
        only_this = view.model_copy(update={"where": Where().model_copy(update={key: values})})
        if not app.store.selects(entry.id, app.selection_of(only_this)):
            yield unmet_condition(entry, where, key)
    yield from broken_match_rules(entry, include=where.include, exclude=where.exclude)


def _place(app: App, view: View, *keys: str | int) -> str:
    place = place_of_view_key(app.config, view.id, *keys)
    return "" if place is None else f" ({place})"


def _with_files(app: App, answer: ViewAnswer, entry: Entry, arrival: Arrival) -> ViewAnswer:
    """Add what the view's published files hold, where it is not what the view shows now."""
    sentences = list(answer.sentences)
    held: list[bool] = []
    for kind in OUTPUTS:
        path = Path(app.config.output) / f"{answer.view}.{kind}"
        try:
            holds = _holds(path.read_bytes(), entry.id)
            written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except OSError:
            if answer.shown:
                sentences.append(f"{path} is not written yet; `aggregator publish` writes it")
            continue
        held.append(holds)
        if answer.shown and not holds:
            sentences.append(
                f"{path} does not have it yet: the file is of {moment(written)}, the entry was stored"
                f" {moment(arrival.stored)}; the next publish adds it"
            )
        elif holds and not answer.shown:
            sentences.append(
                f"{path}, of {moment(written)}, still has it; the next publish removes it"
            )
    return replace(answer, sentences=tuple(sentences), published=all(held) if held else None)


def moment(at: datetime) -> str:
    """Write a moment for people."""
    return f"{at:%Y-%m-%d %H:%M}Z"


def _display_name(entry: Entry) -> str:
    return entry.url or entry.id


def _holds(document: bytes, entry_id: str) -> bool:
    """Tell whether a document has an entry with this id: a link to a copy is none."""
    marks = (f">{entry_id}<", f'"id":"{entry_id}"', f'"id": "{entry_id}"')
    return any(mark.encode() in document for mark in marks)
