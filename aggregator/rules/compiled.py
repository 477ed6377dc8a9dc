"""Site rules, compiled: what one publisher's content means, and which rules a URL has.

Rule: rules are found by the host of an article's URL. `extends` puts another file behind one's own: its lists follow,
its single values count where one's own are absent; only `hosts` are never inherited.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from aggregator.rules.selector import Selector, compile_selector

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aggregator.config.page_rules import FieldRule, Fields, PageRules
    from aggregator.normalize.dates.calendars import Calendar
    from aggregator.normalize.dates.forms import Order
    from aggregator.rules.schema import Edition, SiteFile
    from aggregator.rules.schema import Listing as FileListing
    from aggregator.rules.selector import Document


_SLASHES = re.compile(r"/{2,}")


@dataclass(frozen=True)
class Field:
    """A compiled field rule: candidates best first, each with whether its element leaves the body when it wins."""

    candidates: tuple[tuple[Selector, bool], ...] = ()
    caption: tuple[Selector, ...] = ()
    formats: tuple[str, ...] = ()
    strip: tuple[str, ...] = ()
    order: Order | None = None
    calendar: Calendar = "gregorian"
    names: Mapping[str, str] = field(default_factory=dict)
    cut: tuple[re.Pattern[str], ...] = ()


NO_FIELD = Field()


@dataclass(frozen=True)
class Listing:
    """How a page lists articles: items best first, each field within an item, the next page, what is no list.

    `own` tells that a person said of this very source what its items are.
    """

    items: tuple[Selector, ...] = ()
    fields: Mapping[str, Field] = field(default_factory=dict)
    next: tuple[Selector, ...] = ()
    remove: tuple[Selector, ...] = ()
    own: bool = False

    def field(self, name: str) -> Field:
        return self.fields.get(name, NO_FIELD)


NO_LISTING = Listing()


@dataclass(frozen=True)
class SiteRules:
    """One publisher's rules, its fall-back merged in."""

    id: str
    publisher: str | None = None
    language: str | None = None
    timezone: str | None = None
    hosts: tuple[str, ...] = ()
    editions: tuple[Edition, ...] = ()
    identity: re.Pattern[str] | None = None
    alias: tuple[Selector, ...] = ()
    reused: bool = False
    same_text: bool = False
    drop_params: tuple[str, ...] = ()
    keep_params: tuple[str, ...] = ()
    host_alias: Mapping[str, str] = field(default_factory=dict)
    placeholders: tuple[re.Pattern[str], ...] = ()
    fields: Mapping[str, Field] = field(default_factory=dict)
    body: tuple[Selector, ...] = ()
    remove: tuple[Selector, ...] = ()
    remove_text: tuple[re.Pattern[str], ...] = ()
    next_page: tuple[Selector, ...] = ()
    listing: Listing = NO_LISTING
    soft_404: tuple[Selector, ...] = ()
    fingerprint: tuple[Selector, ...] = ()

    def field(self, name: str) -> Field:
        return self.fields.get(name, NO_FIELD)

    def edition(self, url: str | None) -> Edition | None:
        """The first edition that the URL belongs to, None where there is none."""
        host, _, path = _without_scheme(url or "").partition("/")
        return next(
            (
                one
                for name, start, one in self._editions
                if path.startswith(start) and _is_of(host, name)
            ),
            None,
        )

    @cached_property
    def _editions(self) -> list[tuple[str, str, Edition]]:
        """Each edition with the host and the beginning of the path that it is found by."""
        parts = ((one, *one.match.partition("/")) for one in self.editions)
        return [(host, path, one) for one, host, _, path in parts]


class Sites:
    """Every set of rules by name and by host; `saved` stands in for publishers without rules."""

    def __init__(self, rules: Iterable[SiteRules]) -> None:
        self._by_id = {site.id: site for site in rules}
        self._by_host = {host: site for site in self._by_id.values() for host in site.hosts}

    def __contains__(self, name: str) -> bool:
        return name in self._by_id

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._by_id)

    def named(self, name: str) -> SiteRules:
        """Raises KeyError for a name that has no rules."""
        return self._by_id[name]

    def of(self, url: str | None) -> SiteRules | None:
        """The rules of a URL's host or of the nearest domain above it, None for a publisher without rules."""
        host = _host(url or "")
        while host:
            if site := self._by_host.get(host):
                return site
            host = host.partition(".")[2]
        return None

    def by_fingerprint(self, document: Document) -> SiteRules | None:
        """The rules of the kind of system that made a page, None for an unknown one.

        Only what is the system's: how its articles are numbered, named and dated is the publisher's own.
        """
        candidates = (site for site in self._by_id.values() if site.fingerprint)
        found = next(
            (site for site in candidates if any(_hits(one, document) for one in site.fingerprint)),
            None,
        )
        if found is None:
            return None
        return replace(
            found,
            publisher=None,
            language=None,
            timezone=None,
            editions=(),
            identity=None,
            alias=(),
            reused=False,
            same_text=False,
        )


def compile_site(file: SiteFile, base: SiteRules | None) -> SiteRules:
    """Compile a checked rules file; `base` is the compiled file that it extends."""
    behind = base or SiteRules(id="")
    return SiteRules(
        id=file.id,
        publisher=file.publisher or behind.publisher,
        language=file.language or behind.language,
        timezone=file.timezone or behind.timezone,
        hosts=file.hosts,
        editions=(*file.editions, *behind.editions),
        identity=re.compile(file.identity.url) if file.identity.url else behind.identity,
        alias=(*_compiled(file.identity.alias), *behind.alias),
        reused=file.identity.reused or behind.reused,
        same_text=file.identity.same_text or behind.same_text,
        drop_params=(*file.urls.drop_params, *behind.drop_params),
        keep_params=(*file.urls.keep_params, *behind.keep_params),
        host_alias={**behind.host_alias, **file.urls.alias},
        placeholders=(*map(re.compile, file.placeholders), *behind.placeholders),
        fields=_fields(file.article.fields, _fields(file.fields, behind.fields)),
        body=(*_compiled(file.article.body), *behind.body),
        remove=(*_compiled(file.article.remove), *behind.remove),
        remove_text=(*map(re.compile, file.article.remove_text), *behind.remove_text),
        next_page=(*_compiled(file.article.next), *behind.next_page),
        listing=_listing(file.listing, behind.listing, remove=file.listing.remove),
        soft_404=(*_compiled(file.soft_404), *behind.soft_404),
        fingerprint=_compiled(file.fingerprint),
    )


def with_own(own: PageRules, behind: SiteRules) -> SiteRules:
    """Put a source's own rules in front of its site's."""
    article = own.article
    return replace(
        behind,
        fields=_fields(article.fields, behind.fields),
        body=(*_compiled(article.body), *behind.body),
        remove=(*_compiled(article.remove), *behind.remove),
        remove_text=(*map(re.compile, article.remove_text), *behind.remove_text),
        next_page=(*_compiled(article.next), *behind.next_page),
        listing=replace(_listing(own, behind.listing), own=bool(own.items)),
    )


def _listing(
    own: PageRules | FileListing, behind: Listing, *, remove: Iterable[str] = ()
) -> Listing:
    """A list that names its own items is another list than the one behind it, whose fields then mean nothing."""
    base = NO_LISTING if own.items else behind
    return Listing(
        items=(*_compiled(own.items), *base.items),
        fields=_fields(own.fields, base.fields),
        next=(*_compiled(own.next), *base.next),
        remove=(*_compiled(remove), *behind.remove),
    )


def _fields(own: Fields, behind: Mapping[str, Field]) -> Mapping[str, Field]:
    rules: dict[str, FieldRule] = {name: rule for name, rule in own if rule is not None}
    names = dict.fromkeys((*rules, *behind))
    return {name: _field(rules.get(name), behind.get(name, NO_FIELD)) for name in names}


def _field(rule: FieldRule | None, behind: Field) -> Field:
    if rule is None:
        return behind
    return Field(
        candidates=(
            *((compile_selector(text), rule.remove) for text in rule.candidates),
            *behind.candidates,
        ),
        caption=(*_compiled(rule.caption), *behind.caption),
        formats=(*rule.formats, *behind.formats),
        strip=(*rule.strip, *behind.strip),
        order=rule.order or behind.order,
        calendar=rule.calendar if rule.calendar != "gregorian" else behind.calendar,
        names={**behind.names, **rule.names},
        cut=(*map(re.compile, rule.cut), *behind.cut),
    )


def _hits(selector: Selector, document: Document) -> bool:
    return (
        next(iter(selector.elements(document)), None) is not None
        or next(selector(document), None) is not None
    )


def _compiled(selectors: Iterable[str]) -> tuple[Selector, ...]:
    return tuple(compile_selector(text) for text in selectors)


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _without_scheme(url: str) -> str:
    """`http://www.rfi.fr//cn/x` -> `www.rfi.fr/cn/x`, slashes collapsed as in a URL key."""
    return _SLASHES.sub("/", url.partition("://")[2])


def _is_of(host: str, name: str) -> bool:
    """Tell whether a host is the one of that name or lies under it."""
    return host == name or host.endswith(f".{name}")
