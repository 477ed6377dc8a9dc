"""Finds an article that is not stored in the documents that were fetched last, and what became of it there.

The stored captures are read again by the code of a run. Nothing is fetched and nothing is stored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from aggregator.adapter_table import ARTICLE, named_adapter
from aggregator.errors import SourceError
from aggregator.fetch.source import detect_adapter
from aggregator.parse.captures import parse_captures
from aggregator.parse.link_keys import link_keys
from aggregator.parse.task import parse_task
from aggregator.parse.trace import trace_items
from aggregator.store.membership import has_phrases
from aggregator.store.search.tokens import query_phrases

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from aggregator.config import Source
    from aggregator.model import Capture, Rejection, Revision, SourceState
    from aggregator.parse.task import ParseTask
    from aggregator.parse.trace import ItemTrace
    from aggregator.rules.compiled import Sites
    from aggregator.store import Store

_MAX_DOCUMENTS = 20  # of a polled source: a feed has one, a sitemap many
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")
_PLAIN_RUN = re.compile(r"[0-9A-Za-z_-]{3,}")


@dataclass(frozen=True, slots=True)
class ListedItem:
    """An item of a source's newest documents that is the article in question.

    `revision` is None if the item could not be read at all. `rejection` says why it was
    rejected, None if it was not. `passes_filters` is what the source's filters say of it;
    `is_page` means that they were applied to the article's own page.
    """

    source: Source
    taken: datetime
    revision: Revision | None
    passes_filters: bool
    rejection: Rejection | None = None
    is_page: bool = False


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for: an article with one of these keys, or one whose title has these phrases."""

    keys: frozenset[str] = frozenset()
    phrases: tuple[tuple[str, ...], ...] = ()

    @classmethod
    def link(cls, keys: Iterable[str]) -> Sought:
        return cls(keys=frozenset(keys))

    @classmethod
    def title(cls, text: str) -> Sought:
        return cls(phrases=tuple(tuple(phrase) for phrase in query_phrases(text)))

    def may_be_in(self, capture: Capture) -> bool:
        """Tell whether a document is worth parsing: it has the longest plain part of the link."""
        for key in self.keys:
            runs = _PLAIN_RUN.findall(_ESCAPED.sub(" ", _path_of(key)))
            if not runs or max(runs, key=len).encode() in capture.body:
                return True
        return not self.keys

    def is_met_by(self, keys: Iterable[str], titles: Iterable[str]) -> bool:
        if self.keys:
            return not self.keys.isdisjoint(keys)
        return any(has_phrases(title, self.phrases) for title in titles)


def find_listed(
    store: Store, source: Source, state: SourceState | None, *, sought: Sought, sites: Sites
) -> ListedItem | None:
    """Find an article in the newest documents of a source; None where they do not list it."""
    documents = _Documents(store, source, state)
    for capture, task in documents.lists():
        if not sought.may_be_in(capture):
            continue
        try:
            traces = trace_items(capture, task, sites)
        except SourceError:
            continue
        for trace in traces:
            if sought.is_met_by(_keys(trace, capture, sites), _titles(trace)):
                found = _listed_item(source, trace, capture, task, sites)
                return _decided_by_page(found, documents, capture, task, sites)
    return None


class _Documents:
    """The newest captures of a source."""

    def __init__(self, store: Store, source: Source, state: SourceState | None) -> None:
        self._store = store
        self._source = source
        self._state = state

    def lists(self) -> Iterator[tuple[Capture, ParseTask]]:
        """Yield the documents that list items, not the articles' own pages."""
        state = self._state
        adapter = self._adapter()
        if adapter is None:
            return

        task = parse_task(self._source, adapter)
        if state is not None:
            task = replace(task, ignore_guids=state.by_url, has_excerpts=state.has_excerpts)
        count = 0
        for capture in self._store.newest_captures(self._source.id):
            if self._source.path is None and not self._is_list(capture, adapter):
                continue
            if self._source.path is None and count == _MAX_DOCUMENTS:
                return
            count += 1
            yield capture, task

    def _adapter(self) -> str | None:
        """Return what reads the lists; None where no document was read yet."""
        named = named_adapter(self._source.adapter)
        if named is not None:
            return named
        if self._source.path is not None:
            return "archive"
        return None if self._state is None else self._state.detected_adapter

    def page(self, url: str) -> Capture | None:
        """Return the newest capture of an article's own page."""
        for capture in self._store.newest_captures(self._source.id):
            if capture.url == url:
                return capture
        return None

    def _is_list(self, capture: Capture, adapter: str) -> bool:
        if adapter != "page":
            return detect_adapter(capture) != "page"
        return capture.url in self._list_urls()

    def _list_urls(self) -> set[str | None]:
        urls = {self._source.url}
        if self._state is not None:
            urls |= {self._state.moved_to, self._state.discovered_feed}
            if self._state.validators is not None:
                urls.add(self._state.validators.url)
        return urls


def _path_of(key: str) -> str:
    """Return a key without its kind and host: both may be written in many ways."""
    _, slashes, rest = key.partition("//")
    return rest.partition("/")[2] if slashes else key.partition(":")[2]


def _keys(trace: ItemTrace, capture: Capture, sites: Sites) -> tuple[str, ...]:
    if trace.revision is not None:
        return trace.revision.keys
    keys: list[str] = []
    for link in _candidates(trace, "url"):
        keys += link_keys(urljoin(capture.url, link), sites)
    return tuple(keys)


def _titles(trace: ItemTrace) -> Sequence[str]:
    if trace.revision is not None:
        return (trace.revision.title,)
    return _candidates(trace, "title")


def _candidates(trace: ItemTrace, field: str) -> list[str]:
    values = []
    for found in trace.fields:
        if found.name == field:
            values += [candidate.value for candidate in found.candidates]
    return values


def _listed_item(
    source: Source, trace: ItemTrace, capture: Capture, task: ParseTask, sites: Sites
) -> ListedItem:
    rejection = None
    if not trace.passes_filters:
        for rejected in parse_captures([capture], task, sites).rejected:
            if rejected.label == trace.label:
                rejection = rejected
    return ListedItem(source, capture.taken, trace.revision, trace.passes_filters, rejection)


def _decided_by_page(
    found: ListedItem, documents: _Documents, capture: Capture, task: ParseTask, sites: Sites
) -> ListedItem:
    """Look at the article's own page as well, where the list's filters let it through and the page was read."""
    if not found.passes_filters or found.revision is None:
        return found
    parsed = parse_captures([capture], task, sites)
    for request in parsed.page_requests:
        if parsed.revisions[request.revision_index].keys != found.revision.keys:
            continue
        page = documents.page(request.url)
        if page is None:
            return found
        own_task = replace(task, adapter=ARTICLE, item=request.raw, list_adapter=task.adapter)
        try:
            traces = trace_items(page, own_task, sites)
        except SourceError:
            return found
        for trace in traces:
            if trace.revision is not None and not trace.passes_filters:
                return replace(found, revision=trace.revision, passes_filters=False, is_page=True)
    return found
