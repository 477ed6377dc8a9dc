"""Recognizes walls: responses that are a challenge or a question for consent instead of the page.

A header or host that only walls have is enough. Words in a page count only if two of them occur together, because
an article may write about walls.
"""

from __future__ import annotations

import re
from fnmatch import fnmatch
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_BYTES = 32_768
_MAX_BLOCK_PAGE_BYTES = 24_576  # a page that only says that the reader is blocked is smaller
# Statuses under which walls are served: their bodies are worth reading.
WALL_STATUSES = frozenset({401, 403, 405, 429, 503})

_HEADERS = (
    ("cf-mitigated", ("challenge", "block"), "a Cloudflare challenge"),
    ("x-vercel-mitigated", ("challenge", "deny"), "a Vercel challenge"),
    ("x-vercel-challenge-token", (), "a Vercel challenge"),
    ("x-amzn-waf-action", ("challenge", "captcha"), "an AWS WAF challenge"),
)
_WORDS = (
    (
        "a Cloudflare challenge",
        (
            b"Just a moment...",
            b"_cf_chl_opt",
            b"cf-browser-verification",
            b"cf-chl-",
            b"Attention Required! | Cloudflare",
            b"cf-error-details",
        ),
    ),
    ("a DataDome challenge", (b"captcha-delivery.com", b"var dd=", b"x-datadome")),
    ("a Vercel challenge", (b"Vercel Security Checkpoint", b"/.well-known/vercel/security/")),
    ("an Imperva challenge", (b"_Incapsula_Resource", b"Incapsula incident ID")),
    (
        "an Anubis challenge",
        (b"anubis_challenge", b"Making sure you&#39;re not a bot", b"/x/cmd/anubis/"),
    ),
)
# A page without the marks of a product is a block page if its title says so and its text gives the reason.
_BLOCK_TITLE = re.compile(
    rb"""<title[^>]*>\s*(?:access\s+(?:to\s+this\s+page\s+(?:has\s+been\s+)?)?(?:is\s+)?denied
    | (?:request|you\s+(?:have\s+been|are))\s+(?:blocked|rejected)
    | blocked | (?:403\s*[-:]?\s*)?forbidden | are\s+you\s+(?:a\s+)?(?:robot|human) | pardon\s+our\s+interruption
    | (?:human|bot|robot)\s+(?:verification|check) | security\s+(?:check|verification)
    | (?:please\s+)?verify(?:ing)?\s+(?:that\s+)?you\s+are
    | just\s+a\s+moment | attention\s+required | one\s+more\s+step | too\s+many\s+requests
    | zugriff\s+verweigert | acc\xc3\xa8s\s+refus\xc3\xa9 | acceso\s+denegado | accesso\s+negato | acesso\s+negado
    | toegang\s+geweigerd)[^<]{0,40}</title>""",
    re.IGNORECASE | re.VERBOSE,
)
_BLOCK_REASON = re.compile(
    rb"""captcha | unusual\s+traffic | suspicious\s+activity | automated\s+(?:traffic|requests|access|queries)
    | permission\s+to\s+access | your\s+ip\b | ip\s+address | ray\s+id | (?:reference|support|incident)\s+(?:id|number|&?\#)
    | reference&\#32 | not\s+a\s+(?:ro)?bot | you\s+are\s+(?:a\s+)?human | enable\s+(?:javascript\s+and\s+)?cookies
    | press\s+(?:&amp;|and)\s+hold | rate\s+limit""",
    re.IGNORECASE | re.VERBOSE,
)
_CONSENT_HOSTS = (
    "consent.google.*",
    "consent.youtube.com",
    "consent.yahoo.com",
    "guce.*.*",
    "consent.trustarc.com",
    "myprivacy.dpgmedia.*",
    "cookiewall.*",
)


def detect_wall(status: int, headers: Mapping[str, str], body: bytes, *, host: str) -> str | None:
    """Return which wall a response is, None for none.

    `headers` have lower-case names; `host` is the one that answered.
    """
    name = _name_by_header(status, headers)
    if name is None:
        name = _name_by_host(host)
    if name is None:
        name = _name_by_words(headers, body)
    return name


def _name_by_header(status: int, headers: Mapping[str, str]) -> str | None:
    for header, wall_values, name in _HEADERS:
        value = headers.get(header)
        if value is None:
            continue
        if not wall_values:  # the header alone is enough
            return name
        if value.strip().lower() in wall_values:
            return name

    # DataDome marks every response of its customers; only a refusal is a wall.
    is_refusal = status in WALL_STATUSES
    if is_refusal and "x-datadome" in headers:
        return "a DataDome challenge"
    return None


def _name_by_host(host: str) -> str | None:
    for pattern in _CONSENT_HOSTS:
        if fnmatch(host, pattern):
            return f"the consent wall of {host}"
    return None


def _name_by_words(headers: Mapping[str, str], body: bytes) -> str | None:
    start = body[:_MAX_BYTES]
    if not _is_html(headers.get("content-type", ""), start):
        return None

    if "x-datadome" in headers:
        start += b"x-datadome"  # the header counts as one of the words
    for name, words in _WORDS:
        matches = sum(word in start for word in words)
        if matches >= 2:
            return name
    if _is_block_page(body):
        return "a block page"
    return None


def _is_block_page(body: bytes) -> bool:
    """Tell whether a small page has both marks of a block page: its title, and a reason in its text."""
    if len(body) > _MAX_BLOCK_PAGE_BYTES:
        return False
    title = _BLOCK_TITLE.search(body)
    if title is None:
        return False
    return _BLOCK_REASON.search(body, title.end()) is not None


def _is_html(content_type: str, start: bytes) -> bool:
    if "html" in content_type.lower():
        return True
    return start.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html"))
