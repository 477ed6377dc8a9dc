"""Decides how sure it is that a source is an article's own publisher: its tier for that article.

* 3: `site:` in YAML names the article's site; else the host that answered (or a listed proxy) is on
  it, and the document claims no other home
* 2: the claimed home is on the article's site or has its brand (`bbc.co.uk`, `bbc.com`); or the item
  says that it was taken from there (atom:source)
* 1: at least 80 % of at least 10 links of the document lead to the article's site
* 0: none of these

A claim alone never makes tier 3: a feed may claim any home. `site:` takes the place of both the host and
the claimed home. Sites are registrable domains.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator.normalize import url

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

CERTAIN, CLAIMED, LIKELY, UNKNOWN = 3, 2, 1, 0

_LEAST_LINKS = 10
_LEAST_SHARE = 0.8
# Hosts that hand on what another site publishes. FeedBurner (`feedproxy.google.com` was its second
# host), FeedPress and FeedBlitz serve the feeds of publishers that ask them to; RSS.app makes feeds
# of their pages.
_PROXIES = ("feedburner.com", "feedproxy.google.com", "feedpress.me", "feedblitz.com", "rss.app")


@dataclass(frozen=True, slots=True)
class DocumentOrigin:
    """Whose a document is, by the sites of its articles.

    Articles on the sites in `certain` are its own. `relays_any` tells of a proxy that claims no home:
    whose it is cannot be known, and most are their publishers'. `claimed` are the sites that it says
    are its own, `brands` their brands. `frequent` are the sites that most of its links lead to.
    """

    certain: frozenset[str | None]
    relays_any: bool
    claimed: frozenset[str | None]
    brands: frozenset[str]
    frequent: frozenset[str]

    def tier(self, link: str | None, *, taken_from: Iterable[str] = ()) -> int:
        """Return the tier for the article at `link`; without a link nobody else can tell it.

        `taken_from` are the URLs that the item names as its own source.
        """
        site = url.site_of(link or "")
        if site is None or site in self.certain:
            return CERTAIN
        if self._claims(site) or site in map(url.site_of, taken_from):
            return CLAIMED
        if site in self.frequent:
            return LIKELY
        return UNKNOWN

    def _claims(self, site: str) -> bool:
        """Tell whether the document says that it is of this site, or of another of its brand."""
        if self.relays_any or site in self.claimed:
            return True
        return url.brand_of(f"//{site}") in self.brands


def document_origin(
    address: str, *, home: str | None, stated: Collection[str], links: Iterable[str | None]
) -> DocumentOrigin:
    """Return whose a document is.

    `address` is the URL that answered, `home` the URL that the document claims, `stated` the hosts
    that the configuration names. `links` are those of its items.
    """
    host_site = url.site_of(address)
    home_site = url.site_of(home or "")
    claimed = frozenset((home_site or host_site,))
    certain = claimed
    is_proxy = _is_proxy(address)
    if home_site not in (None, host_site) and not is_proxy:
        certain = frozenset()  # a claim alone
    relays_any = is_proxy and home_site is None

    if stated:
        claimed = certain = frozenset(url.site_of(f"//{name}") for name in stated)
        relays_any = False
    brands = {url.brand_of(f"//{site}") for site in claimed}
    return DocumentOrigin(
        certain=certain,
        relays_any=relays_any,
        claimed=claimed,
        brands=frozenset(filter(None, brands)),
        frequent=_frequent_sites(links),
    )


def _is_proxy(address: str) -> bool:
    host = url.host(address) or ""
    return f".{host}".endswith(tuple(f".{proxy}" for proxy in _PROXIES))


def _frequent_sites(links: Iterable[str | None]) -> frozenset[str]:
    counts = Counter(map(url.site_of, filter(None, links)))
    total = counts.total()
    if total < _LEAST_LINKS:
        return frozenset()

    frequent = set()
    for site, count in counts.items():
        if count >= _LEAST_SHARE * total:
            frequent.add(site)
    return frozenset(filter(None, frequent))
