"""Walls: answers that are not the page but something in front of it.

Rule: a wall is an error of its own and never content. A header or host that only walls have decides alone; words in a
page decide only two together, for an article may write about them.
"""

from __future__ import annotations

from fnmatch import fnmatch
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOOKED_AT_BYTES = 32_768
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


def wall(status: int, headers: Mapping[str, str], body: bytes, *, host: str) -> str | None:
    """Name the wall an answer is, None where it is none. `headers` have lower-case names, `host` is who answered."""
    return _by_header(status, headers) or _by_host(host) or _by_words(headers, body)


def _by_header(status: int, headers: Mapping[str, str]) -> str | None:
    for name, values, found in _HEADERS:
        value = headers.get(name)
        if value is not None and (not values or value.strip().lower() in values):
            return found
    # DataDome marks every answer of its customers; only a refusal is a wall.
    return "a DataDome challenge" if status in WALL_STATUSES and "x-datadome" in headers else None


def _by_host(host: str) -> str | None:
    return (
        f"the consent wall of {host}"
        if any(fnmatch(host, pattern) for pattern in _CONSENT_HOSTS)
        else None
    )


def _by_words(headers: Mapping[str, str], body: bytes) -> str | None:
    start = body[:_LOOKED_AT_BYTES]
    if not _is_html(headers.get("content-type", ""), start):
        return None
    marked = start + b"x-datadome" if "x-datadome" in headers else start
    return next(
        (found for found, words in _WORDS if sum(word in marked for word in words) > 1), None
    )


def _is_html(content_type: str, start: bytes) -> bool:
    return "html" in content_type.lower() or start.lstrip()[:14].lower().startswith(
        (b"<!doctype html", b"<html")
    )
