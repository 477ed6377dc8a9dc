"""Composes what is shown of an article that several sources tell.

The lead's statement is shown whole: title, text, summary, language, link. Taken field by field,
languages would mix. Only what it lacks comes from other statements of the publisher, and tags are
those of all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aggregator.store.merge.article import PUBLISHER_TIER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aggregator.store.merge.article import Article
    from aggregator.store.merge.statement import Sighting, Statement

_FILLED_FIELDS = (
    "image",
    "authors",
    "credits",
    "publisher",
    "enclosures",
    "contributors",
)


def compose(article: Article, content_of: Callable[[Sighting], dict[str, Any]]) -> dict[str, Any]:
    """Return the content that is shown of an article with several statements.

    `content_of` loads the content of a sighting. Where a field comes from another source than the
    one that brought the article first, its provenance names that source: `blog/feed:title`.
    """
    shown = dict(content_of(article.link_winner))
    lead = article.lead
    sources = dict.fromkeys(shown["provenance"], lead.source)
    provenance = dict(shown["provenance"])
    shown["title"] = article.title

    for other in _publishers(article):
        theirs = content_of(other.current)
        if other.current.title == article.title != lead.current.title:
            _take_provenance("title", theirs, other, provenance, sources)
        for field in _FILLED_FIELDS:
            if theirs.get(field) and not shown.get(field):
                shown[field] = theirs[field]
                _take_provenance(field, theirs, other, provenance, sources)
    shown["tags"] = _union_of_tags(article, content_of)

    for field, source in sources.items():
        if source != article.source:
            provenance[field] = f"{source}/{provenance[field]}"
    shown["provenance"] = provenance
    shown["tellers"] = [_teller(statement, content_of) for statement in article.statements]
    return shown


def _publishers(article: Article) -> list[Statement]:
    """Return the statements, but for the lead, that may complete it."""
    least = min(PUBLISHER_TIER, article.lead.tier)
    return [one for one in article.statements[1:] if one.tier >= least]


def _take_provenance(
    field: str,
    content: dict[str, Any],
    statement: Statement,
    provenance: dict[str, str],
    sources: dict[str, str],
) -> None:
    where = content["provenance"].get(field)
    if where is not None:
        provenance[field] = where
        sources[field] = statement.source


def _union_of_tags(article: Article, content_of: Callable[[Sighting], dict[str, Any]]) -> list[str]:
    """Return the tags of the lead, then those of the other statements of the best tier, by source."""
    best = max(statement.tier for statement in article.statements)
    tags = dict.fromkeys(content_of(article.lead.current)["tags"])
    for statement in _by_source(article.statements[1:]):
        if statement.tier == best:
            tags |= dict.fromkeys(content_of(statement.current)["tags"])
    return list(tags)


def _by_source(statements: Iterable[Statement]) -> list[Statement]:
    return sorted(statements, key=lambda statement: statement.source)


def _teller(
    statement: Statement, content_of: Callable[[Sighting], dict[str, Any]]
) -> dict[str, Any]:
    """Return what is shown of a statement beside the article: its source, address and comments."""
    current = statement.link_winner()
    content = content_of(current)
    return {
        "source": statement.source,
        "url": content["url"],
        "comments": content.get("comments"),
        "letters": statement.current.letters,
        "tier": statement.tier,
        "revisions": statement.edits + 1,
    }
