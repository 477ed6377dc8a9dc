"""Decides which items of a document are completed from their articles' own pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.adapter_table import ADAPTERS, ARTICLE
from aggregator.normalize.text.excerpts import is_short
from aggregator.normalize.text.truncated import is_truncated
from aggregator.normalize.url import fragment_key, same_site

if TYPE_CHECKING:
    from aggregator.model import Revision
    from aggregator.parse.task import ParseTask
    from aggregator.rules.compiled import SiteRules

MIN_EXCERPTS = 3  # items of a feed that are all short: its pages are compared with them
_STAND_INS = ("content", "url")  # for a title that the item does not have


class ArticleLinks:
    """Chooses the pages to read for the items of one document at `url`; `home` is its site's URL."""

    def __init__(self, task: ParseTask, *, url: str, home: str | None) -> None:
        self._task = task
        self._own_sites = (url, home or "")

    def page_to_read(self, revision: Revision, rules: SiteRules) -> str | None:
        """Return the URL of the article's own page if it is to be read, else None."""
        task = self._task
        if revision.url is None or task.full_text == "never":
            return None
        if task.adapter in ("archive", ARTICLE):
            return None
        if task.full_text == "always":
            return revision.url
        if ADAPTERS[task.adapter].is_list:
            is_wanted = not revision.content_html
        else:
            is_wanted = self._is_incomplete(revision, rules)
        return revision.url if is_wanted else None

    def may_be_excerpt(self, revision: Revision, rules: SiteRules) -> bool:
        """Tell whether an item has an own page, and a text that is as short as an excerpt."""
        if rules.feed == "whole" or revision.provenance.get("title") in _STAND_INS:
            return False
        return self._has_own_page(revision) and is_short(revision)

    def looks_for_excerpts(self) -> bool:
        """Tell whether it is still to be found out if the items of the feed are excerpts."""
        task = self._task
        if not ADAPTERS[task.adapter].is_feed or task.full_text != "missing":
            return False
        return task.has_excerpts is None

    def _is_incomplete(self, revision: Revision, rules: SiteRules) -> bool:
        """Tell whether the text of a feed's item is to be completed from its page."""
        if not self._has_own_page(revision):
            return False
        if is_truncated(revision):
            return True
        if rules.feed == "whole":
            return False
        has_excerpts = rules.feed == "excerpt" or self._task.has_excerpts is True
        return has_excerpts and is_short(revision)

    def _has_own_page(self, revision: Revision) -> bool:
        """Tell whether an item's link leads to a page with its text.

        False for pages of another site, for audio and video, and for an item that is a place in
        a page, such as a comment.
        """
        address = revision.url
        if address is None or fragment_key(address) or _has_media(revision):
            return False
        return any(same_site(address, home) for home in self._own_sites)


def _has_media(revision: Revision) -> bool:
    """Tell whether an item is a broadcast: what it has to say is in its sound or film."""
    types = [found.type or "" for found in revision.enclosures]
    return any(kind.startswith(("audio/", "video/")) for kind in types)
