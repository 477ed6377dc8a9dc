"""The pages in a browser: nothing foreign runs, all is reachable by links and keys, nothing sticks out."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

LOOKS = [(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")]
PAGES = {
    "first": "",
    "view": "views/chinese",
    "search": "?q=港口",
    "no match": "?q=nothing-has-this-word",
    "article": "entries/{seabed}",
    "chinese article": "entries/{strike}",
    "arabic article": "entries/{oman}",
    "table and code": "entries/{table}",
    "episode": "entries/{episode-212}",
    "payloads": "?source=hostile&limit=50",
    "all payloads": "entries/{hostile/all}",
    "sources": "sources",
    "failing source": "sources/wire",
    "hostile source": "sources/hostile",
    "disabled source": "sources/disabled",
    "missing page": "entries/none",
}
# Those that differ in their elements: axe-core takes half a second for each.
KINDS = [
    "first",
    "search",
    "article",
    "arabic article",
    "table and code",
    "episode",
    "all payloads",
    "sources",
    "failing source",
    "missing page",
    "empty installation",
]
PAYLOAD_PAGES = ["payloads", "all payloads", "hostile source"]
NOT_FOUND = "Failed to load resource: the server responded with a status of 404 (Not Found)"
TARGETS = """() => {
  const found = [];
  for (const part of document.querySelectorAll("[href], [action], form"))
    found.push(part.href ?? part.action);
  return found;
}"""
OVERFLOW = """() => {
  const width = document.documentElement.clientWidth;
  return document.documentElement.scrollWidth > width ? document.documentElement.scrollWidth : 0;
}"""
FOCUS = """() => {
  const part = document.activeElement;
  const box = part.getBoundingClientRect();
  return {
    name: (part.getAttribute("aria-label") || part.textContent).trim(),
    outlined: getComputedStyle(part).outlineStyle !== "none" || part.classList.contains("skip"),
    inside: box.width > 1 && box.right > 0 && box.left < innerWidth,
  };
}"""


def address_of(served: Any, name: str) -> str:
    if name == "empty installation":
        return served.empty
    return served.root + PAGES[name].format(**served.ids)


def find_violations(page: Any) -> list[str]:
    """Return what axe-core finds serious or critical, each with the first element."""
    from axe_playwright_python.sync_playwright import Axe

    options = {"resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{violation['id']}: {violation['nodes'][0]['html'][:120]}"
        for violation in found
        if violation["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_no_page_complains_sticks_out_or_asks_a_stranger(
    served: Any, open_page: Any, width: int, scheme: str
) -> None:
    page, watch = open_page(width, scheme)
    faults = {}
    for name in [*PAGES, "empty installation"]:
        page.goto(address_of(served, name))
        complaints = [text for text in watch.console if text != NOT_FOUND]
        found = (complaints, watch.dialogs, watch.strangers, page.evaluate(OVERFLOW))
        if any(found):
            faults[name] = found
        watch.console.clear()

    assert faults == {}


@pytest.mark.parametrize(
    ("width", "scheme", "names"),
    [
        (390, "light", KINDS),
        (1280, "dark", ["first", "article", "sources", "failing source"]),
    ],
)
def test_axe_finds_nothing_serious(
    served: Any, open_page: Any, width: int, scheme: str, names: list[str]
) -> None:
    pytest.importorskip("axe_playwright_python")
    page, _ = open_page(width, scheme)
    faults = {}
    for name in names:
        page.goto(address_of(served, name))
        for summary in page.query_selector_all("details:not([open]) > summary"):
            summary.evaluate("part => { part.parentElement.open = true; }")
        found = find_violations(page)
        if found:
            faults[name] = found

    assert faults == {}


def test_every_link_stays_under_the_path_of_a_proxy(served: Any, open_page: Any) -> None:
    page, _ = open_page()
    outside = {}
    styled = set()
    for name, path in PAGES.items():
        page.goto(served.proxied + path.format(**served.ids))
        targets = page.evaluate(TARGETS)
        own = [
            target
            for target in targets
            if urlsplit(target).netloc == urlsplit(served.proxied).netloc
        ]
        assert own
        wrong = [target for target in own if not target.startswith(served.proxied)]
        if wrong:
            outside[name] = wrong
        styled.add(page.evaluate("getComputedStyle(document.body).marginTop"))

    assert (outside, styled) == ({}, {"0px"})


def test_links_under_the_path_of_a_proxy_lead_somewhere(served: Any, open_page: Any) -> None:
    page, _ = open_page()
    page.goto(served.proxied)
    targets = {urljoin(page.url, target).partition("#")[0] for target in page.evaluate(TARGETS)}
    own = sorted(target for target in targets if target.startswith(served.proxied))
    dead = {}
    for target in own:
        status = page.request.get(target).status
        if status != 200:
            dead[target] = status

    assert dead == {}


@pytest.mark.parametrize("name", PAYLOAD_PAGES)
def test_no_payload_runs(served: Any, open_page: Any, name: str) -> None:
    page, watch = open_page()
    page.goto(address_of(served, name))
    for summary in page.query_selector_all("summary"):
        summary.evaluate("part => { part.parentElement.open = true; }")
    for link in page.query_selector_all("main a, main img, main div")[:400]:
        link.dispatch_event("mouseover")
    scripts = page.evaluate(
        "() => [...document.querySelectorAll('script, [onerror], [onload], [style],"
        " iframe[src^=java], a[href^=java]')].map(part => part.outerHTML)"
    )

    assert (page.evaluate("window.ran"), watch.dialogs, scripts) == (None, [], [])


def test_tab_reaches_everything_in_order_and_shows_where_it_is(served: Any, open_page: Any) -> None:
    page, _ = open_page(390)
    page.goto(served.root)
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        assert focus["outlined"], focus
        assert focus["inside"], focus
        reached.append(focus["name"])

    assert reached[:4] == ["Skip to the content", "All news", "中文", "Science"]
    assert reached[4].startswith("Sources")
    assert reached[5:11] == [
        "Search, 搜索…",
        "Search",
        "Subscribe",
        "Source",
        "Language",
        "Tag",
    ]


def test_the_skip_link_leads_to_the_content(served: Any, open_page: Any) -> None:
    page, _ = open_page()
    page.goto(served.root)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("menu", ["Subscribe", "Source", "Language", "Tag"])
def test_enter_opens_a_menu_that_lies_on_the_page(
    served: Any, open_page: Any, menu: str, width: int
) -> None:
    page, _ = open_page(width)
    page.goto(served.root)
    summary = page.locator("summary").filter(has_text=menu).first
    if menu == "Source":
        summary = page.locator(".filters summary").first
    summary.focus()
    page.keyboard.press("Enter")
    panel = summary.locator("xpath=../*[contains(@class, 'panel')]")
    box = panel.bounding_box()
    page.keyboard.press("Tab")
    inside = panel.evaluate("part => part.contains(document.activeElement)")

    assert (panel.is_visible(), inside) == (True, True)
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert page.evaluate(OVERFLOW) == 0


def test_the_pictures_of_the_readme_are_small(
    served: Any, open_page: Any, pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    """`--pictures docs/images` writes them anew."""
    folder = Path(pytestconfig.getoption("--pictures") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    page, _ = open_page()
    page.goto(served.root, wait_until="networkidle")
    page.screenshot(path=folder / "first-page.png")
    page.goto(served.root + "sources/harbour")
    page.locator(".charts").screenshot(path=folder / "charts.png")
    page, _ = open_page(390, "dark")
    page.goto(address_of(served, "article"), wait_until="networkidle")
    page.screenshot(path=folder / "article-on-a-phone.png")

    sizes = {path.name: path.stat().st_size for path in folder.glob("*.png")}
    assert sizes.keys() >= {"first-page.png", "charts.png", "article-on-a-phone.png"}
    assert max(sizes.values()) < 150_000


def test_the_page_speaks_chinese_to_a_chinese_browser(served: Any, open_page: Any) -> None:
    page, watch = open_page(390, "dark", "zh-CN")
    page.goto(served.root + "?q=港口")

    assert page.evaluate("document.documentElement.lang") == "zh-Hans"
    assert page.locator("h1").inner_text() == "搜索“港口”"
    assert page.evaluate(OVERFLOW) == 0
    assert watch.console == []
