"""Decides whether a page is an article: by what it declares, and by the marks of error pages, walls and consent pages.

Rule: marks that only such pages have are enough (a wall's marks, a site's own selectors). Words in a title count only
if the page has hardly any text, because articles have such titles too.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aggregator.adapters.html import json_ld
from aggregator.adapters.html.bot_wall import detect_wall
from aggregator.normalize import url
from aggregator.rules.document import iter_meta
from aggregator.rules.json_path import node_types

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.model import Capture
    from aggregator.rules.compiled import SiteRules
    from aggregator.rules.document import Document

MAX_NODES = 2_000
MAX_ERROR_PAGE_WORDS = 120  # a page of an error or a consent has fewer; Han and the like count half
_MAX_TITLE = 300  # characters
_LIST_TYPES = frozenset({"ItemList", "CollectionPage", "SearchResultsPage", "Blog"})

_NOT_FOUND = re.compile(
    r"""\b(?:404|410)\b
    | (?:page|article|content|story|file|url)\s+(?:(?:was|is|could|has)\s+)?
        (?:not?\s+(?:be\s+)?(?:found|exist|available) | no\s+longer | unavailable|missing|removed|(?:been\s+)?deleted)
    | \bnot\s+found\b | (?:doesn.t|does\s+not)\s+exist | can.t\s+(?:be\s+found|find\s+(?:that|the|this)\s+page)
    | page\s+(?:introuvable|non\s+trouvée|inexistante) | (?:article|contenu)\s+(?:introuvable|indisponible|supprimé)
    | n.existe\s+(?:pas|plus) | seite\s+(?:wurde\s+)?nicht\s+gefunden | (?:seite|artikel)\s+existiert\s+nicht
    | página\s+no\s+(?:encontrada|existe|disponible) | página\s+não\s+(?:encontrada|existe) | pagina\s+non\s+trovata
    | страница\s+не\s+(?:найдена|существует) | сторінку\s+не\s+знайдено | sayfa\s+bulunamadı
    | halaman\s+tidak\s+ditemukan | không\s+tìm\s+thấy | ไม่พบ(?:หน้า|เพจ)
    | (?:页面|頁面|网页|網頁|文章|内容|內容)(?:不存在|未找到|找不到|无法找到|已(?:被)?删除|已(?:被)?刪除)
    | 找不到(?:该|該|此|这个|這個|您)?.{0,8}(?:页|頁|文章) | ページが見つかりません | お探しのページ
    | 페이지를\s*찾을\s*수\s*없 | 存在하지\s*않는 | صفحه.{0,12}(?:یافت|پیدا)\s*نشد | الصفحة\s+غير\s+موجودة
    """,
    re.IGNORECASE | re.VERBOSE,
)
_WALL = re.compile(
    r"""^\s*(?:just\s+a\s+moment | attention\s+required | access\s+(?:to\s+this\s+page\s+has\s+been\s+)?denied
        | forbidden | (?:403|429|503)\b | are\s+you\s+(?:a\s+)?(?:robot|human)
        | (?:please\s+)?verify(?:ing)?\s+(?:that\s+)?you\s+are
        | checking\s+your\s+browser | human\s+verification | robot\s+check | security\s+(?:check|verification)
        | too\s+many\s+requests | pardon\s+our\s+interruption | 安全验证 | 人机验证 | 访问受限)""",
    re.IGNORECASE | re.VERBOSE,
)
_CONSENT = re.compile(
    r"""before\s+you\s+continue | (?:we\s+(?:value|care\s+about)\s+)?your\s+privacy(?:\s+choices)?
    | privacy\s+(?:gate|consent)
    | (?:cookie|data)\s+(?:consent|settings|preferences|wall) | consent\s+(?:required|manager) | we\s+use\s+cookies
    | nous\s+utilisons\s+des\s+cookies | gestion\s+(?:des\s+cookies|du\s+consentement) | vos\s+choix .{0,30}cookies
    | (?:datenschutz|cookie|privatsphäre)-?einstellungen | mit\s+werbung\s+(?:weiter)?lesen | werbung\s+und\s+cookies
    | privacy-?instellingen | cookies?\s+accepteren | configuración\s+de\s+(?:cookies|privacidad)
    | impostazioni\s+(?:sulla\s+)?privacy
    """,
    re.IGNORECASE | re.VERBOSE,
)


_TITLE_PATTERNS = (
    (_NOT_FOUND, "a page of an error"),
    (_WALL, "a wall"),
    (_CONSENT, "a consent wall"),
)


def is_article(document: Document) -> bool:
    """Return whether a page declares that it is one article, and nowhere that it lists several.

    It does so by JSON-LD of an article at its URL or by `og:type`. A site's front page is never an article.
    """
    address = document.url or ""
    if urlsplit(address).path in ("", "/"):
        return False
    for node in islice(document.linked_data, MAX_NODES):
        if not _LIST_TYPES.isdisjoint(node_types(node)):
            return False

    if _open_graph_type(document) == "article":
        return True
    data = json_ld.read(document, urls=[address], headlines=())
    return data.article is not None


def definite_reason(capture: Capture, document: Document, rules: SiteRules) -> str | None:
    """Return why a page is certainly no article, None if it may be one."""
    host = url.host(capture.url) or ""
    wall_name = detect_wall(capture.status, capture.headers, capture.body, host=host)
    if wall_name:
        return wall_name

    for selector in rules.soft_404:
        if next(iter(selector.elements(document)), None) is not None:
            return f"a page of an error, by its `{selector.source}`"
    return None


def likely_reason(titles: Iterable[str], words: float) -> str | None:
    """Return why a page with these titles and so few words is no article, None if it may be one."""
    if words > MAX_ERROR_PAGE_WORDS:
        return None
    for title in titles:
        for pattern, kind in _TITLE_PATTERNS:
            if pattern.search(title[:_MAX_TITLE]):
                shown = " ".join(title.split())[:80]
                return f"{kind}, titled `{shown}`"
    return None


def _open_graph_type(document: Document) -> str | None:
    for meta in iter_meta(document.root):
        if meta.name == "og:type":
            return meta.content.lower()
    return None
