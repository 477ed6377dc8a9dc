"""Compiled site rules, and the lookup of the rules for a URL.

Rules are found by the host of an article's URL. With `extends`, a file falls back on another one:
lists of the other file are appended, its single values are used if the file's own are absent.
`hosts` and `fingerprint` are never inherited.
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
    from aggregator.rules.schema import Edition, FeedText, SiteFile
    from aggregator.rules.schema import Listing as FileListing
    from aggregator.rules.selector import Document


_SLASHES = re.compile(r"/{2,}")

# The rules for what the collector of saved articles writes around an article.
SAVED = "saved"
_ARCHIVE = "archive"  # the adapter of saved articles


@dataclass(frozen=True)
class CompiledField:
    """A compiled field rule.

    `candidates` are best first. Each comes with a flag: whether its element is removed from the
    body when its value is valid.
    """

    candidates: tuple[tuple[Selector, bool], ...] = ()
    caption: tuple[Selector, ...] = ()
    formats: tuple[str, ...] = ()
    strip: tuple[str, ...] = ()
    order: Order | None = None
    calendar: Calendar = "gregorian"
    names: Mapping[str, str] = field(default_factory=dict)
    cut: tuple[re.Pattern[str], ...] = ()


NO_FIELD = CompiledField()


@dataclass(frozen=True)
class CompiledListing:
    """How a page lists articles.

    `items` are best first; `fields` are read within an item; elements of `remove` hold no items.
    `is_source_specific` means that the source's own configuration names its items.
    """

    items: tuple[Selector, ...] = ()
    fields: Mapping[str, CompiledField] = field(default_factory=dict)
    next: tuple[Selector, ...] = ()
    remove: tuple[Selector, ...] = ()
    is_source_specific: bool = False

    def field(self, name: str) -> CompiledField:
        return self.fields.get(name, NO_FIELD)


NO_LISTING = CompiledListing()


@dataclass(frozen=True)
class SiteRules:
    """One publisher's rules, with those that it extends merged in."""

    id: str
    publisher: str | None = None
    language: str | None = None
    timezone: str | None = None
    hosts: tuple[str, ...] = ()
    editions: tuple[Edition, ...] = ()
    identity: re.Pattern[str] | None = None
    alias: tuple[Selector, ...] = ()
    reuses_ids: bool = False
    matches_by_text: bool = False
    drop_params: tuple[str, ...] = ()
    keep_params: tuple[str, ...] = ()
    host_alias: Mapping[str, str] = field(default_factory=dict)
    placeholders: tuple[re.Pattern[str], ...] = ()
    fields: Mapping[str, CompiledField] = field(default_factory=dict)
    body: tuple[Selector, ...] = ()
    remove: tuple[Selector, ...] = ()
    captions: tuple[Selector, ...] = ()
    remove_text: tuple[re.Pattern[str], ...] = ()
    next_page: tuple[Selector, ...] = ()
    listing: CompiledListing = NO_LISTING
    soft_404: tuple[Selector, ...] = ()
    fingerprint: tuple[Selector, ...] = ()
    feed: FeedText | None = None

    def field(self, name: str) -> CompiledField:
        return self.fields.get(name, NO_FIELD)

    @cached_property
    def reads_body(self) -> bool:
        """Whether anything is to be found in an item's content, or removed from it."""
        if self.alias or self.remove or self.captions:
            return True
        return any(rule.candidates or rule.caption for rule in self.fields.values())

    def edition(self, url: str | None) -> Edition | None:
        """Return the first edition that the URL belongs to, None if there is none."""
        host, _, path = _without_scheme(url or "").partition("/")
        for edition_host, start, edition in self._editions_by_prefix:
            if not path.startswith(start):
                continue
            if _is_host_or_subdomain(host, edition_host):
                return edition
        return None

    @cached_property
    def _editions_by_prefix(self) -> list[tuple[str, str, Edition]]:
        """Return each edition with the host and the start of the path of its URLs."""
        editions = []
        for edition in self.editions:
            host, _, path = edition.match.partition("/")
            editions.append((host, path, edition))
        return editions


class Sites:
    """All site rules, by name and by host; `fallback` is used for publishers without rules.

    `unsaved` are the same rules without what they inherit from `saved`. `digest` is a hash of what
    the files say.
    """

    def __init__(
        self,
        rules: Iterable[SiteRules],
        *,
        fallback: SiteRules | None = None,
        unsaved: Sites | None = None,
        digest: str = "",
    ) -> None:
        self.digest = digest
        self.fallback = fallback or SiteRules(id="none")
        self._unsaved = unsaved or self
        self._by_id = {site.id: site for site in rules}
        self._by_host: dict[str, SiteRules] = {}
        for site in self._by_id.values():
            self._by_host.update(dict.fromkeys(site.hosts, site))

    def __contains__(self, name: str) -> bool:
        return name in self._by_id

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._by_id)

    def for_adapter(self, adapter: str) -> Sites:
        """Return the rules as they hold for what an adapter carries.

        The marks of the collector of saved articles mean something else everywhere else: a
        picture alone is a webcomic, a date in italics is text. `saved` holds for saved
        articles, and where a source names it.
        """
        if adapter == _ARCHIVE:
            return self
        return self._unsaved

    def get(self, name: str) -> SiteRules:
        """Return the rules of that name. Raises KeyError if there are none."""
        return self._by_id[name]

    def find_by_url(self, url: str | None) -> SiteRules | None:
        """Return the rules of a URL's host, else of the nearest domain above it, else None."""
        host = _host(url or "")
        while host:
            site = self._by_host.get(host)
            if site:
                return site
            host = host.partition(".")[2]
        return None

    def find_by_fingerprint(self, document: Document) -> SiteRules | None:
        """Return the rules of the system (CMS) that made a page, None for an unknown one.

        How articles are numbered, named and dated depends on the publisher, not on the system:
        those values are left out.
        """
        for site in self._by_id.values():
            if any(_is_in(document, selector) for selector in site.fingerprint):
                return replace(
                    site,
                    publisher=None,
                    language=None,
                    timezone=None,
                    editions=(),
                    identity=None,
                    alias=(),
                    reuses_ids=False,
                    matches_by_text=False,
                )
        return None


def compile_site(file: SiteFile, base: SiteRules | None) -> SiteRules:
    """Compile a checked rules file; `base` is the compiled file that it extends."""
    behind = base or SiteRules(id="")
    identity = behind.identity
    if file.identity.url:
        identity = re.compile(file.identity.url)

    return SiteRules(
        id=file.id,
        publisher=file.publisher or behind.publisher,
        language=file.language or behind.language,
        timezone=file.timezone or behind.timezone,
        hosts=file.hosts,
        editions=(*file.editions, *behind.editions),
        identity=identity,
        alias=(*_compile_all(file.identity.alias), *behind.alias),
        reuses_ids=file.identity.reused or behind.reuses_ids,
        matches_by_text=file.identity.same_text or behind.matches_by_text,
        drop_params=(*file.urls.drop_params, *behind.drop_params),
        keep_params=(*file.urls.keep_params, *behind.keep_params),
        host_alias={**behind.host_alias, **file.urls.alias},
        placeholders=(*map(re.compile, file.placeholders), *behind.placeholders),
        fields=_merge_fields(file.article.fields, _merge_fields(file.fields, behind.fields)),
        body=(*_compile_all(file.article.body), *behind.body),
        remove=(*_compile_all(file.article.remove), *behind.remove),
        captions=(*_compile_all(file.article.captions), *behind.captions),
        remove_text=(*map(re.compile, file.article.remove_text), *behind.remove_text),
        next_page=(*_compile_all(file.article.next), *behind.next_page),
        listing=_merge_listing(file.listing, behind.listing, remove=file.listing.remove),
        soft_404=(*_compile_all(file.soft_404), *behind.soft_404),
        fingerprint=_compile_all(file.fingerprint),
        feed=file.feed or behind.feed,
    )


def add_source_rules(own: PageRules, behind: SiteRules) -> SiteRules:
    """Put a source's own rules in front of its site's."""
    article = own.article
    return replace(
        behind,
        fields=_merge_fields(article.fields, behind.fields),
        body=(*_compile_all(article.body), *behind.body),
        remove=(*_compile_all(article.remove), *behind.remove),
        captions=(*_compile_all(article.captions), *behind.captions),
        remove_text=(*map(re.compile, article.remove_text), *behind.remove_text),
        next_page=(*_compile_all(article.next), *behind.next_page),
        listing=replace(_merge_listing(own, behind.listing), is_source_specific=bool(own.items)),
    )


def _merge_listing(
    own: PageRules | FileListing, behind: CompiledListing, *, remove: Iterable[str] = ()
) -> CompiledListing:
    # A list that names its own items is another list: the fields of the one behind it
    # say nothing about these items.
    base = NO_LISTING if own.items else behind
    return CompiledListing(
        items=(*_compile_all(own.items), *base.items),
        fields=_merge_fields(own.fields, base.fields),
        next=(*_compile_all(own.next), *base.next),
        remove=(*_compile_all(remove), *behind.remove),
    )


def _merge_fields(own: Fields, behind: Mapping[str, CompiledField]) -> Mapping[str, CompiledField]:
    """Compile the fields and add what is behind them; own fields come first."""
    merged: dict[str, CompiledField] = {}
    for name, rule in own:
        if rule is not None:
            merged[name] = _merge_field(rule, behind.get(name, NO_FIELD))
    for name, field_behind in behind.items():
        merged.setdefault(name, field_behind)
    return merged


def _merge_field(rule: FieldRule, behind: CompiledField) -> CompiledField:
    own_candidates = [(compile_selector(text), rule.remove) for text in rule.candidates]
    calendar = rule.calendar
    if calendar == "gregorian":  # the default: the rule names none
        calendar = behind.calendar

    return CompiledField(
        candidates=(*own_candidates, *behind.candidates),
        caption=(*_compile_all(rule.caption), *behind.caption),
        formats=(*rule.formats, *behind.formats),
        strip=(*rule.strip, *behind.strip),
        order=rule.order or behind.order,
        calendar=calendar,
        names={**behind.names, **rule.names},
        cut=(*map(re.compile, rule.cut), *behind.cut),
    )


def _is_in(document: Document, selector: Selector) -> bool:
    """Return whether a selector finds an element, even a blank one, or a value."""
    if next(selector.elements(document), None) is not None:
        return True
    return next(selector(document), None) is not None


def _compile_all(selectors: Iterable[str]) -> tuple[Selector, ...]:
    return tuple(compile_selector(text) for text in selectors)


@lru_cache(maxsize=64)
def load_zone(name: str) -> ZoneInfo:
    """Return the timezone of an IANA name."""
    return ZoneInfo(name)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _without_scheme(url: str) -> str:
    """Turn `http://www.rfi.fr//cn/x` into `www.rfi.fr/cn/x`, slashes collapsed as in a URL key."""
    return _SLASHES.sub("/", url.partition("://")[2])


def _is_host_or_subdomain(host: str, name: str) -> bool:
    """Return whether a host has that name or is a subdomain of it."""
    return host == name or host.endswith(f".{name}")
