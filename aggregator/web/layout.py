"""The frame of every page: head, navigation, search, footer; and the pages of errors.

Every address is relative, so that the pages work under any path of a server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from aggregator.publish import OUTPUTS
from aggregator.web.html import Html, direction, element, join, name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aggregator.publish import ViewInfo
    from aggregator.web.language import Language

_FORMAT_NAMES = {"atom": "Atom", "rss": "RSS", "json": "JSON Feed"}
_ERROR_TEXTS = {400: "bad_request", 404: "not_found"}


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page is made with.

    `root` is the relative address of the first page (`./`, `../`), `failing` the number of
    sources that fail. The pages of a static site are files, and no server answers a query: they
    have no search and no filters.
    """

    language: Language
    root: str = "./"
    views: Sequence[ViewInfo] = ()
    failing: int = 0
    is_static: bool = False

    def text(self, key: str, **values: object) -> str:
        return self.language.text(key, **values)

    def field_name(self, field: str) -> str:
        """Return the name of an entry's field for people, the field itself where it has none."""
        return self.language.texts.get(f"field.{field}", field)

    def address(self, *parts: str) -> str:
        """Return the relative address of a document, its parts quoted."""
        return self.root + "/".join(quote(part, safe="", errors="replace") for part in parts)

    def page_address(self, *parts: str) -> str:
        """Return the relative address of a page, its parts quoted."""
        address = self.address(*parts)
        return f"{address}.html" if self.is_static else address

    @property
    def opml_address(self) -> str:
        """The relative address of the sources as OPML."""
        return self.address("sources.opml" if self.is_static else "opml")

    def view_address(self, view: ViewInfo) -> str:
        """Return the address of a view's page; the first view has the first page."""
        if view.id == self.views[0].id:
            return self.root
        return self.page_address("views", view.id)

    def feed_address(self, view: ViewInfo, kind: str) -> str:
        return self.address("views", f"{view.id}.{kind}")


def root_of(raw_path: str) -> str:
    """Return the first page's address, relative to a path as it was sent.

    >>> root_of("/"), root_of("/sources"), root_of("/views/zh")
    ('./', './', '../')
    """
    return "../" * (raw_path.count("/") - 1) or "./"


def render_page(
    frame: Frame, title: str, main: Html, *, current: str | None = None, head: str = ""
) -> bytes:
    """Render a page; `current` is the address of the navigation's item that it belongs to."""
    language = frame.language.tag
    document = join(
        (
            Html("<!doctype html>\n"),
            Html(f'<html lang="{language}" dir="{direction(language)}">\n'),
            element(
                "head",
                element("meta", charset="utf-8"),
                element("meta", name="viewport", content="width=device-width, initial-scale=1"),
                element("meta", name="color-scheme", content="light dark"),
                element("title", title),
                element("link", rel="stylesheet", href=f"{frame.root}style.css"),
                Html(head),
                feed_links(frame),
            ),
            Html("\n"),
            element(
                "body",
                element("a", frame.text("skip"), class_="skip", href="#main"),
                _navigation(frame, current),
                element("main", main, id="main"),
                _footer(frame),
            ),
            Html("\n</html>\n"),
        )
    )
    return document.encode("utf-8", "replace")


def feed_links(frame: Frame) -> Html:
    """Write the links by which browsers and readers discover the feeds."""
    links = []
    for view in frame.views:
        for kind, output in OUTPUTS.items():
            links.append(
                element(
                    "link",
                    rel="alternate",
                    type=output.media_type,
                    title=view.title,
                    href=frame.feed_address(view, kind),
                )
            )
    return join(links, "\n")


def _navigation(frame: Frame, current: str | None) -> Html:
    items = []
    for view in frame.views:
        items.append(_nav_link(frame.view_address(view), name(view.title), current))
    sources = frame.text("sources")
    if frame.failing:
        words = frame.language.count("failing", frame.failing)
        sources = join((sources, " ", element("b", f"▲ {words}", class_="failing")))
    views = element("div", *items, class_="views")
    address = frame.page_address("sources")
    link = _nav_link(address, sources, current)
    return element(
        "header",
        element("nav", views, link, class_="bar", aria_label=frame.text("views")),
    )


def _nav_link(address: str, text: str, current: str | None) -> Html:
    is_current = "page" if address == current else None
    return element("a", text, href=address, aria_current=is_current)


def _footer(frame: Frame) -> Html:
    links = [element("span", frame.text("times"))]
    for kind in OUTPUTS:
        links.append(element("a", format_name(kind), href=frame.address(f"feed.{kind}")))
    links.append(element("a", "OPML", href=frame.opml_address))
    if not frame.is_static:
        links.append(element("a", "API", href=frame.address("api", "openapi.json")))
    return element("footer", element("div", *links, class_="bar"))


def format_name(kind: str) -> str:
    """Return the name of an output format for people."""
    return _FORMAT_NAMES.get(kind, kind)


def search_form(
    frame: Frame, *, action: str | None = None, kept: Mapping[str, str] | None = None
) -> Html | None:
    """Write the search; None on a static site. `action` None searches the list that the form stands in.

    `kept` are the other parameters of the list, and its query as `q`.
    """
    if frame.is_static:
        return None
    parameters = dict(kept or {})
    query = parameters.pop("q", None)
    hidden = [
        element("input", type="hidden", name=key, value=value) for key, value in parameters.items()
    ]
    hint = frame.text("search_hint")
    field = element(
        "input", type="search", name="q", value=query, placeholder=hint, aria_label=hint
    )
    button = element("button", frame.text("search"))
    return element(
        "form", field, button, *hidden, action=action, method="get", role="search", class_="search"
    )


def render_error(frame: Frame, status: int, reason: str) -> bytes:
    """Render the page of an error status."""
    key = _ERROR_TEXTS.get(status, "failed")
    if 400 <= status < 500 and status not in _ERROR_TEXTS:
        key = "bad_request"
    links = element(
        "p",
        element("a", frame.text("news"), href=frame.root),
        element("a", frame.text("sources"), href=frame.page_address("sources")),
        class_="links",
    )
    main = join(
        (
            element("h1", frame.text(key)),
            element("p", frame.text(f"{key}_text"), class_="intro"),
            element("p", f"{status} {reason}", class_="soft"),
            search_form(frame, action=frame.root),
            links,
        )
    )
    return render_page(frame, f"{status} {reason}", element("div", main, class_="message"))
