"""Follows the redirects of one request.

Every hop is a separate request, with its own address check and validators. Cookies are
kept for one chain, and credentials are sent to their own origin only.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from aiohttp import CookieJar

from aggregator.errors import SourceError
from aggregator.fetch.cache_headers import conditional_headers
from aggregator.fetch.request_url import parse_target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.fetch.messages import Request
    from aggregator.fetch.request_url import Target

MAX_REDIRECTS = 5
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
_PERMANENT_STATUSES = frozenset({301, 308})


class RedirectChain:
    """The state of a request on its way; `current` is the URL to request next."""

    def __init__(self, request: Request) -> None:
        self.current = parse_target(request.url)
        self._request = request
        self._start = self.current
        self._targets = [self.current]
        self._all_permanent = True
        self._cookie_jar: CookieJar | None = None
        self._visited: set[tuple[str, str]] = {(self.current.text, "")}

    @property
    def hops(self) -> tuple[str, ...]:
        """All URLs so far, in order."""
        return tuple(hop.text for hop in self._targets)

    @property
    def permanent_to(self) -> str | None:
        """The last URL where there were redirects and all of them were permanent."""
        was_redirected = len(self._targets) > 1
        if not (was_redirected and self._all_permanent):
            return None
        return self.current.text

    def headers(self) -> dict[str, str]:
        """Make the headers of the request to `current`."""
        headers = {"Accept": self._request.accept}
        if self._request.user_agent:
            headers["User-Agent"] = self._request.user_agent
        if self._may_send_credentials():
            headers |= self._credential_headers()
        cookie = self._cookie_header()
        if cookie:
            headers["Cookie"] = cookie
        return headers | conditional_headers(self._request.validators, self.current.text)

    def follow(self, status: int, location: str | None, cookies: Sequence[str]) -> None:
        """Go where a redirect points.

        Raises:
            SourceError: of kind `redirect`, for a loop, too many hops, or no usable Location.
        """
        if not location:
            raise SourceError(
                "redirect",
                f"HTTP {status} without a Location at {self.current.display_url}",
                status=status,
            )
        self._store_cookies(cookies)
        self._all_permanent = self._all_permanent and status in _PERMANENT_STATUSES
        self.current = parse_target(location, base=self.current)
        self._targets.append(self.current)
        self._check_for_loop(status)

    def _check_for_loop(self, status: int) -> None:
        # The same URL with new cookies is no loop: many sites set a cookie and redirect back (miniflux#1512).
        step = (self.current.text, self._cookie_header())
        way = " -> ".join(hop.display_url for hop in self._targets)
        if step in self._visited:
            raise SourceError("redirect", f"redirect loop: {way}", status=status)
        if len(self._targets) > MAX_REDIRECTS + 1:
            raise SourceError(
                "redirect", f"more than {MAX_REDIRECTS} redirects: {way}", status=status
            )
        self._visited.add(step)

    def _store_cookies(self, cookies: Sequence[str]) -> None:
        if not cookies:
            return
        if self._cookie_jar is None:
            # "unsafe" means: also of hosts written as addresses.
            self._cookie_jar = CookieJar(unsafe=True)
        self._cookie_jar.update_cookies_from_headers(cookies, self.current.url)

    def _cookie_header(self) -> str:
        if self._cookie_jar is None:
            return ""
        return self._cookie_jar.filter_cookies(self.current.url).output(header="", sep=";").strip()

    def _may_send_credentials(self) -> bool:
        return self.current.origin == self._start.origin or _is_https_upgrade(
            self._start, self.current
        )

    def _credential_headers(self) -> dict[str, str]:
        auth = self._request.basic_auth or self._start.auth
        if auth is None:
            return dict(self._request.headers)
        token = b64encode(":".join(auth).encode()).decode()
        return {**self._request.headers, "Authorization": f"Basic {token}"}


def _is_https_upgrade(start: Target, here: Target) -> bool:
    """Tell whether a redirect changes only http on port 80 to https on port 443."""
    if start.host != here.host:
        return False
    return start.origin[::2] == ("http", 80) and here.origin[::2] == ("https", 443)
