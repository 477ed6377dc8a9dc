"""Reads the head of a page: its meta elements by name, its links by relation, its title.

Names are compared in lower case, values keep the order of the document, blank values are left out. The names of meta
elements below are in the order of their worth.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from aggregator.model import Candidate
from aggregator.rules.document import iter_meta

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aggregator.rules.document import Document

MAX_ELEMENTS = 2_000  # of a kind; pages have 30 to 100
MAX_CHARACTERS = 20_000  # of a value
_MAX_TITLES = 20
_MAX_RELATIONS = 5  # of one link

PUBLISHED_META = (
    "article:published_time",
    "article:published",
    "og:published_time",
    "og:article:published_time",
)
OTHER_PUBLISHED_META = (
    "dc.date.issued",
    "dcterms.issued",
    "dcterms.created",
    "dc.date.created",
    "dc.date",
    "dcterms.date",
    "dc:date",
    "datepublished",
    "date",
    "pubdate",
    "publishdate",
    "publish-date",
    "publish_date",
    "publication_date",
    "published-date",
    "parsely-pub-date",
    "sailthru.date",
    "article.published",
    "cxenseparse:recs:publishtime",
    "cse_publish_date",
    "article_date_original",
    "originalpublicationdate",
    "bt:pubdate",
    "rbpubdate",
    "citation_publication_date",
    "citation_date",
    "weibo:article:create_at",
    "ptime",
    "creation_date",
)
KNOWN_META = frozenset((*PUBLISHED_META, *OTHER_PUBLISHED_META))
# Any other name that says so, except dates of a change, of expiry and names of people.
PUBLISHED_NAME = re.compile(
    r"(?:^|[^a-z])(?:publi(?:sh|ca|é)|pubdate|posted|uploaded|created|issued)(?!.*(?:modif|updat|expir|by$|er$))"
)
MACHINE_DATE = re.compile(r"[12]\d{3}-?\d\d-?\d\d(?!\d)")
UPDATED_META = (
    "article:modified_time",
    "og:updated_time",
    "article:modified",
    "dcterms.modified",
    "dc.date.modified",
    "last-modified",
    "lastmod",
    "article.updated",
    "weibo:article:update_at",
)
AUTHOR_META = (
    "author",
    "article:author",
    "dc.creator",
    "dcterms.creator",
    "dc:creator",
    "parsely-author",
    "sailthru.author",
    "article:author_name",
    "byl",
    "byline",
    "citation_author",
)
TAG_META = ("article:tag", "news_keywords", "parsely-tags", "sailthru.tags", "og:article:tag")
SUMMARY_META = (
    "og:description",
    "description",
    "twitter:description",
    "dc.description",
    "dcterms.abstract",
)
SITE_META = (
    "og:site_name",
    "application-name",
    "apple-mobile-web-app-title",
    "twitter:app:name:iphone",
)
PLAYER_META = (
    "og:audio:secure_url",
    "og:audio:url",
    "og:audio",
    "og:video:secure_url",
    "og:video:url",
    "og:video",
)
IMAGE_META = ("og:image:secure_url", "og:image:url", "og:image")


@dataclass(frozen=True, slots=True)
class Head:
    """What a page states for machines. `title` is the text of `<title>`, `lang` that of `<html lang>`."""

    meta: Mapping[str, tuple[str, ...]]
    links: Mapping[str, tuple[str, ...]]
    title: str | None
    lang: str | None

    def values(self, *names: str) -> Iterator[Candidate]:
        """Yield the values of meta elements, in the order of `names`."""
        for name in names:
            for value in self.meta.get(name, ()):
                yield Candidate(value, f"meta:{name}")

    def first_meta(self, *names: str) -> str | None:
        """Return the first value of meta elements, None if there is none."""
        for found in self.values(*names):
            return found.value
        return None


def read(document: Document) -> Head:
    """Read the head of a page.

    Meta elements and links count wherever they are, because parsers end a head early.
    """
    meta = read_meta(document)
    links = _read_links(document)
    lang = document.root.get("lang", "").strip()
    return Head(meta, links, _read_title(document), lang or None)


def read_meta(document: Document) -> Mapping[str, tuple[str, ...]]:
    """Return the contents of the meta elements by their names.

    Those that only `itemprop` names are left out: they are microdata.
    """
    contents: dict[str, list[str]] = {}
    for meta in iter_meta(document.root, name_from=("property", "name", "http-equiv")):
        contents.setdefault(meta.name, []).append(meta.content[:MAX_CHARACTERS])
    return _without_repeats(contents)


def _read_links(document: Document) -> dict[str, tuple[str, ...]]:
    links: dict[str, list[str]] = {}
    for element in islice(document.root.iter("link"), MAX_ELEMENTS):
        href = element.get("href", "").strip()
        if not href:
            continue
        relations = element.get("rel", "").lower().split()
        for relation in relations[:_MAX_RELATIONS]:
            links.setdefault(relation, []).append(href)
    return _without_repeats(links)


def _read_title(document: Document) -> str | None:
    """Return the first title outside of pictures: an SVG has one too."""
    for element in islice(document.root.iter("title"), _MAX_TITLES):
        if next(element.iterancestors("svg"), None) is None:
            title = "".join(element.itertext())[:MAX_CHARACTERS]
            one_line = " ".join(title.split())
            return one_line or None
    return None


def _without_repeats(values_by_name: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(dict.fromkeys(values)) for name, values in values_by_name.items()}
