"""Why an article is not stored: deleted, rejected, left out by a filter, or never seen.

The newest documents of the sources are read again from their captures by the code of a run; nothing is fetched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.cli.report.why import Explanation, ViewAnswer, moment
from aggregator.cli.report.why_filters import broken_match_rules
from aggregator.cli.report.why_listed import Sought, find_listed
from aggregator.config.key_lines import place_of_source_key
from aggregator.normalize.url import same_site
from aggregator.normalize.url.parts import host
from aggregator.source_status import SourceStatus, describe_due, describe_result

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aggregator.app import App
    from aggregator.cli.report.why import Reason
    from aggregator.cli.report.why_listed import ListedItem
    from aggregator.config import Source, View
    from aggregator.rules.compiled import Sites
    from aggregator.store.membership import Deletion

_MAX_REJECTED = 3  # messages that are told of one source


class MissingArticle:
    """Looks for an article that is not stored; `link` is its link, None where only an id or words are known.

    `keys` are those that the store would know it by.
    """

    def __init__(
        self, app: App, sites: Sites, name: str, *, link: str | None, keys: Sequence[str]
    ) -> None:
        self._app = app
        self._sites = sites
        self._name = name
        self._link = link
        self._keys = tuple(keys)
        self._states = {state.source: state for state in app.store.states()}

    def first_listed(self) -> ListedItem | None:
        """Find it in the newest documents of the sources, those of its own site first."""
        if self._link is not None:
            sought = Sought.link(self._keys)
            sources = self._sources_with_this_site_first()
        else:
            sought = Sought.title(self._name)
            sources = [source for source in self._app.config.sources if self._may_drop(source)]
        for source in sources:
            state = self._states.get(source.id)
            found = find_listed(self._app.store, source, state, sought=sought, sites=self._sites)
            if found is not None:
                return found
        return None

    def explain(self, listed: ListedItem | None, views: Iterable[View]) -> Explanation:
        """Say what is known; the reason is the same in every view."""
        reason: Reason
        statuses: tuple[SourceStatus, ...] = ()
        keys = set(self._keys)
        if listed is not None and listed.revision is not None:
            keys.update(listed.revision.keys)
        deletion = self._app.store.find_deletion(keys) if keys else None
        if deletion is not None:
            reason, sentences = "deleted", list(_deletion_sentences(deletion))
        elif listed is not None:
            reason, sentences = self._explain_listed(listed)
        elif self._link is None:
            reason, sentences = "unknown", ["no entry has this id, and no title has these words"]
        else:
            statuses = tuple(self._statuses())
            reason = "unlisted" if statuses else "unknown"
            sentences = list(self._unlisted_sentences(statuses))
        answers = []
        for view in views:
            answers.append(
                ViewAnswer(view.id, shown=False, reason=reason, sentences=tuple(sentences))
            )
        return Explanation(self._name, (), tuple(answers), sources=statuses)

    def _may_drop(self, source: Source) -> bool:
        """Tell whether a source lists anything that is not stored."""
        state = self._states.get(source.id)
        if state is None:
            return False
        empty = type(source.include)()
        if source.include != empty or source.exclude != empty:
            return True
        return any(outcome.rejected for outcome in self._app.store.outcomes(source.id, 1))

    def _sources_with_this_site_first(self) -> list[Source]:
        covering = {source.id for source in self._covering_sources()}
        return sorted(self._app.config.sources, key=lambda source: source.id not in covering)

    def _covering_sources(self) -> list[Source]:
        """Return the sources of this site, and those that brought entries of its host."""
        link = self._link or ""
        name = host(link)
        brought: set[str] = set()
        if name:
            brought.update(self._app.store.sources_of_site(name))

        covering = []
        for source in self._app.config.sources:
            is_of_site = source.url is not None and same_site(source.url, link)
            if is_of_site or source.id in brought:
                covering.append(source)
        return covering

    def _statuses(self) -> Iterator[SourceStatus]:
        counts = self._app.store.entry_counts()
        for source in self._covering_sources():
            outcomes = self._app.store.outcomes(source.id, 1)
            yield SourceStatus(
                source,
                self._states.get(source.id),
                outcomes[0] if outcomes else None,
                counts.get(source.id, 0),
            )

    def _explain_listed(self, listed: ListedItem) -> tuple[Reason, list[str]]:
        source = listed.source
        document = f"the newest document of `{source.id}`, of {moment(listed.taken)}"
        if listed.rejection is not None:
            return "rejected", [f"{document}, lists it, but it was rejected: {listed.rejection}"]
        if listed.passes_filters or listed.revision is None:
            advice = f"`aggregator fetch {source.id} --force --full` reads the document again"
            sentence = f"{document}, lists it, but it is not stored; {advice}"
            return "listed", [sentence, *self._notes(source)]

        page = " with the text of its own page" if listed.is_page else ""
        sentences = [f"{document}, lists it, but the filters of `{source.id}` leave it out{page}"]
        for rule in broken_match_rules(
            listed.revision, include=source.include, exclude=source.exclude
        ):
            place = place_of_source_key(source, *rule.keys)
            sentences.append(rule.reason if place is None else f"{rule.reason} ({place})")
        return "filtered", sentences

    def _notes(self, source: Source) -> list[str]:
        """Tell what the last run of a source noted, such as items that are left for the next run."""
        notes = []
        for outcome in self._app.store.outcomes(source.id, 1):
            for note in outcome.notes:
                notes.append(f"the last run of `{source.id}` noted: {note}")
        return notes

    def _unlisted_sentences(self, statuses: Sequence[SourceStatus]) -> Iterator[str]:
        site = host(self._link or "")
        if site is None:
            yield "this is no link that can be read"
            return
        if not statuses:
            yield f"no source brought it, and none follows {site}; `aggregator add` adds one"
            return
        yield "no source brought it, and no document that was fetched last lists it"
        now = self._app.clock()
        for status in statuses:
            state, outcome, name = status.state, status.outcome, status.source.id
            if status.state_name == "disabled":
                place = place_of_source_key(status.source, "enabled")
                yield f"`{name}` follows {site}, but is disabled ({place})"
                continue
            if state is None or state.last_run is None or outcome is None:
                yield f"`{name}` follows {site}, but was never fetched; `aggregator fetch {name}` does it"
                continue
            failed = "failed, " if outcome.status == "failed" else ""
            yield (
                f"`{name}` follows {site}; its last run, {moment(state.last_run)}: {failed}"
                f"{describe_result(outcome)}; next {describe_due(status, now=now)}"
            )
            for message in outcome.rejected[:_MAX_REJECTED]:
                yield f"`{name}` rejected an item: {message}"


def _deletion_sentences(deletion: Deletion) -> Iterator[str]:
    if not deletion.listed_by:
        yield f"it was deleted {moment(deletion.at)}, as its `keep` was over or by hand"
        return
    names = ", ".join(f"`{name}`" for name in deletion.listed_by)
    yield (
        f"it was deleted, {moment(deletion.at)} at the latest; {names} still lists it,"
        " and what was deleted does not come back"
    )
