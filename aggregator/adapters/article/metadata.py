"""Collects what a page states of its article without any selector: candidates for each field, best first.

JSON-LD of this article comes first, then `article:` and `og:`, then the page's markup (microdata, microformats),
then what is around its heading, then other meta elements, then words. Values that cannot be right are left out: a title
that is the site's name, an author that is a URL, a player that is a page. `dateModified` is never the publication date.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from aggregator.adapters.article import bylines, clean_names, url_date, visible_dates
from aggregator.adapters.article.markup import read_markup, text_of_heading
from aggregator.adapters.article.media import find_enclosures, find_images
from aggregator.adapters.html import head
from aggregator.model import Candidate, Enclosure, RawImage
from aggregator.normalize import dates
from aggregator.normalize.language import canonical_tag as tag_of
from aggregator.normalize.language import detect_language
from aggregator.rules.document import element_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from aggregator.adapters.article.clean_names import SiteNames
    from aggregator.adapters.article.markup import Markup
    from aggregator.adapters.article.visible_dates import HeaderTimes
    from aggregator.rules.document import Document

MAX_TAGS = 50
MAX_PARAGRAPHS = 20  # of a page whose language is detected from its text
SAMPLE_CHARACTERS = 2_000  # of these paragraphs
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Metadata:
    """Candidates for each field, best first. Of authors and tags all count, of the others the first valid one.

    URLs are absolute. `bodies` are elements of the document that are marked up as the article's text, each with its
    provenance; `texts` are plain texts of it. `site` holds the names that its title may not have. `is_paid` tells that the
    page says it is not accessible for free.
    """

    url: tuple[Candidate, ...] = ()
    title: tuple[Candidate, ...] = ()
    summary: tuple[Candidate, ...] = ()
    published: tuple[Candidate, ...] = ()
    updated: tuple[Candidate, ...] = ()
    authors: tuple[Candidate, ...] = ()
    tags: tuple[Candidate, ...] = ()
    language: tuple[Candidate, ...] = ()
    publisher: tuple[Candidate, ...] = ()
    images: tuple[RawImage, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    bodies: tuple[tuple[Any, str], ...] = ()
    texts: tuple[Candidate, ...] = ()
    site: SiteNames = clean_names.NO_SITE_NAMES
    is_paid: bool = False


def read_metadata(document: Document, *, taken: datetime) -> Metadata:
    """Collect what a page states of its article; `taken` is its capture time, which relative dates count from."""
    markup = read_markup(document)
    publishers = tuple(_publishers(markup))
    site = _find_site(markup, publishers)
    titles = clean_names.clean_titles(_titles(markup), site)
    times = visible_dates.find_times(document, markup.heading)
    return Metadata(
        url=markup.urls,
        title=titles,
        summary=tuple(_summaries(markup, titles, site)),
        published=_published_candidates(markup, times, taken),
        updated=tuple(_updated_candidates(markup, times)),
        authors=_authors(markup, site),
        tags=_tags(markup, site),
        language=tuple(_languages(markup)),
        publisher=publishers,
        images=find_images(markup),
        enclosures=find_enclosures(markup),
        bodies=tuple(_bodies(markup)),
        texts=markup.article_texts("articleBody"),
        site=site,
        is_paid=any(node.flag("isAccessibleForFree") is False for node in markup.nodes),
    )


def _publishers(markup: Markup) -> Iterator[Candidate]:
    yield from markup.head.values("og:site_name")
    yield from markup.node_names("publisher")
    yield from markup.head.values("application-name")
    for name in markup.linked_data.publisher_names:
        yield Candidate(name, "ld:name")


def _find_site(markup: Markup, publishers: Iterable[Candidate]) -> SiteNames:
    """Collect the names of the site and of the article's section, which are no title, author or tag."""
    names = (
        *publishers,
        *markup.head.values("article:section"),
        *markup.article_texts("articleSection"),
        *markup.head.values(*head.SITE_META),
    )
    return clean_names.collect_site_names((name.value for name in names), markup.document.url)


def _titles(markup: Markup) -> Iterator[Candidate]:
    yield from markup.article_texts("headline") or markup.article_texts("name")
    yield from markup.head.values("og:title")
    yield from markup.item_values("title")

    heading = tuple(_heading_title(markup))
    if _is_confirmed(markup):
        yield from heading
    yield from markup.head.values("twitter:title", "dc.title", "parsely-title", "sailthru.title")
    if markup.head.title:
        yield Candidate(markup.head.title, "page:title")
    yield from heading


def _heading_title(markup: Markup) -> Iterator[Candidate]:
    heading_text = text_of_heading(markup.heading)
    if markup.heading is not None and heading_text:
        yield Candidate(heading_text, f"page:{markup.heading.tag}")


def _is_confirmed(markup: Markup) -> bool:
    """Return whether the heading is an `h1` or is in the window's title: another one may be any box's."""
    if markup.heading is None or markup.heading.tag == "h1":
        return True
    heading = clean_names.fold_alnum(text_of_heading(markup.heading))
    return heading in clean_names.fold_alnum(markup.head.title or "")


def _summaries(markup: Markup, titles: Iterable[Candidate], site: SiteNames) -> Iterator[Candidate]:
    """Yield the summaries; one that only repeats a title or the site's name is none."""
    unwanted = set(site.names)
    for title in titles:
        unwanted.add(clean_names.fold_alnum(title.value))

    candidates = (
        *markup.head.values(*head.SUMMARY_META),
        *markup.article_texts("description", "abstract"),
        *markup.item_values("summary"),
    )
    for candidate in candidates:
        if clean_names.fold_alnum(candidate.value) not in unwanted:
            yield candidate


def _published_candidates(
    markup: Markup, times: HeaderTimes, taken: datetime
) -> tuple[Candidate, ...]:
    machine_readable = (
        *markup.article_texts("datePublished"),
        *markup.head.values(*head.PUBLISHED_META),
        *markup.item_values("published"),
        *times.published,
        *markup.head.values(*head.OTHER_PUBLISHED_META),
        *_dates_of_other_meta(markup),
        *markup.page_texts("datePublished", "uploadDate"),
    )
    for candidate in machine_readable:
        if dates.read(candidate.value, zone=_UTC, taken=taken):
            return machine_readable

    # Only now: the search in the text costs more than all others.
    language = _text_language(markup)
    written = visible_dates.find_written_dates(
        markup.document, markup.heading, language=language, taken=taken
    )
    day = url_date.find_day(markup.document.url or "")
    if not written and day is not None:
        agreeing = visible_dates.find_agreeing_date(
            markup.document, day, language=language, taken=taken
        )
        if agreeing is not None:
            written = (agreeing,)
    return (*machine_readable, *written)


def _dates_of_other_meta(markup: Markup) -> Iterator[Candidate]:
    """Yield machine-readable dates of meta elements whose unlisted names mean a publication."""
    for name, values in markup.head.meta.items():
        if name in head.KNOWN_META or not head.PUBLISHED_NAME.search(name):
            continue
        for value in values:
            if head.MACHINE_DATE.match(value):
                yield Candidate(value, f"meta:{name}")


def _text_language(markup: Markup) -> str | None:
    """Return the language that dates in words are in: the page's stated one, else that of its text."""
    for candidate in _languages(markup):
        tag = tag_of(candidate.value)
        if tag:
            return tag

    parts = [markup.head.title or ""]
    for element in islice(markup.document.root.iter("p"), MAX_PARAGRAPHS):
        parts.append(element_text(element))
    return detect_language(" ".join(parts)[:SAMPLE_CHARACTERS])


def _updated_candidates(markup: Markup, times: HeaderTimes) -> Iterator[Candidate]:
    yield from markup.article_texts("dateModified")
    yield from markup.head.values(*head.UPDATED_META)
    yield from markup.item_values("updated")
    yield from times.updated
    yield from markup.page_texts("dateModified")


def _authors(markup: Markup, site: SiteNames) -> tuple[Candidate, ...]:
    """Return the authors of the first place that names anybody: places spell people differently.

    A place with a name of one small word, as of an account, gives way to one with names of people.
    """
    accounts: tuple[Candidate, ...] = ()
    for candidates in _places_of_authors(markup):
        authors = clean_names.clean_authors(candidates, site)
        if any(not clean_names.is_account(author.value) for author in authors):
            return authors
        accounts = accounts or authors
    return accounts


def _places_of_authors(markup: Markup) -> Iterator[Iterable[Candidate]]:
    yield markup.node_names("author")
    yield markup.node_names("creator")
    for item in markup.items:
        yield item.author_names()
    for name in head.AUTHOR_META:
        yield markup.head.values(name)
    yield from bylines.find_authors(markup.document, markup.heading)


def _tags(markup: Markup, site: SiteNames) -> tuple[Candidate, ...]:
    """Return the tags of the first place that has any."""
    for candidates in _places_of_tags(markup):
        tags = clean_names.clean_tags(candidates, site)
        if tags:
            return tags[:MAX_TAGS]
    return ()


def _places_of_tags(markup: Markup) -> Iterator[Iterable[Candidate]]:
    yield markup.head.values("article:tag")
    yield markup.article_texts("keywords")
    for name in head.TAG_META:
        yield markup.head.values(name)
    for item in markup.items:
        yield item.values("tags")


def _languages(markup: Markup) -> Iterator[Candidate]:
    if markup.head.lang:
        yield Candidate(markup.head.lang, "page:lang")
    yield from markup.head.values("og:locale")
    yield from markup.article_texts("inLanguage") or markup.node_names("inLanguage")
    yield from markup.item_values("language")
    yield from markup.head.values("content-language", "dc.language", "language")


def _bodies(markup: Markup) -> Iterator[tuple[Any, str]]:
    for item in markup.items:
        yield from item.body_elements()
