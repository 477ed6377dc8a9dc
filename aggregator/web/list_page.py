"""The page of a view: its entries day by day, with search, filters and the addresses to subscribe to."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from aggregator.publish import OUTPUTS
from aggregator.web.entry_item import other_tellers, render_item, source_title
from aggregator.web.html import Html, element, join, name
from aggregator.web.layout import format_name, render_page, search_form

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aggregator.model import Entry
    from aggregator.web.layout import Frame
    from aggregator.web.list_query import ListQuery
    from aggregator.web.site import EntryList

_LEAD_TELLERS = 3  # the fewest sources of an entry that leads
_MENU_ITEMS = 40


def render_list(frame: Frame, found: EntryList, query: ListQuery) -> bytes:
    """Render a page of a view."""
    title = found.view.title
    if query.wanted.search is not None:
        title = frame.text("search_title", query=query.wanted.search)
    if found.entries:
        content = join((*_days(frame, found, query), _paging(frame, found, query)))
    elif query.is_plain:
        content = _empty(frame, found)
    else:
        content = _no_match(frame)
    if not found.entries and query.is_plain:
        main = content
    else:
        main = join((_masthead(frame, found, query, title), content))
    return render_page(frame, title, main, current=frame.view_address(found.view))


def _masthead(frame: Frame, found: EntryList, query: ListQuery, title: str) -> Html:
    kept = query.narrow().parameters()
    tools = element("div", search_form(frame, kept=kept), _subscribe(frame), class_="tools")
    heading = element("h1", title, dir="auto")
    masthead = element("div", heading, tools, class_="masthead")
    if frame.is_static:
        return masthead
    menus = [
        _menu(frame, query, "source", _sources_of(found)),
        _menu(frame, query, "language", _common_values(_languages(found.entries))),
        _menu(frame, query, "tag", _common_values(_tags(found.entries))),
    ]
    chips = _chips(frame, found, query)
    filters = element("div", *menus, *chips, class_="filters", aria_label=frame.text("filters"))
    return join((masthead, filters))


def _subscribe(frame: Frame) -> Html:
    """Write the menu of feeds: every view in every format, and the sources."""
    rows = []
    for view in frame.views:
        links = []
        for kind in OUTPUTS:
            links.append(element("a", format_name(kind), href=frame.feed_address(view, kind)))
        rows.append(element("li", name(view.title), element("span", join(links, " "))))
    opml = element("a", "OPML", href=frame.opml_address)
    rows.append(element("li", frame.text("all_sources"), element("span", opml)))

    address = None
    if frame.views[0].self_url:
        label = element("h2", frame.text("paste"))
        address = join((label, element("code", frame.views[0].self_url)))
    menu = element(
        "div",
        address,
        element("h2", frame.text("choose_view")),
        element("ul", *rows),
        class_="panel",
    )
    summary = element("summary", frame.text("subscribe"))
    return element("details", summary, menu, class_="menu subscribe")


def _menu(
    frame: Frame, query: ListQuery, key: str, choices: Sequence[tuple[str, str]]
) -> Html | None:
    """Write the menu of a filter; None if there is nothing to choose."""
    if not choices:
        return None
    items = []
    for value, label in choices[:_MENU_ITEMS]:
        link = element("a", name(label), href=query.narrow(**{key: value}).href())
        items.append(element("li", link))
    if key == "source" and len(choices) > _MENU_ITEMS:
        more = element("a", frame.text("more_sources"), href=frame.page_address("sources"))
        items.append(element("li", more))
    panel = element("ul", *items, class_="panel")
    return element("details", element("summary", frame.text(key)), panel, class_="menu")


def _sources_of(found: EntryList) -> list[tuple[str, str]]:
    choices = [(source_id, info.title) for source_id, info in found.view.sources.items()]
    return sorted(choices, key=lambda choice: choice[1].casefold())


def _languages(entries: Iterable[Entry]) -> Iterable[str]:
    for entry in entries:
        if entry.language:
            yield entry.language


def _tags(entries: Iterable[Entry]) -> Iterable[str]:
    for entry in entries:
        yield from entry.tags


def _common_values(values: Iterable[str]) -> list[tuple[str, str]]:
    """Return values with their labels, those of most entries of the page first."""
    counted = Counter(values)
    return [(value, value) for value, _ in counted.most_common(_MENU_ITEMS)]


def _chips(frame: Frame, found: EntryList, query: ListQuery) -> list[Html]:
    """Write a link for each filter that takes it away."""
    wanted = query.wanted
    source = wanted.source and source_title(found, wanted.source)
    labels = {
        "search": ("search", wanted.search),
        "source": ("source", source),
        "language": ("language", wanted.language),
        "tag": ("tag", wanted.tag),
    }
    chips = []
    for key, (label, value) in labels.items():
        if value:
            words = frame.text("filter", name=frame.text(label), value=value)
            hidden = element("span", f" {frame.text('remove')}", class_="hidden")
            href = query.narrow(**{key: None}).href()
            chips.append(element("a", name(words), hidden, href=href, class_="chip"))
    return chips


def _days(frame: Frame, found: EntryList, query: ListQuery) -> list[Html]:
    lead = _find_lead(found) if query.is_plain else None
    sections = []
    for day, group in groupby(found.entries, key=lambda entry: entry.published.date()):
        entries = [entry for entry in group if entry is not lead]
        items = [render_item(frame, found, entry, query) for entry in entries]
        if lead is not None and lead.published.date() == day:
            items.insert(0, render_item(frame, found, lead, query, is_lead=True))
        sections.append(_day(frame, found.entries, items, day.isoformat()))
    return sections


def _day(frame: Frame, entries: Sequence[Entry], items: Sequence[Html], day: str) -> Html:
    moment = next(entry.published for entry in entries if entry.published.date().isoformat() == day)
    heading = element("h2", frame.language.weekday(moment))
    date = element("p", frame.language.date(moment))
    return element(
        "section",
        element("div", heading, date, class_="date"),
        element("ol", *items, class_="entries"),
        class_="day",
    )


def _find_lead(found: EntryList) -> Entry | None:
    """Return the entry of the newest day that most sources tell, None if fewer than three tell it."""
    newest_day = found.entries[0].published.date()
    lead = None
    most = _LEAD_TELLERS - 1
    for entry in found.entries:
        number = len(other_tellers(found, entry)) + 1
        if entry.published.date() == newest_day and number > most:
            lead, most = entry, number
    return lead


def _paging(frame: Frame, found: EntryList, query: ListQuery) -> Html | None:
    newest = older = None
    if query.before is not None:
        href = query.narrow().href()
        newest = element("a", f"← {frame.text('newest')}", href=href, class_="newest")
    if found.has_older:
        older = _link_to_older(frame, found, query)
    if newest is None and older is None:
        return None
    return element("nav", newest, older, class_="paging", aria_label=frame.text("paging"))


def _link_to_older(frame: Frame, found: EntryList, query: ListQuery) -> Html:
    label = f"{frame.text('older')} →"
    if found.older_address is not None:
        return element("a", label, href=found.older_address, rel="next", class_="older")
    last = found.entries[-1]
    time = frame.language.date_time(last.published)
    hint = element("small", frame.text("older_than", time=time))
    return element("a", label, hint, href=query.after(last).href(), rel="next", class_="older")


def _no_match(frame: Frame) -> Html:
    return element(
        "div",
        element("h2", frame.text("no_match")),
        element("p", frame.text("no_match_hint")),
        element("p", element("a", frame.text("show_all"), href="?")),
        class_="message",
    )


def _empty(frame: Frame, found: EntryList) -> Html:
    """Write what to do in an installation without entries."""
    key = "empty_waiting" if found.view.sources else "empty_no_source"
    feed = frame.views[0].self_url or "/feed.atom"
    commands = {
        "step_add": "aggregator add https://blog.example.org/",
        "step_import": "aggregator import subscriptions.opml",
        "step_subscribe": feed,
    }
    steps = []
    for step, command in commands.items():
        code = element("pre", element("code", command))
        text = element("p", frame.text(f"{step}_text"))
        steps.append(element("li", element("h2", frame.text(step)), text, code))
    return element(
        "div",
        element("h1", frame.text("empty")),
        element("p", frame.text(key), class_="intro"),
        element("ol", *steps, class_="steps"),
        class_="message",
    )
