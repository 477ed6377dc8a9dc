"""The HTML pages for people.

Every value is escaped, there are no scripts, and links lead only to http(s) URLs.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from aggregator.normalize.url.valid import valid_url
from aggregator.publish import OUTPUTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.model import Entry
    from aggregator.publish import ViewInfo


def render_index(views: Sequence[ViewInfo], entries: Sequence[Entry]) -> bytes:
    """Render the first page: how to subscribe to each view, and the latest titles."""
    title = views[0].title if views else "aggregator"
    alternates = []
    for view in views:
        for kind, path in _feed_paths(view).items():
            alternates.append(_alternate_link(view, path, kind))
    subscriptions = "".join(map(_subscribe_item, views))
    latest = "<p>Nothing yet.</p>"
    if entries:
        latest = _entry_list("".join(map(_entry_item, entries)))
    main = (
        f'<h1 dir="auto">{escape(title)}</h1>\n'
        f'<section>\n<h2>Subscribe</h2>\n<ul class="views">\n{subscriptions}</ul>\n</section>\n'
        f"<section>\n<h2>Latest</h2>\n{latest}\n</section>"
    )
    return _render_page(title, main, head="".join(alternates))


def render_error(status: int, reason: str) -> bytes:
    """Render the page of an error status."""
    title = f"{status} {reason}"
    return _render_page(
        title, f'<h1>{escape(title)}</h1>\n<p><a href="/">To the first page</a></p>'
    )


def _render_page(title: str, main: str, *, head: str = "") -> bytes:
    text = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{escape(title)}</title>\n<link rel="stylesheet" href="/style.css">\n{head}'
        f"</head>\n<body>\n<main>\n{main}\n</main>\n</body>\n</html>\n"
    )
    return text.encode("utf-8", "replace")


def _feed_paths(view: ViewInfo) -> dict[str, str]:
    return {kind: f"/views/{quote(view.id, safe='')}.{kind}" for kind in OUTPUTS}


def _alternate_link(view: ViewInfo, path: str, kind: str) -> str:
    return f'<link rel="alternate" type="{OUTPUTS[kind].media_type}" title="{escape(view.title)}" href="{escape(path)}">\n'


def _subscribe_item(view: ViewInfo) -> str:
    links = " ".join(
        f'<a href="{escape(path)}">{kind}</a>' for kind, path in _feed_paths(view).items()
    )
    return f'<li><span dir="auto">{escape(view.title)}</span> {links}</li>\n'


def _entry_list(items: str) -> str:
    return f'<ol class="entries">\n{items}</ol>'


def _entry_item(entry: Entry) -> str:
    lang = f' lang="{escape(entry.language)}"' if entry.language else ""
    at = entry.published
    return (
        f"<li>{_entry_title(entry, lang)}\n"
        f'<small><span dir="auto">{escape(entry.publisher or entry.source)}</span> '
        f'<time datetime="{at:%Y-%m-%dT%H:%M:%SZ}">{at:%Y-%m-%d %H:%M} UTC</time></small></li>\n'
    )


def _entry_title(entry: Entry, lang: str) -> str:
    url = valid_url(entry.url or "")
    if not url.startswith(("https://", "http://")):
        return f'<span dir="auto"{lang}>{escape(entry.title)}</span>'
    return f'<a dir="auto"{lang} href="{escape(url)}" rel="noopener noreferrer">{escape(entry.title)}</a>'
