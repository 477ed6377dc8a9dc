"""JSON-LD of a page: the node that speaks of this article, and what it states (schema.org).

Rule: a node counts when its address is this page's; else the only one, else the one whose headline the page shows. A
node that names another page and another headline is another article. References by `@id` are followed; what does not
parse is mended where that needs no guess (line breaks in texts, comments around it, commas too many), else passed over.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from aggregator.normalize import text, url
from aggregator.rules.json_path import loads, nodes, types

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

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
ARTICLES = frozenset(_ARTICLE_NAMES.split())
PAGES = frozenset(_PAGE_NAMES.split())

_OPENINGS = ("<!--", "//", "/*", "<![CDATA[", "*/")
_CLOSINGS = (";", "-->", "*/", "]]>", "//", "/*", ";")
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
_PERIOD = re.compile(
    r"P(?:\d{1,4}D)?T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})(?:\.\d+)?S)?", re.IGNORECASE
)
_LEADING_DIGITS = re.compile(r"\d{1,6}")


@dataclass(frozen=True, slots=True)
class Node:
    """One node and the graph that its references lead into."""

    data: Mapping[str, Any]
    graph: Mapping[str, Mapping[str, Any]]

    def texts(self, key: str) -> tuple[str, ...]:
        """Give the texts and numbers of a property, each once."""
        found = (_plain(value) for value in _listed(self.data.get(key)))
        return tuple(dict.fromkeys(value for value in found if value))

    def nodes(self, key: str) -> tuple[Node, ...]:
        """Give the nodes of a property; one that is only a reference is looked up."""
        found = (value for value in _listed(self.data.get(key)) if isinstance(value, dict))
        return tuple(Node(self._resolved(value), self.graph) for value in found)

    def names(self, key: str) -> tuple[str, ...]:
        """Give the names of people, organizations or languages: of nodes their `name`, of texts the text."""
        found: list[str] = []
        for value in _listed(self.data.get(key)):
            if isinstance(value, dict):
                found += Node(self._resolved(value), self.graph).texts("name")[:MAX_VALUES]
            elif plain := _plain(value):
                found.append(plain)
        return tuple(dict.fromkeys(found))

    def _resolved(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        name = value.get("@id")
        known = self.graph.get(name) if isinstance(name, str) else None
        return {**known, **value} if known else value


@dataclass(frozen=True, slots=True)
class Picture:
    """An image as JSON-LD states it; sizes in pixels, None where they are not stated."""

    url: str
    width: int | None = None
    height: int | None = None
    caption: str | None = None


@dataclass(frozen=True, slots=True)
class LinkedData:
    """What concerns this page: the article's node and the page's own; `sites` are the names of its publishers."""

    article: Node | None = None
    page: Node | None = None
    sites: tuple[str, ...] = ()


def read(
    document: Document, *, addresses: Collection[str], headlines: Collection[str]
) -> LinkedData:
    """Find the nodes that speak of a page; `addresses` are its own, `headlines` what it shows as its title."""
    if "ld+json" not in (document.source or "ld+json"):
        return LinkedData()
    graph: dict[str, Mapping[str, Any]] = {}
    found = list(islice(_nodes(document), MAX_NODES))
    for data in found:
        name = data.get("@id")
        if isinstance(name, str) and len(data) > 1:
            graph.setdefault(name, data)
    keys = frozenset(url.key(address) for address in addresses)
    folded = frozenset(text.fold(headline) for headline in headlines)
    of_article = [Node(data, graph) for data in found if _kinds(data) & ARTICLES]
    of_page = [Node(data, graph) for data in found if _kinds(data) & PAGES]
    named = (
        Node(data, graph) for data in found if _kinds(data) & {"WebSite", "NewsMediaOrganization"}
    )
    return LinkedData(
        _about(of_article, keys, folded),
        _about(of_page, keys, folded),
        tuple(name for node in named for name in node.texts("name")),
    )


def pictures(node: Node, key: str = "image") -> list[Picture]:
    """Give the images of a node, the largest first; those of unknown size keep their order behind."""
    found = [picture for value in _listed(node.data.get(key)) if (picture := _picture(node, value))]
    return sorted(
        found, key=lambda picture: -(picture.width or 0) * (picture.height or picture.width or 0)
    )


def seconds(duration: str) -> int | None:
    """Read a duration of ISO 8601 (`PT1H2M3S`) as seconds."""
    found = _PERIOD.fullmatch(duration.strip())
    if not found:
        return None
    hours, minutes, rest = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + rest or None


def _nodes(document: Document) -> Iterator[dict[str, Any]]:
    """Yield every node, also those that another one holds as its main entity."""
    for script in document.root.iter("script"):
        if (script.get("type") or "").strip().lower() != "application/ld+json":
            continue
        source = script.text or ""
        stated = loads(source)
        for data in nodes(_mended(source) if stated is None else stated):
            yield data
            yield from (
                inner for inner in _listed(data.get("mainEntity")) if isinstance(inner, dict)
            )


def _mended(source: str) -> Any:
    """Read what is JSON but for the comments around it, line breaks in its texts, and commas too many."""
    tidy = source.strip()
    for mark in _OPENINGS:
        tidy = tidy.removeprefix(mark).lstrip()
    for mark in _CLOSINGS:
        tidy = tidy.removesuffix(mark).rstrip()
    try:
        return json.loads(_TRAILING_COMMA.sub("", tidy), strict=False)
    except (ValueError, RecursionError):
        return None


def _about(found: list[Node], keys: Collection[str], headlines: Collection[str]) -> Node | None:
    here = next(
        (node for node in found if any(url.key(address) in keys for address in _addresses(node))),
        None,
    )
    if here is not None:
        return here
    if len(found) == 1:
        stranger = (
            any(_addresses(found[0]))
            and any(_headlines(found[0]))
            and not _is_shown(found[0], headlines)
        )
        return None if stranger else found[0]
    return next((node for node in found if _is_shown(node, headlines)), None)


def _addresses(node: Node) -> Iterator[str]:
    for key in ("url", "mainEntityOfPage", "@id"):
        for value in _listed(node.data.get(key)):
            address = value.get("@id") or value.get("url") if isinstance(value, dict) else value
            if isinstance(address, str) and address.startswith(("http://", "https://", "//")):
                yield address.partition("#")[0]


def _headlines(node: Node) -> Iterable[str]:
    return (*node.texts("headline"), *node.texts("name"))


def _is_shown(node: Node, headlines: Collection[str]) -> bool:
    return any(text.fold(text.plain(headline)) in headlines for headline in _headlines(node))


def _kinds(data: Mapping[str, Any]) -> set[str]:
    """Give the types without their vocabulary (`http://schema.org/NewsArticle`, `schema:NewsArticle`)."""
    return {re.split(r"[/:#]", kind)[-1] for kind in types(dict(data))}


def _picture(node: Node, value: object) -> Picture | None:
    if isinstance(value, str):
        return Picture(value.strip()) if value.strip() else None
    if not isinstance(value, dict):
        return None
    image = Node({"image": value}, node.graph).nodes("image")[0]
    address = next(
        (found for key in ("url", "contentUrl", "@id") for found in image.texts(key)), None
    )
    if address is None:
        return None
    caption = next(iter(image.texts("caption")), None)
    return Picture(
        address, _pixels(image.data.get("width")), _pixels(image.data.get("height")), caption
    )


def _pixels(value: object) -> int | None:
    """Read `1200`, `"1200px"` and `{"value": 1200}`."""
    if isinstance(value, dict):
        value = value.get("value")
    digits = (
        _LEADING_DIGITS.match(str(value).strip()) if isinstance(value, (str, int, float)) else None
    )
    return int(digits[0]) or None if digits else None


def _plain(value: object) -> str | None:
    if isinstance(value, dict):
        value = value.get("@value")
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    return str(value).strip() or None


def _listed(value: object) -> list[Any]:
    return value[:MAX_VALUES] if isinstance(value, list) else [] if value is None else [value]
