"""Takes from the articles of one run what their pages share: it belongs to the site, not to the article.

What was found is kept in the source's state, because most runs read a page or two.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aggregator.model import Rejection, SharedPart
from aggregator.normalize.html.shared_blocks import find_shared, remove_shared, title_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.model import Revision

MAX_PARTS = 60  # kept of a source, the latest found
SAME_TEXT = Rejection(None, "the page has only what other pages of the source have, too")


@dataclass(frozen=True, slots=True)
class ReadArticle:
    """An item as it is listed, and as its page has it."""

    listed: Revision
    read: Revision


def learn_shared(
    known: Sequence[SharedPart], articles: Sequence[ReadArticle]
) -> tuple[SharedPart, ...]:
    """Return what the pages of a source share: what is known, and what this run found."""
    texts = [article.read.content_html or "" for article in articles]
    titles = [article.read.title for article in articles if _has_other_title(article)]
    found = find_shared(texts, titles)
    # The latest stand last; what is found again is moved to them.
    others = [part for part in known if part.hash not in found]
    latest = [SharedPart(key, beginning) for key, beginning in sorted(found.items())]
    return (*others, *latest)[-MAX_PARTS:]


def without_shared(article: ReadArticle, shared: frozenset[str]) -> Revision | None:
    """Return the article without what its source's pages share, None if nothing of its text is left."""
    read, listed = article.read, article.listed
    if title_hash(read.title) in shared and _has_other_title(article):
        provenance = {**read.provenance, "title": listed.provenance.get("title", "")}
        read = replace(read, title=listed.title, provenance=provenance)

    if not read.content_html:
        return read
    content = remove_shared(read.content_html, shared)
    if content == read.content_html:
        return read
    if not content:
        return None
    return replace(read, content_html=content, text_size=None)


def _has_other_title(article: ReadArticle) -> bool:
    """Tell whether the page gives an article another title than the list, which has one."""
    if article.listed.provenance.get("title") == "url":
        return False
    return article.read.title != article.listed.title
