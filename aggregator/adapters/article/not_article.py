"""Pages that answer 200 and are no article: an error in words, a wall, a question for consent.

Rule: what only such pages have decides alone (a wall's marks, a site's own selectors); words in a title decide only
where there is hardly a text, for articles have such titles too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aggregator.adapters.html.bot_wall import wall
from aggregator.normalize import url

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.model import Capture
    from aggregator.rules.compiled import SiteRules
    from aggregator.rules.document import Document

TINY_WORDS = 120  # a page of an error or a consent has fewer; Han and the like count half

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
_WALLED = re.compile(
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


def certain(capture: Capture, document: Document, rules: SiteRules) -> str | None:
    """Say why a page is surely no article, None where it may be one."""
    found = wall(capture.status, capture.headers, capture.body, host=url.host(capture.url) or "")
    if found:
        return found
    gone = next(
        (one for one in rules.soft_404 if next(iter(one.elements(document)), None) is not None),
        None,
    )
    return f"a page of an error, by its `{gone.source}`" if gone else None


def likely(titles: Iterable[str], words: float) -> str | None:
    """Say why a page with these titles and so few words is no article, None where it may be one."""
    if words > TINY_WORDS:
        return None
    for title in titles:
        for pattern, what in (
            (_NOT_FOUND, "a page of an error"),
            (_WALLED, "a wall"),
            (_CONSENT, "a consent wall"),
        ):
            if pattern.search(title[:300]):
                return f"{what}, titled `{' '.join(title.split())[:80]}`"
    return None
