"""Decides whether a page is an article: by what it declares, and by the marks of error pages, walls and consent pages.

Marks that only such pages have are enough (a wall's marks, a site's own selectors). Words in a title count only
if the page has hardly any text, because articles have such titles too.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aggregator.adapters.html import json_ld
from aggregator.adapters.html.bot_wall import detect_wall
from aggregator.normalize import text, url
from aggregator.rules.document import iter_meta
from aggregator.rules.json_path import node_types

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.model import Capture, RawEntry
    from aggregator.rules.compiled import SiteRules
    from aggregator.rules.document import Document

MAX_NODES = 2_000
MAX_ERROR_PAGE_WORDS = 120  # a page of an error or a consent has fewer; Han and the like count half
_MAX_TITLE = 300  # characters
STUB = "the page has only the beginning of the text, and what is listed is longer"
_MUCH_LONGER = 1.5  # times the words of a short page, in what the feed or the list stated
_MAX_OPENING = 1_000  # characters of a text that are looked at
_LIST_TYPES = frozenset({"ItemList", "CollectionPage", "SearchResultsPage", "Blog"})

_NOT_FOUND = re.compile(
    r"""(?:^|[-–|:(]|error|http|status|code)\s*(?:404|410)\b(?!\s+[\w&]) | \b(?:404|410)\s*(?:$|[-–|:)]|error|not\b|page)
    | (?:page|article|content|story|file|url)\s+(?:(?:was|is|could|has)\s+)?
        (?:not?\s+(?:be\s+)?(?:found|exist|available) | no\s+longer | unavailable|missing|removed|(?:been\s+)?deleted)
    | \bnot\s+found\b | (?:doesn.t|does\s+not)\s+exist | can.t\s+(?:be\s+found|find\s+(?:that|the|this)\s+page)
    | (?:page|article|content|story|post)\s+(?:is|has)\s+(?:gone|moved|expired)\b
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
# What error pages say in their text. Only what speaks of the page that was asked for: articles say `does not exist`.
_NOT_FOUND_TEXT = re.compile(
    r"""(?:could|can)(?:\s+not|n.t)\s+find\s+(?:the|that|this)\s+(?:page|article|story|content)
    | (?:page|article|story)\s+(?:that\s+)?you\s+(?:asked\s+for|requested|(?:are|were)\s+looking\s+for)
    | page\s+(?:que\s+vous\s+(?:re)?cherchez|demandée) | (?:angeforderte|gesuchte|aufgerufene)\s+seite
    | página\s+que\s+(?:busca|buscas|está\s+buscando|procura|você\s+procura)
    | pagina\s+(?:che\s+stai\s+cercando|richiesta) | (?:opgevraagde|gevraagde|gezochte)\s+pagina
    | stron\w+,\s+której\s+szukasz | sidan\s+(?:som\s+)?du\s+(?:söker|letar) | siden\s+(?:som\s+)?du\s+(?:leder|søger)
    | etsimä\w+\s+sivu
    """,
    re.IGNORECASE | re.VERBOSE,
)
_CONSENT = re.compile(
    r"""before\s+you\s+continue | (?:we\s+(?:value|care\s+about)\s+)?your\s+privacy(?:\s+choices)?
    | privacy\s+(?:gate|consent)
    | (?:cookie|data)\s+(?:consent|settings|preferences|wall) | consent\s+(?:required|manager) | we\s+use\s+cookies
    | nous\s+utilisons\s+des\s+cookies | gestion\s+(?:des\s+cookies|du\s+consentement) | vos\s+choix .{0,30}cookies
    | (?:votre\s+)?consentement\s+(?:requis|nécessaire) | respect\w*\s+(?:de\s+)?votre\s+vie\s+privée
    | (?:datenschutz|cookie|privatsphäre)-?einstellungen | mit\s+werbung\s+(?:weiter)?lesen | werbung\s+und\s+cookies
    | (?:zustimmung|einwilligung)\s+(?:erforderlich|nötig|notwendig) | ihre\s+privatsphäre
    | privacy-?instellingen | cookies?\s+accepteren | toestemming\s+(?:vereist|nodig) | cookie-?instellingen
    | configuración\s+de\s+(?:cookies|privacidad) | consentimiento\s+(?:requerido|necesario) | tu\s+privacidad
    | impostazioni\s+(?:sulla\s+)?privacy | consenso\s+(?:richiesto|necessario) | la\s+tua\s+privacy
    | (?:definições|configurações|preferências)\s+de\s+(?:cookies|privacidade) | consentimento\s+(?:necessário|obrigatório)
    | (?:a\s+)?sua\s+privacidade
    | ustawienia\s+(?:plików\s+cookie|prywatności) | (?:wymagana\s+)?zgoda\s+(?:na\s+cookie|wymagana) | twoj\w+\s+prywatnoś\w+
    | cookie-?inställningar | samtycke\s+krävs | din\s+integritet
    | cookie-?indstillinger | samtykke\s+(?:kræves|påkrævet) | dit\s+privatliv
    | evästeasetukset | suostumus\s+(?:vaaditaan|tarvitaan) | yksityisyytesi
    """,
    re.IGNORECASE | re.VERBOSE,
)
# A text that asks for consent has both: what it is about, and the answer that it wants.
_CONSENT_TOPIC = re.compile(
    r"cookie|tracking|eväste|evästei|datenschutz|vie privée|privacid|privacy|prywatnoś|integritet|privatliv",
    re.IGNORECASE,
)
_CONSENT_ANSWER = re.compile(
    r"""(?:accept|reject|allow)\s+(?:all|cookies) | (?:i\s+)?agree\s+and | manage\s+(?:preferences|choices)
    | zustimmen | alle[sn]?\s+akzeptieren | wie\s+gewohnt\s+mit\s+werbung | tout\s+accepter | accepter\s+et
    | continuer\s+sans\s+accepter
    | aceptar\s+(?:todo|y\s+continuar|y\s+cerrar|las) | rechazar\s+todo | accett\w+\s+(?:tutt|e\s+continu|e\s+chiud)
    | continua\s+senza\s+accettare | alles?\s+accepteren | akkoord\s+(?:en|gaan) | aceitar\s+(?:tudo|todos|e\s+continuar)
    | (?:za)?akceptuj[eę]?\s+(?:wszystk|i\s+) | przejdź\s+do\s+serwisu | godkänn\s+(?:alla|och) | acceptera\s+alla
    | (?:accepter|tillad)\s+alle | hyväksy\s+(?:kaikki|ja)
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


def is_article_by_rules(document: Document, rules: SiteRules) -> bool:
    """Return whether a page declares that it is an article, and has the text that the rules name, if they do."""
    bodies = [selector for selector in rules.body if selector.source != "auto"]
    if bodies and not any(
        next(selector.elements(document), None) is not None for selector in bodies
    ):
        return False
    return is_article(document)


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


def likely_reason(titles: Iterable[str], words: float, opening: str = "") -> str | None:
    """Return why a page with these titles and so few words is no article, None if it may be one.

    `opening` is the beginning of its text.
    """
    if words > MAX_ERROR_PAGE_WORDS:
        return None
    for title in titles:
        for pattern, kind in _TITLE_PATTERNS:
            if pattern.search(title[:_MAX_TITLE]):
                shown = " ".join(title.split())[:80]
                return f"{kind}, titled `{shown}`"
    return _reason_by_text(opening[:_MAX_OPENING])


def is_stub(content: str, item: RawEntry, *, is_paid: bool) -> bool:
    """Return whether a page has less of the article's text than the feed or the list stated.

    `content` is the HTML of the page's text. A page `is_paid` if it says that it is not accessible for free.
    Of other pages only short ones count, because feeds carry more than the article: lists of links, credits.
    """
    page_words = text.count_words(text.plain_text(content, "html"))
    listed_words = 0.0
    for stated in (*item.content_html, *item.summary):
        listed_words = max(listed_words, text.count_words(text.plain_text(stated.value, "html")))
    if is_paid:
        return listed_words > page_words
    return page_words <= MAX_ERROR_PAGE_WORDS and listed_words > _MUCH_LONGER * page_words


def _reason_by_text(opening: str) -> str | None:
    """Return why a short text that begins so is no article, None if it may be one."""
    if _NOT_FOUND_TEXT.search(opening):
        return "a page of an error, by its text"
    if _CONSENT_TOPIC.search(opening) and _CONSENT_ANSWER.search(opening):
        return "a consent wall, by its text"
    return None


def _open_graph_type(document: Document) -> str | None:
    for meta in iter_meta(document.root):
        if meta.name == "og:type":
            return meta.content.lower()
    return None
