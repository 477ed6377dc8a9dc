"""What every output says of an entry: its content, its authors, and what it is linked with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aggregator.normalize.lead_picture import add_lead_picture
from aggregator.normalize.url.valid import valid_url
from aggregator.publish.links import with_valid_links
from aggregator.publish.view import SourceInfo
from aggregator.publish.xml_element import clean_text, clean_texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.model import Entry
    from aggregator.publish.view import ViewInfo

_SUMMARY_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class OtherPlace:
    """Where else an article was found; `title` is the source's name, None if it is none of ours."""

    url: str
    title: str | None


def published_entries(entries: Iterable[Entry], view: ViewInfo) -> list[Entry]:
    """Return the entries as the view shows them."""
    return [published_entry(entry, view) for entry in entries]


def published_entry(entry: Entry, view: ViewInfo) -> Entry:
    """Return the entry as the view shows it.

    It has an author, valid links, as much text as the view asks for, and its picture on top.
    """
    entry = with_valid_links(replace(entry, authors=tuple(_author_names(entry, view))))
    if view.content == "none":
        return replace(entry, summary=None, content_html=None, content_text=None)
    if view.content == "summary":
        summary = entry.summary or _first_paragraph(entry.content_text)
        entry = replace(entry, summary=summary, content_html=None, content_text=None)
    return add_lead_picture(entry)


def _first_paragraph(text: str | None) -> str | None:
    paragraph = (text or "").partition("\n\n")[0]
    if len(paragraph) > _SUMMARY_CHARACTERS:
        paragraph = paragraph[:_SUMMARY_CHARACTERS].rstrip() + "…"
    return paragraph or None


def source_info(view: ViewInfo, source_id: str) -> SourceInfo:
    """Return what the view says of a source; a source that it does not know is named by its id."""
    return view.sources.get(source_id) or SourceInfo(source_id)


def title_of(entry: Entry) -> str:
    """Return the title; an entry without one is named by its URL, else by its id."""
    return clean_text(entry.title) or clean_text(entry.url) or entry.id


def _author_names(entry: Entry, view: ViewInfo) -> list[str]:
    """Return the authors, or a substitute: RFC 4287 §4.1.2 requires one, and the feed has none.

    The substitute is the publisher's name, else that of the source, else the host. The id of a
    source says nothing to readers.
    """
    source = source_info(view, entry.lead_source)
    source_name = source.title
    authors = clean_texts(entry.authors)
    if view.kind == "podcast":
        authors = clean_texts([source_name])
    if authors:
        return authors

    if source_name == entry.lead_source:
        source_name = ""
    names = (entry.publisher, source_name, _host(entry.url), _host(source.url), view.title, view.id)
    return clean_texts(name or "" for name in names)[:1]


def contributor_names(entry: Entry) -> list[str]:
    """Return the agencies and the contributors, each once."""
    return list(dict.fromkeys(clean_texts((*entry.credits, *entry.contributors))))


def _host(url: str | None) -> str:
    """Return the host of an http(s) URL without `www.`, "" if it has none."""
    try:
        parts = urlsplit(url or "")
        host = parts.hostname or ""
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https"):
        return ""
    return host.removeprefix("www.")


def copy_urls(entry: Entry, view: ViewInfo) -> list[str]:
    """Return where the copies of the entry can be read; their ids where that is not known."""
    return [valid_url(view.links.get(copy, copy)) for copy in entry.duplicates]


def other_places(entry: Entry, view: ViewInfo) -> list[OtherPlace]:
    """Return where else the article was found.

    First those of other sources that have the article, then those that its author names.
    """
    sources: dict[str, str | None] = {}
    for teller in entry.tellers:
        url = clean_text(teller.url)
        if url and url != clean_text(entry.url):
            sources.setdefault(url, teller.source)
    for url in clean_texts(entry.via):
        sources.setdefault(url, None)

    places = []
    for url, source_id in sources.items():
        title = None
        if source_id is not None:
            title = clean_text(source_info(view, source_id).title) or source_id
        places.append(OtherPlace(url, title))
    return places


def comment_urls(entry: Entry) -> list[str]:
    """Return the comments pages of the entry and of all its tellers, each once."""
    urls = [entry.comments, *(teller.comments for teller in entry.tellers)]
    return list(dict.fromkeys(clean_texts(url or "" for url in urls)))
