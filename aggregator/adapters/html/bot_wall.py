"""Recognizes walls: responses that are a challenge or a question for consent instead of the page.

Rule: a header or host that only walls have is enough. Words in a page count only if two of them occur together, because
an article may write about walls.
"""

from __future__ import annotations

from fnmatch import fnmatch
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_BYTES = 32_768
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
    return None


def _is_html(content_type: str, start: bytes) -> bool:
    if "html" in content_type.lower():
        return True
    return start.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html"))
