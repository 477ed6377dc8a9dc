"""A source: something that the program follows, and how.

A source has either `url` or `path`. Keys that it does not give are filled in from
`defaults` when it is loaded; `given_keys` are those that it gives itself.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PrivateAttr, ValidationInfo

from aggregator.adapter_table import SOURCE_ADAPTERS
from aggregator.config.filters import Corrections, Match
from aggregator.config.page_rules import ArticleRules, Fields, PageRules, PageTest, Selectors
from aggregator.config.record import Record, text_default_field, validation_context
from aggregator.config.types import (
    Charset,
    ConfigPath,
    Duration,
    Every,
    HeaderName,
    HeaderValue,
    HostNames,
    Identifier,
    Language,
    OneLine,
    Pause,
    PlainUrl,
    ProxyUrl,
    Size,
    Text,
    Texts,
    ZoneName,
)
from aggregator.config.words import find_nearest

FullText = Literal["missing", "always", "never"]


def _check_adapter(value: str, info: ValidationInfo) -> str:
    sites = validation_context(info).sites
    if value in SOURCE_ADAPTERS or sites is None or value in sites:
        return value
    known = (*SOURCE_ADAPTERS, *sorted(sites))
    guess = find_nearest(value, known)
    hint = f"did you mean `{guess}`? " if guess else ""
    raise ValueError(
        f"must be an adapter or the name of site rules ({hint}known: {', '.join(known)})"
    )


Adapter = Annotated[str, AfterValidator(_check_adapter)]


class BasicAuth(Record):
    """Name and password for HTTP basic authentication."""

    username: OneLine = Field(description="User name.", examples=["reader"])
    password: HeaderValue = Field(
        description="Password; take it from the environment.", examples=["${PASSWORD}"]
    )


class HttpOptions(Record):
    """How this source is requested. Keys that are absent have their values from `network`."""

    headers: Mapping[HeaderName, HeaderValue] = Field(
        default={},
        description="Further request headers; their values are never shown.",
        examples=["{X-Token: '${TOKEN}'}"],
    )
    basic_auth: BasicAuth | None = Field(
        default=None,
        description="Name and password.",
        examples=["{username: reader, password: '${PASSWORD}'}"],
    )
    charset: Charset | None = Field(
        default=None,
        description="Encoding of the document, if the server names a wrong one.",
        examples=["gb18030"],
    )
    user_agent: OneLine | None = Field(
        default=None,
        description="User-Agent for this source.",
        examples=["example/1.0 (+https://example.org)"],
    )
    min_interval: Pause | None = Field(
        default=None,
        description="Shortest pause between two requests of this source.",
        examples=["2s"],
    )
    max_body: Size | None = Field(
        default=None, description="Largest document, after decompression.", examples=["32MiB"]
    )
    proxy: ProxyUrl | None = Field(
        default=None,
        repr=False,
        description="HTTP proxy for the requests.",
        examples=["http://proxy.example.org:3128"],
    )


@dataclass(frozen=True, slots=True)
class _SourceOrigin:
    origin: str = ""
    given_keys: frozenset[str] = frozenset()
    is_every_explicit: bool = False
    display_location: str | None = None


class Source(Record):
    """One source: a mapping in a sources file."""

    id: Identifier = Field(
        description="Permanent name; if absent, made from the URL.",
        examples=["rfi-fr"],
    )
    url: PlainUrl | None = Field(
        default=None,
        description="URL of a feed, a page, a sitemap, or a site that has a feed.",
        examples=["https://www.rfi.fr/fr/rss"],
    )
    path: ConfigPath | None = Field(
        default=None,
        description="Files instead of a URL; `*` and `**` match many.",
        examples=["../../saved/*.txt"],
    )
    adapter: Adapter = Field(
        default="auto",
        description=f"Format ({', '.join(SOURCE_ADAPTERS)}), or the name of site rules (rfi, voa)"
        " to apply.",
        examples=["archive"],
    )
    name: Text | None = Field(
        default=None,
        description="Name for people; if absent, the feed's own.",
        examples=["RFI 华语"],
    )
    every: Every = text_default_field(
        "1h", description="Interval between two requests; at least 5m.", examples=["15m"]
    )
    timezone: ZoneName = Field(
        default="UTC",
        description="IANA timezone of dates without an offset.",
        examples=["Europe/Paris"],
    )
    language: Language | None = Field(
        default=None,
        description="BCP 47 tag of all entries; if absent, as stated or detected.",
        examples=["zh-Hans"],
    )
    tags: Texts = Field(
        default=(), description="Tags added to every entry.", examples=["[world, radio]"]
    )
    enabled: bool = Field(
        default=True,
        description="`false` stops the requests; the entries stay.",
        examples=["false"],
    )
    keep: Duration = text_default_field(
        "90d", description="How long an entry is kept after it was last listed.", examples=["52w"]
    )
    full_text: FullText = Field(
        default="missing",
        description="Fetch the article's own page: if the text is missing or cut, always, never.",
        examples=["always"],
    )
    priority: int = Field(
        default=0,
        description="Of sources with one article or copies of it, the one with the highest priority is shown.",
        examples=[10],
    )
    site: HostNames = Field(
        default=(),
        description="Sites of the publisher whose source this is; if absent, judged by its host"
        " and the home page that it names.",
        examples=["example.org"],
    )
    allow_private: bool | None = Field(
        default=None,
        description="Allow addresses of private networks; if absent, as in `network`.",
        examples=["true"],
    )
    http: HttpOptions = Field(
        default=HttpOptions(), description="How it is requested.", examples=["{min_interval: 2s}"]
    )
    items: Selectors = Field(
        default=(),
        description="page, json: selectors of one item; the first that matches counts.",
        examples=["article.card"],
    )
    fields: Fields = Field(
        default=Fields(),
        description="page, json: where the values of an item are.",
        examples=["{title: h2}"],
    )
    next: Selectors = Field(
        default=(),
        description="page, json: selectors of the link to the next page.",
        examples=["a[rel=next]@href"],
    )
    pages: int = Field(
        default=10,
        ge=1,
        le=1000,
        description="Most pages of the list in one run.",
        examples=[3],
    )
    article: ArticleRules = Field(
        default=ArticleRules(),
        description="Where the text is on an article's own page.",
        examples=["{body: .article__body}"],
    )
    include: Match = Field(
        default=Match(), description="Only entries that match.", examples=["{title: Paris}"]
    )
    exclude: Match = Field(
        default=Match(), description="No entry that matches.", examples=["{tag: '(?i)sport'}"]
    )
    corrections: Corrections = Field(
        default=Corrections(),
        description="Corrections to every entry.",
        examples=["{ignore: [image]}"],
    )
    tests: tuple[PageTest, ...] = Field(
        default=(),
        description="What `aggregator test` expects.",
        examples=["[{capture: no-feed.html.gz, min_items: 12}]"],
    )

    _source_origin: _SourceOrigin = PrivateAttr(default=_SourceOrigin())

    def with_origin(
        self,
        *,
        origin: str,
        given_keys: Collection[str],
        is_every_explicit: bool,
        display_location: str | None = None,
    ) -> Self:
        """Return a copy that knows where and how it was written."""
        copy = self.model_copy()
        origin_details = _SourceOrigin(
            origin,
            frozenset(given_keys),
            is_every_explicit=is_every_explicit,
            display_location=display_location,
        )
        copy._source_origin = origin_details  # noqa: SLF001  a copy of this object
        return copy

    @property
    def origin(self) -> str:
        """Where it is written: `file:line`, "" for one that is not from a file."""
        return self._source_origin.origin

    @property
    def given_keys(self) -> frozenset[str]:
        """The keys that the source gives itself; the others come from `defaults`."""
        return self._source_origin.given_keys

    @property
    def is_every_explicit(self) -> bool:
        """Whether `every` is configured, here or under `defaults`."""
        return self._source_origin.is_every_explicit

    @property
    def location(self) -> str:
        """The URL, or the absolute path."""
        return self.url or str(self.path)

    @property
    def display_location(self) -> str:
        """The location for output, with `${NAME}` instead of values of the environment."""
        return self._source_origin.display_location or self.location

    @property
    def own_rules(self) -> PageRules | None:
        """The source's own page rules, None if it has none."""
        own = {"items", "fields", "next", "article"} & self.model_fields_set
        return (
            PageRules(items=self.items, fields=self.fields, next=self.next, article=self.article)
            if own
            else None
        )

    @property
    def zone(self) -> ZoneInfo:
        """The timezone of dates without an offset."""
        return ZoneInfo(self.timezone)

    def __repr_args__(self) -> Iterator[tuple[str, Any]]:
        yield "id", self.id
        yield "location", self.display_location
