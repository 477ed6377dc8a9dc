"""The keys of a site-rules file (`sites/*.yaml`), checked and frozen.

Unknown keys are refused, and every selector and pattern is compiled once here, so that a
mistake shows when the file is loaded and never while an article is read. The keys of lists, fields,
articles and tests are those of sources.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from aggregator.adapter_table import SOURCE_ADAPTERS
from aggregator.config import ArticleRules, Fields, PageTest
from aggregator.config.page_rules import Selectors
from aggregator.config.record import Record
from aggregator.config.types import Identifier, Language, Patterns, Text, Texts, ZoneName
from aggregator.config.types import Pattern as Regex

FeedText = Literal["excerpt", "whole"]


def _check_id(name: str) -> str:
    if name in SOURCE_ADAPTERS:
        raise ValueError(f"must not be the name of an adapter ({', '.join(SOURCE_ADAPTERS)})")
    return name


class Edition(Record):
    """A part of the site with a language and a name of its own."""

    match: Text = Field(
        description="Host, or host/path that URLs of this edition begin with.",
        examples=["paper.example.org/en/"],
    )
    language: Language | None = Field(default=None, description="BCP 47 tag.", examples=["ja"])
    publisher: Text | None = Field(
        default=None, description="Name for people.", examples=["The Paper"]
    )
    timezone: ZoneName | None = Field(
        default=None, description="IANA timezone of its dates.", examples=["Asia/Tokyo"]
    )


class Identity(Record):
    """How the publisher names an article."""

    url: Regex | None = Field(
        default=None,
        description="Pattern over the URL; group 1 is the article's id.",
        examples=["'/story/(\\d+)'"],
    )
    alias: Selectors = Field(
        default=(),
        description="Other stable keys, found in the body.",
        examples=["meta:article-id"],
    )
    reused: bool = Field(
        default=False, description="The publisher gives old ids to new articles.", examples=["true"]
    )
    same_text: bool = Field(
        default=False,
        description="The publisher files articles again under other addresses.",
        examples=["true"],
    )


class Urls(Record):
    """How the site's URLs are cleaned."""

    drop_params: Texts = Field(
        default=(),
        description="Query parameters that change nothing.",
        examples=["[withmediaplayer]"],
    )
    keep_params: Texts = Field(
        default=(),
        description="Query parameters that look like tracking and are not.",
        examples=["[ref]"],
    )
    alias: dict[Text, Text] = Field(
        default={},
        description="Host -> the host it stands for.",
        examples=["{m.paper.example.org: paper.example.org}"],
    )


class Listing(Record):
    """How a page of the site lists its articles."""

    items: Selectors = Field(
        default=(),
        description="Selectors of one item; the first that matches.",
        examples=["article.card"],
    )
    fields: Fields = Field(
        default=Fields(), description="Where an item's values are.", examples=["{title: h2}"]
    )
    next: Selectors = Field(
        default=(),
        description="Selectors of the link to the next page.",
        examples=["a[rel=next]@href"],
    )
    remove: Selectors = Field(
        default=(), description="Elements whose items are not news.", examples=["aside.most-read"]
    )


class SiteFile(Record):
    """One publisher's rules: one file."""

    id: Annotated[Identifier, AfterValidator(_check_id)] = Field(
        description="Name of the rules, as `adapter:` uses it.", examples=["paper"]
    )
    name: Text | None = Field(
        default=None,
        description="The publisher, for people who read the rules.",
        examples=["The Paper"],
    )
    hosts: Texts = Field(
        default=(), description="Hosts, each with its subdomains.", examples=["[paper.example.org]"]
    )
    fingerprint: Selectors = Field(
        default=(),
        description="What tells a page of unknown host to be of this kind; any of them.",
        examples=["'meta[name=generator][content^=WordPress]'"],
    )
    extends: Text | None = Field(
        default=None, description="Id of the rules to fall back on.", examples=["saved"]
    )
    timezone: ZoneName | None = Field(
        default=None,
        description="IANA timezone of dates that state none.",
        examples=["Europe/Paris"],
    )
    language: Language | None = Field(default=None, description="BCP 47 tag.", examples=["ja"])
    publisher: Text | None = Field(
        default=None, description="Name for people.", examples=["The Paper"]
    )
    editions: tuple[Edition, ...] = Field(
        default=(),
        description="Parts of the site; the first that matches counts.",
        examples=["[{match: paper.example.org/en/, language: en}]"],
    )
    identity: Identity = Field(
        default=Identity(),
        description="How an article is recognised.",
        examples=["{url: '/story/(\\d+)'}"],
    )
    urls: Urls = Field(
        default=Urls(), description="How URLs are cleaned.", examples=["{drop_params: [player]}"]
    )
    placeholders: Patterns = Field(
        default=(),
        description="Patterns of URLs of images that show nothing.",
        examples=["'default-lead\\.png$'"],
    )
    soft_404: Selectors = Field(
        default=(),
        description="What tells that a page is an error, whatever its status.",
        examples=[".error-404"],
    )
    feed: FeedText | None = Field(
        default=None,
        description="What its feeds carry of an article: `excerpt` or `whole`; if absent, found out.",
        examples=["excerpt"],
    )
    fields: Fields = Field(
        default=Fields(),
        description="Where each field is, in a saved body and on a page.",
        examples=["{title: h1.headline}"],
    )
    article: ArticleRules = Field(
        default=ArticleRules(),
        description="What of the body is the article.",
        examples=["{body: .story__text}"],
    )
    listing: Listing = Field(
        default=Listing(),
        description="How its pages list articles.",
        examples=["{items: article.teaser}"],
    )
    tests: tuple[PageTest, ...] = Field(
        default=(),
        description="What `aggregator test` expects.",
        examples=["[{capture: story.html.gz, entry: {title: A headline}}]"],
    )
