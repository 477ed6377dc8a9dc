"""Query parameters that only say where a reader came from, or that number the visit.

Rule: a name is listed only if leaving it out never leads to another page. Sources: miniflux (reader/urlcleaner),
ClearURLs' global rules, AdGuard's general filter; for session ids Heritrix (StripSessionIDs). Left out on purpose, as
they name pages on many sites: `source`, `medium`, `keyword`, `reference`, `gallery`, `source_id`, `sid`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Collection

_TABLE = """
    fbclid _openstat fb_* hmb_* itm_* gclid dclid gbraid wbraid gclsrc campaign_*
    srsltid yclid ysclid twclid msclkid mc_cid mc_eid mc_tc wickedid hsa_cam _hsenc
    __hssc __hstc __hsfp _hsmi hsctatracking rb_clickid oly_* vero_* mkt_tok sc_cid
    _bhlid _branch_* __readwiselocation utm_* mtm_* jsessionid phpsessid
    aspsessionid*
"""
NAMES = tuple(_TABLE.split())
_EXACT = frozenset(name for name in NAMES if not name.endswith("*"))
_PREFIXES = tuple(name[:-1] for name in NAMES if name.endswith("*"))


def is_tracking(
    piece: str, *, hosts: Collection[str], drop: Collection[str] = (), keep: Collection[str] = ()
) -> bool:
    """Tell whether one `name=value` of a query is to be dropped.

    `drop` and `keep` are a site's own names, in any case, possibly ending in `*`; `keep` wins.
    `hosts` are those of the page and its feed, without `www.`: `ref` is dropped only if it names
    one of them (miniflux).
    """
    raw_name, _, value = piece.partition("=")
    if "%" in raw_name:
        raw_name = unquote(raw_name)
    name = raw_name.lower().removeprefix("amp;")

    if keep and _matches_any(name, keep):
        return False
    if name in _EXACT or name.startswith(_PREFIXES):
        return True
    if drop and _matches_any(name, drop):
        return True
    if name == "ref":
        referrer = unquote(value).lower().removeprefix("www.")
        return referrer in hosts
    return False


def _matches_any(name: str, patterns: Collection[str]) -> bool:
    for pattern in patterns:
        wanted = pattern.lower()
        if wanted.endswith("*"):
            is_match = name.startswith(wanted[:-1])
        else:
            is_match = name == wanted
        if is_match:
            return True
    return False
