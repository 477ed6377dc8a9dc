"""Unwraps redirectors: URLs that only lead to the URL that they carry.

A table and no request; what cannot be read from the URL alone stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from aggregator.normalize.url.parts import UrlParts, absolute_url, parse_url, query_parameter


@dataclass(frozen=True, slots=True)
class _Redirector:
    """`hosts` and `path` are patterns for the whole; `parameters` are those that may hold the target.

    Without parameters the whole query is the target.
    """

    hosts: str
    path: str
    parameters: tuple[str, ...]

    def leads_from(self, parts: UrlParts) -> bool:
        if not re.fullmatch(self.hosts, parts.host):
            return False
        return re.fullmatch(self.path, parts.path) is not None


_GOOGLE = r"(?:(?:www|m|news)\.)?google(?:\.[a-z]{2,3}){1,2}"
_FACEBOOK = r"(?:lm?|www|m)\.facebook\.com|l\.(?:instagram|messenger)\.com"
# ClearURLs' redirection rules, those that need no request to be resolved.
_REDIRECTORS = (
    _Redirector(_GOOGLE, r"/url/?", ("url", "q")),
    _Redirector(_FACEBOOK, r"/(?:l\.php|flx/warn/?)", ("u",)),
    _Redirector(r"out\.reddit\.com", r".*", ("url",)),
    _Redirector(r"(?:www\.|m\.)?vk\.com", r"/away(?:\.php)?", ("to",)),
    _Redirector(r"(?:[\w-]+\.)?duckduckgo\.com", r"/l/?", ("uddg",)),
    _Redirector(r"(?:www\.)?href\.li", r"/?", ()),
    _Redirector(r"t\.umblr\.com", r"/redirect", ("z",)),
    _Redirector(r"(?:www\.|m\.)?youtube\.com", r"/redirect", ("q",)),
    _Redirector(r"(?:www\.)?getpocket\.com", r"/redirect", ("url",)),
    _Redirector(r"(?:www\.)?awin1\.com", r"/cread\.php", ("ued", "p")),
)
_ANY_HOST = re.compile("|".join(f"(?:{one.hosts})" for one in _REDIRECTORS))
_AMP_PATH = re.compile(r"/(?:[civr]|ii/w[0-9]+|amp)/(?:(s)/)?([^/]+\.[^/]+.*)", re.DOTALL)
_MOST_LAYERS = 3


@lru_cache(maxsize=32)
def unwrap(url: str) -> str:
    """Return the target of a redirector that carries it in its URL.

    Search results, social networks and AMP caches do so. At most three are unwrapped, one inside
    the other; any other URL is returned as it is.
    """
    for _ in range(_MOST_LAYERS):
        target = _target(url)
        if target is None:
            return url
        url = target
    return url


def _target(url: str) -> str | None:
    parts = parse_url(url)
    if parts is None:
        return None
    amp_target = _amp_target(parts)
    if amp_target is not None:
        return amp_target

    # One pattern first: nearly every URL is on none of these hosts.
    if _ANY_HOST.fullmatch(parts.host) is None:
        return None
    for redirector in _REDIRECTORS:
        if redirector.leads_from(parts):
            return _stated_target(redirector, parts.query or "")
    return None


def _stated_target(redirector: _Redirector, query: str) -> str | None:
    """Return the first http(s) URL among the parameters that may hold the target."""
    if not redirector.parameters:
        return absolute_url(query)
    for name in redirector.parameters:
        target = absolute_url(query_parameter(query, name) or "")
        if target is not None:
            return target
    return None


def _amp_target(parts: UrlParts) -> str | None:
    """Read `*.cdn.ampproject.org/c/s/HOST/PATH` and `google.com/amp/s/HOST/PATH`.

    `s` stands for https.
    """
    if not _is_amp_cache(parts):
        return None
    match = _AMP_PATH.fullmatch(parts.path)
    if match is None:
        return None
    secure, rest = match[1] or "", match[2]
    target = f"http{secure}://{rest}"
    if parts.query:
        target += f"?{parts.query}"
    return absolute_url(target)


def _is_amp_cache(parts: UrlParts) -> bool:
    if f".{parts.host}".endswith(".cdn.ampproject.org"):
        return True
    return parts.path.startswith("/amp/") and re.fullmatch(_GOOGLE, parts.host) is not None
