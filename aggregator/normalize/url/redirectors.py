"""Redirectors: URLs that only lead to the one they carry.

Rule: a table and no request; what cannot be read from the URL alone stays as it is.
"""

from __future__ import annotations

import re
from functools import lru_cache

from aggregator.normalize.url.parts import Address, absolute, parameter, read

_GOOGLE = r"(?:(?:www|m|news)\.)?google(?:\.[a-z]{2,3}){1,2}"
# Redirectors: host, path, and the parameter that holds the target ("" where it is the whole query).
# ClearURLs' redirection rules, those that need no request to be resolved.
_REDIRECTORS = tuple(
    (re.compile(hosts), re.compile(path), names.split(" "))
    for hosts, path, names in (
        (_GOOGLE, r"/url/?", "url q"),
        (
            r"(?:lm?|www|m)\.facebook\.com|l\.(?:instagram|messenger)\.com",
            r"/(?:l\.php|flx/warn/?)",
            "u",
        ),
        (r"out\.reddit\.com", r".*", "url"),
        (r"(?:www\.|m\.)?vk\.com", r"/away(?:\.php)?", "to"),
        (r"(?:[\w-]+\.)?duckduckgo\.com", r"/l/?", "uddg"),
        (r"(?:www\.)?href\.li", r"/?", ""),
        (r"t\.umblr\.com", r"/redirect", "z"),
        (r"(?:www\.|m\.)?youtube\.com", r"/redirect", "q"),
        (r"(?:www\.)?getpocket\.com", r"/redirect", "url"),
        (r"(?:www\.)?awin1\.com", r"/cread\.php", "ued p"),
    )
)
_ANY_HOST = re.compile("|".join(f"(?:{hosts.pattern})" for hosts, _, _ in _REDIRECTORS))
_AMP_PATH = re.compile(r"/(?:[civr]|ii/w[0-9]+|amp)/(?:(s)/)?([^/]+\.[^/]+.*)", re.DOTALL)


@lru_cache(maxsize=32)
def unwrap(url: str) -> str:
    """Give the target of a redirector that carries it in its URL (search results, social networks, AMP caches).

    At most three are unwrapped, one inside the other; anything else is returned as it is.
    """
    for _ in range(3):
        target = _target(url)
        if target is None:
            return url
        url = target
    return url


def _target(url: str) -> str | None:
    parts = read(url)
    if parts is None:
        return None
    amp = _amp_target(parts)
    if amp is not None:
        return amp
    if _ANY_HOST.fullmatch(parts.host) is None:
        return None
    query = parts.query or ""
    for hosts, path, names in _REDIRECTORS:
        if hosts.fullmatch(parts.host) and path.fullmatch(parts.path):
            found = (query if name == "" else parameter(query, name) for name in names)
            return next((target for value in found if value and (target := absolute(value))), None)
    return None


def _amp_target(parts: Address) -> str | None:
    """Read `*.cdn.ampproject.org/c/s/HOST/PATH` and `google.com/amp/s/HOST/PATH`; `s` stands for https."""
    google = parts.path.startswith("/amp/") and re.fullmatch(_GOOGLE, parts.host)
    if not (
        google or parts.host == "cdn.ampproject.org" or parts.host.endswith(".cdn.ampproject.org")
    ):
        return None
    match = _AMP_PATH.fullmatch(parts.path)
    if match is None:
        return None
    query = f"?{parts.query}" if parts.query else ""
    return absolute(f"http{match[1] or ''}://{match[2]}{query}")
