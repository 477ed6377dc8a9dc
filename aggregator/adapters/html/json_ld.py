"""Reads the JSON-LD of a page (schema.org) and picks the nodes that describe this article and this page.

A node counts if its URL is this page's. Otherwise the only node of its kind counts, or the one whose headline the
page shows. A node that names another page and another headline describes another article. References by `@id` are
followed. A script that does not parse is repaired if that needs no guess (line breaks in strings, comments around the
JSON, trailing commas); otherwise it is skipped.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from aggregator.normalize import text, url
from aggregator.rules.json_path import iter_nodes, load_json, node_types

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from aggregator.rules.document import Document

MAX_NODES = 2_000
MAX_VALUES = 100  # of one property

_ARTICLE_NAMES = """
    Article NewsArticle BlogPosting Report ReportageNewsArticle AnalysisNewsArticle OpinionNewsArticle
    BackgroundNewsArticle ReviewNewsArticle AskPublicNewsArticle SatiricalArticle AdvertiserContentArticle TechArticle
    ScholarlyArticle SocialMediaPosting DiscussionForumPosting LiveBlogPosting ClaimReview
"""
_PAGE_NAMES = (
    "WebPage ItemPage MediaGallery ImageGallery VideoObject AudioObject PodcastEpisode RadioEpisode"
)
_ARTICLE_TYPES = frozenset(_ARTICLE_NAMES.split())
_PAGE_TYPES = frozenset(_PAGE_NAMES.split())
_SITE_TYPES = frozenset({"WebSite", "NewsMediaOrganization"})

_OPENINGS = ("<!--", "//", "/*", "<![CDATA[", "*/")
_CLOSINGS = (";", "-->", "*/", "]]>", "//", "/*", ";")
_URL_PREFIXES = ("http://", "https://", "//")
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
_DURATION = re.compile(
    r"P(?:\d{1,4}D)?T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})(?:\.\d+)?S)?", re.IGNORECASE
)
_LEADING_DIGITS = re.compile(r"\d{1,6}")


@dataclass(frozen=True, slots=True)
class Node:
    """One node, and the graph in which its references are looked up."""

    data: Mapping[str, Any]
    graph: Mapping[str, Mapping[str, Any]]

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the texts and numbers of a property, each once."""
        texts: dict[str, None] = {}
        for value in _as_list(self.data.get(key)):
            plain = _plain_value(value)
            if plain:
                texts[plain] = None
        return tuple(texts)

    def flag(self, key: str) -> bool | None:
        """Return a property that is true or false, also if it is written as a text; else None."""
        for value in _as_list(self.data.get(key)):
            if isinstance(value, bool):
                return value
            word = (_plain_value(value) or "").lower().rpartition("/")[2]
            if word in ("true", "false"):
                return word == "true"
        return None

    def nodes(self, key: str) -> tuple[Node, ...]:
        """Return the nodes of a property; a node that is only a reference is looked up."""
        nodes_of_key = []
        for value in _as_list(self.data.get(key)):
            if isinstance(value, dict):
                nodes_of_key.append(Node(self._resolve(value), self.graph))
        return tuple(nodes_of_key)

    def names(self, key: str) -> tuple[str, ...]:
        """Return the names of people, organizations or languages, each once.

        A node gives its `name`, a text gives itself.
        """
        names: list[str] = []
        for value in _as_list(self.data.get(key)):
            if isinstance(value, dict):
                node = Node(self._resolve(value), self.graph)
                names.extend(node.texts("name")[:MAX_VALUES])
            else:
                plain = _plain_value(value)
                if plain:
                    names.append(plain)
        return tuple(dict.fromkeys(names))

    def _resolve(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """Add what the graph knows of a node; the node's own values win."""
        name = value.get("@id")
        if not isinstance(name, str):
            return value
        referenced = self.graph.get(name)
        if not referenced:
            return value
        return {**referenced, **value}


@dataclass(frozen=True, slots=True)
class JsonLdImage:
    """An image in JSON-LD; sizes in pixels, None if the page does not give them."""

    url: str
    width: int | None = None
    height: int | None = None
    caption: str | None = None

    @property
    def area(self) -> int:
        """Width times height; a picture of unknown height counts as a square, one of unknown width as 0."""
        if self.width is None:
            return 0
        if self.height is None:
            return self.width * self.width
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class JsonLd:
    """The article's node, the page's own node, and the names of its publishers (`sites`)."""

    article: Node | None = None
    page: Node | None = None
    publisher_names: tuple[str, ...] = ()


def read(document: Document, *, urls: Collection[str], headlines: Collection[str]) -> JsonLd:
    """Find the nodes that describe a page.

    `addresses` are the page's own URLs, `headlines` the titles that it shows.
    """
    if document.source and "ld+json" not in document.source:
        return JsonLd()

    all_data = list(islice(_find_nodes(document), MAX_NODES))
    graph = _index_by_id(all_data)
    articles = _nodes_of_types(all_data, _ARTICLE_TYPES, graph)
    pages = _nodes_of_types(all_data, _PAGE_TYPES, graph)
    site_nodes = _nodes_of_types(all_data, _SITE_TYPES, graph)

    page_keys = frozenset(map(url.document_key, urls))
    folded_headlines = frozenset(map(text.fold, headlines))
    article = _choose_node(articles, page_keys, folded_headlines)
    page = _choose_node(pages, page_keys, folded_headlines)
    sites: list[str] = []
    for node in site_nodes:
        sites.extend(node.texts("name"))
    return JsonLd(article, page, tuple(sites))


def images(node: Node, key: str = "image") -> list[JsonLdImage]:
    """Return the images of a node, largest first; those of unknown size follow in their order."""
    found = []
    for value in _as_list(node.data.get(key)):
        picture = _read_picture(node, value)
        if picture is not None:
            found.append(picture)
    return sorted(found, key=lambda picture: -picture.area)


def read_seconds(duration: str) -> int | None:
    """Read a duration of ISO 8601 (`PT1H2M3S`) as seconds; None if it is none or zero."""
    match = _DURATION.fullmatch(duration.strip())
    if not match:
        return None
    hours, minutes, rest = match.groups(default="0")
    total = int(hours) * 3600 + int(minutes) * 60 + int(rest)
    return total or None


def _find_nodes(document: Document) -> Iterator[dict[str, Any]]:
    """Yield every node, also those that another node holds as its main entity."""
    for script in document.root.iter("script"):
        media_type = script.get("type", "").strip().lower()
        if media_type != "application/ld+json":
            continue

        source = script.text or ""
        value = load_json(source)
        if value is None:
            value = _repair_and_load(source)
        for data in iter_nodes(value):
            yield data
            for entity in _as_list(data.get("mainEntity")):
                if isinstance(entity, dict):
                    yield entity


def _repair_and_load(source: str) -> Any:
    """Load JSON that has comments around it, line breaks in its strings or trailing commas; None if it is worse."""
    source = source.strip()
    for mark in _OPENINGS:
        source = source.removeprefix(mark).lstrip()
    for mark in _CLOSINGS:
        source = source.removesuffix(mark).rstrip()

    try:
        return json.loads(_TRAILING_COMMA.sub("", source), strict=False)
    except (ValueError, RecursionError):
        return None


def _index_by_id(all_data: list[dict[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return the nodes by their `@id`, the first of each; a node with an `@id` alone is a reference."""
    graph: dict[str, Mapping[str, Any]] = {}
    for data in all_data:
        name = data.get("@id")
        if isinstance(name, str) and len(data) > 1:
            graph.setdefault(name, data)
    return graph


def _nodes_of_types(
    all_data: list[dict[str, Any]],
    wanted: Collection[str],
    graph: Mapping[str, Mapping[str, Any]],
) -> list[Node]:
    chosen = []
    for data in all_data:
        if not _type_names(data).isdisjoint(wanted):
            chosen.append(Node(data, graph))
    return chosen


def _type_names(data: Mapping[str, Any]) -> set[str]:
    """Return the types without their vocabulary (`http://schema.org/NewsArticle`, `schema:NewsArticle`)."""
    return {re.split(r"[/:#]", name)[-1] for name in node_types(dict(data))}


def _choose_node(
    candidates: list[Node], page_keys: Collection[str], headlines: Collection[str]
) -> Node | None:
    """Return the node that describes this page, None if none does; see the module's rule."""
    for node in candidates:
        if _has_address(node, page_keys):
            return node

    if len(candidates) == 1:
        only = candidates[0]
        if _is_of_another_page(only, headlines):
            return None
        return only

    for node in candidates:
        if _has_shown_headline(node, headlines):
            return node
    return None


def _is_of_another_page(node: Node, headlines: Collection[str]) -> bool:
    """Return whether a node without this page's URL has another URL and a headline that the page does not show."""
    if not any(_node_urls(node)):
        return False
    if not any(_node_headlines(node)):
        return False
    return not _has_shown_headline(node, headlines)


def _has_address(node: Node, page_keys: Collection[str]) -> bool:
    return any(url.document_key(address) in page_keys for address in _node_urls(node))


def _node_urls(node: Node) -> Iterator[str]:
    for key in ("url", "mainEntityOfPage", "@id"):
        for value in _as_list(node.data.get(key)):
            address = _address_in(value)
            if isinstance(address, str) and address.startswith(_URL_PREFIXES):
                without_fragment, _, _ = address.partition("#")
                yield without_fragment


def _address_in(value: Any) -> Any:
    """Return the id or URL of a node, any other value as it is."""
    if not isinstance(value, dict):
        return value
    return value.get("@id") or value.get("url")


def _node_headlines(node: Node) -> tuple[str, ...]:
    return (*node.texts("headline"), *node.texts("name"))


def _has_shown_headline(node: Node, headlines: Collection[str]) -> bool:
    for headline in _node_headlines(node):
        folded = text.fold(text.plain_text(headline))
        if folded in headlines:
            return True
    return False


def _read_picture(node: Node, value: object) -> JsonLdImage | None:
    if isinstance(value, str):
        address = value.strip()
        return JsonLdImage(address) if address else None
    if not isinstance(value, dict):
        return None

    image = Node({"image": value}, node.graph).nodes("image")[0]
    addresses = (*image.texts("url"), *image.texts("contentUrl"), *image.texts("@id"))
    if not addresses:
        return None
    width = _read_pixels(image.data.get("width"))
    height = _read_pixels(image.data.get("height"))
    captions = image.texts("caption")
    return JsonLdImage(addresses[0], width, height, captions[0] if captions else None)


def _read_pixels(value: object) -> int | None:
    """Read `1200`, `"1200px"` and `{"value": 1200}`; None for 0 and for anything else."""
    if isinstance(value, dict):
        value = value.get("value")
    if not isinstance(value, (str, int, float)):
        return None
    digits = _LEADING_DIGITS.match(str(value).strip())
    if not digits:
        return None
    pixels = int(digits[0])
    return pixels or None


def _plain_value(value: object) -> str | None:
    """Return a text or number as text, None for what is neither or blank."""
    if isinstance(value, dict):
        value = value.get("@value")
    if isinstance(value, bool):
        return None
    if not isinstance(value, (str, int, float)):
        return None
    plain = str(value).strip()
    return plain or None


def _as_list(value: object) -> list[Any]:
    if isinstance(value, list):
        return value[:MAX_VALUES]
    if value is None:
        return []
    return [value]
