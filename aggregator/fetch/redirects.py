"""One request's way through its redirects.

Rule: every hop is a new question: its own address check, its own validators; cookies live as long as the chain, and
what was meant for one origin is not told to another.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from aiohttp import CookieJar

from aggregator.errors import SourceError
from aggregator.fetch.cache_headers import request_headers
from aggregator.fetch.request_url import target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.fetch.messages import Request
    from aggregator.fetch.request_url import Target

MOST_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})


class Chain:
    """Where a request stands: `here` is the URL to ask next."""

    def __init__(self, request: Request) -> None:
        self.here = target(request.url)
        self._request = request
        self._start = self.here
        self._path = [self.here]
        self._permanent = True
        self._jar: CookieJar | None = None
        self._asked: set[tuple[str, str]] = {(self.here.text, "")}

    @property
    def hops(self) -> tuple[str, ...]:
        """All URLs so far, in order."""
        return tuple(hop.text for hop in self._path)

    @property
    def permanent_to(self) -> str | None:
        """The last URL where there were redirects and all of them were permanent."""
        return self.here.text if self._permanent and len(self._path) > 1 else None

    def headers(self) -> dict[str, str]:
        """Make the headers of the question to `here`."""
        headers = {"Accept": self._request.accept}
        if self._request.user_agent:
            headers["User-Agent"] = self._request.user_agent
        if self._is_told_secrets():
            headers |= self._secrets()
        if cookie := self._cookie():
            headers["Cookie"] = cookie
        return headers | request_headers(self._request.validators, self.here.text)

    def follow(self, status: int, location: str | None, cookies: Sequence[str]) -> None:
        """Go where a redirect points. Raises: SourceError `redirect` for loops, too many hops, no usable Location."""
        if not location:
            raise SourceError(
                "redirect", f"HTTP {status} without a Location at {self.here.shown}", status=status
            )
        self._keep(cookies)
        self._permanent = self._permanent and status in _PERMANENT
        self.here = target(location, base=self.here)
        self._path.append(self.here)
        self._refuse_endless(status)

    def _refuse_endless(self, status: int) -> None:
        # The same URL with new cookies is no loop: many sites set a cookie and send the visitor back (miniflux#1512).
        step = (self.here.text, self._cookie())
        way = " -> ".join(hop.shown for hop in self._path)
        if step in self._asked:
            raise SourceError("redirect", f"redirect loop: {way}", status=status)
        if len(self._path) > MOST_REDIRECTS + 1:
            raise SourceError(
                "redirect", f"more than {MOST_REDIRECTS} redirects: {way}", status=status
            )
        self._asked.add(step)

    def _keep(self, cookies: Sequence[str]) -> None:
        if not cookies:
            return
        if self._jar is None:
            self._jar = CookieJar(unsafe=True)  # "unsafe" means: also of hosts written as addresses
        self._jar.update_cookies_from_headers(cookies, self.here.url)

    def _cookie(self) -> str:
        if self._jar is None:
            return ""
        return self._jar.filter_cookies(self.here.url).output(header="", sep=";").strip()

    def _is_told_secrets(self) -> bool:
        return self.here.origin == self._start.origin or _is_upgrade(self._start, self.here)

    def _secrets(self) -> dict[str, str]:
        auth = self._request.basic_auth or self._start.auth
        if auth is None:
            return dict(self._request.headers)
        token = b64encode(":".join(auth).encode()).decode()
        return {**self._request.headers, "Authorization": f"Basic {token}"}


def _is_upgrade(start: Target, here: Target) -> bool:
    return start.host == here.host and (start.origin[::2], here.origin[::2]) == (
        ("http", 80),
        ("https", 443),
    )
