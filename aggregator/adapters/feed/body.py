"""The texts of a feed item: which one is the article, and which one its summary.

An element made for the article (`content:encoded`, Atom's `content`) is its first candidate,
also where the description is longer. Without one, publishers put the article into any
element, and the longest text is taken. A media caption is the last candidate for the
article. All texts are returned as HTML.
"""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

from aggregator.adapters.feed.items import unique
from aggregator.adapters.feed.media import keep_dicts, text_or_none
from aggregator.model import Candidate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aggregator.model import TextForm

_SHORT = 500  # characters of HTML: a teaser; an article is longer or has blocks
_BLOCKS = re.compile(
    r"<(?:img|table|iframe|video|audio|ul|ol|figure|h[1-6]|blockquote|picture)\b", re.IGNORECASE
)
_MARKUP = re.compile(r"</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>|&(?:#\d+|\w+);", re.IGNORECASE)
# Atom carries these in base64.
_BINARY = ("image/", "audio/", "video/", "font/", "application/pdf", "application/zip")
# feedparser writes the `<br/>` of XHTML as `<br></br>`, which is two of them in HTML.
_VOID_END = re.compile(r"</(?:area|br|col|embed|hr|img|input|source|track|wbr)>")
# One of these makes a description HTML; `The <video> element` alone does not.
_SUMMARY_MARKUP = re.compile(r"</[a-z]|<(?:br|p|img|hr|li)\b|<[a-z]+\s[^<>=]*=", re.IGNORECASE)
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n\s*")


def content_and_summary(
    item: Mapping[str, Any], *, content: str, summary: str, content_first: bool = False
) -> tuple[tuple[Candidate, ...], tuple[Candidate, ...]]:
    """Return the candidates for the content and for the summary of a feedparser item.

    `content` and `summary` name the elements that they were found in
    (`feed:content:encoded`, `feed:description`). `content_first` says that feedparser's
    contents of type HTML come from elements for the article.
    """
    teasers = _summary(item, summary)
    contents = _contents(item, content)
    texts = unique([*contents, *teasers])
    ordered = sorted(texts, key=lambda candidate: -len(candidate.value))
    if content_first and contents:
        # The sort is stable: the longest of the contents, then the longest of the others.
        ordered.sort(key=lambda candidate: candidate not in contents)
    summaries = _choose_summaries(ordered, teasers, summary)
    return (*ordered, *_caption(item)), summaries


def with_summary_form(summary: Candidate, text_form: TextForm) -> Candidate:
    """Say whether a summary is HTML: that of Atom is by now, that of RSS if it has markup."""
    if text_form == "text" or _SUMMARY_MARKUP.search(summary.value):
        return replace(summary, form="html")
    return replace(summary, form="mixed")


def _choose_summaries(
    ordered: Sequence[Candidate], teasers: Sequence[Candidate], summary: str
) -> tuple[Candidate, ...]:
    if not ordered:
        return ()
    article, *others = ordered
    summaries = [teaser for teaser in teasers if teaser is not article]
    summaries.extend(others)

    # The only text is the summary as well if it is short, or if Atom calls it that.
    if not summaries and article in teasers:
        if is_teaser(article.value) or summary == "feed:summary":
            summaries.append(article)
    return unique(summaries)


def text_to_html(plain: str) -> str:
    """Turn a text into HTML: blank lines separate paragraphs, line ends are kept.

    >>> text_to_html("a < b")
    'a &lt; b'
    """
    blocks = []
    for block in _BLANK_LINE.split(plain.strip()):
        blocks.append(escape(block.strip(), quote=False).replace("\n", "<br>"))
    if len(blocks) == 1:
        return blocks[0]
    return "<p>" + "</p><p>".join(blocks) + "</p>"


def is_teaser(value: str) -> bool:
    """Tell a teaser from an article."""
    if len(value) > _SHORT or value.count("<p") > 1:
        return False
    return not _BLOCKS.search(value)


def _contents(item: Mapping[str, Any], where: str) -> list[Candidate]:
    contents = []
    for part in keep_dicts(item.get("content")):
        if str(part.get("type")).startswith(_BINARY):
            continue
        html = _html(part.get("value"), part)
        if html:
            contents.append(Candidate(html, where))
    return contents


def _summary(item: Mapping[str, Any], where: str) -> list[Candidate]:
    detail = item.get("summary_detail")
    if not isinstance(detail, dict):
        return []  # a summary without its detail is feedparser's copy of the content

    html = _html(item.get("summary"), detail)
    return [Candidate(html, where)] if html else []


def _caption(item: Mapping[str, Any]) -> list[Candidate]:
    caption = text_or_none(item.get("media_caption"))
    if not caption:
        return []
    if not _MARKUP.search(caption):
        caption = text_to_html(caption)
    return [Candidate(caption, "feed:media:description")]


def _html(value: object, detail: Mapping[str, Any]) -> str | None:
    """Return a text as HTML, by the media type in its detail."""
    string = text_or_none(value)
    if string is None:
        return None

    media_type = detail.get("type")
    if media_type == "text/plain":
        return text_to_html(string)
    if media_type == "application/xhtml+xml":
        return _VOID_END.sub("", string)
    return string
