"""Rules for documents: where items, fields and the article's text are; and the tests of the rules.

Every key takes a list of candidates, best first, or a single text. Selectors are
checked by `ValidationContext.check_selector`, because the module that compiles them is
a higher layer. Sources and site rules share these keys.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from aggregator.config.record import Record, validation_context
from aggregator.config.types import (
    ConfigPath,
    DateFormats,
    Moment,
    OneLine,
    Patterns,
    PlainUrl,
    Text,
    Texts,
    as_list,
)

DateOrder = Literal["DMY", "MDY", "YMD"]
Calendar = Literal["gregorian", "jalali", "buddhist", "roc"]


def _check_selector(text: str, info: ValidationInfo) -> str:
    check = validation_context(info).check_selector
    if check is None:
        return text
    try:
        check(text)
    except ValueError as e:
        raise ValueError(f"must be a selector ({e})") from e
    return text


def _wrap_selectors(value: Any) -> Any:
    if isinstance(value, (str, list)):
        return {"from": value}
    if isinstance(value, (dict, FieldRule)):
        return value
    raise ValueError("must be a selector, a list of selectors, or a mapping with `from`")


Selector = Annotated[Text, AfterValidator(_check_selector)]
Selectors = Annotated[
    tuple[Selector, ...], BeforeValidator(as_list, json_schema_input_type=str | list[str])
]


class FieldRule(Record):
    """How one field is found. The first valid value counts."""

    candidates: Selectors = Field(
        default=(),
        alias="from",
        description="Selectors, best first. The first that finds a valid value counts; of credits and enclosures all count.",
        examples=['["time@datetime", ".date"]'],
    )
    formats: DateFormats = Field(
        default=(),
        description="Dates: `strptime` formats, tried first, in the timezone of the source or site.",
        examples=["'%d/%m/%Y - %H:%M'"],
    )
    strip: Texts = Field(
        default=(), description="Dates: labels to remove.", examples=["'Publié le :'"]
    )
    order: DateOrder | None = Field(
        default=None, description="Dates: order of a date in numbers only.", examples=["DMY"]
    )
    calendar: Calendar = Field(
        default="gregorian", description="Dates: calendar.", examples=["buddhist"]
    )
    remove: bool = Field(
        default=False,
        description="Remove the element with the value from the body.",
        examples=["true"],
    )
    names: dict[Text, Text] = Field(
        default={},
        description="Credits: texts to find in the value, and the name for each; nothing else is kept.",
        examples=["{美联社: AP}"],
    )
    cut: Patterns = Field(
        default=(),
        description="Title: the first of these patterns that matches is cut; a group named `tag` becomes a tag.",
        examples=["' - Example News$'"],
    )
    caption: Selectors = Field(
        default=(), description="Image: where its caption is.", examples=["figcaption"]
    )


Rule = Annotated[
    FieldRule, BeforeValidator(_wrap_selectors, json_schema_input_type=str | list[str] | FieldRule)
]


class Fields(Record):
    """Where each value is. Each takes selectors, or a mapping with the keys of “One field”."""

    title: Rule | None = Field(default=None, description="The headline.", examples=["h2"])
    url: Rule | None = Field(
        default=None, description="The link to the article.", examples=["a@href"]
    )
    guid: Rule | None = Field(
        default=None, description="The publisher's own id.", examples=["a@data-id"]
    )
    summary: Rule | None = Field(default=None, description="The lead.", examples=["p.lead"])
    content: Rule | None = Field(
        default=None, description="The text, if the item contains it.", examples=["json:body"]
    )
    published: Rule | None = Field(
        default=None,
        description="When it was published; text that is no date is skipped.",
        examples=['{from: time, formats: ["%d/%m/%Y"]}'],
    )
    updated: Rule | None = Field(
        default=None, description="When it was changed.", examples=["meta:last-modified"]
    )
    authors: Rule | None = Field(
        default=None,
        description="The authors.",
        examples=["a[rel=author]*"],
    )
    credits: Rule | None = Field(
        default=None,
        description="Agencies that the text names as its sources.",
        examples=[".source"],
    )
    tags: Rule | None = Field(
        default=None,
        description="Tags; a value of `meta:` is split at commas.",
        examples=["a[rel=tag]*"],
    )
    language: Rule | None = Field(
        default=None, description="Language of this article.", examples=["html@lang"]
    )
    image: Rule | None = Field(
        default=None, description="The picture; placeholders are skipped.", examples=["img@src"]
    )
    enclosures: Rule | None = Field(
        default=None,
        description="URLs of audio and video.",
        examples=["audio@src"],
    )


class ArticleRules(Record):
    """Which parts of an article's own page are the article."""

    body: Selectors = Field(
        default=(),
        description="Where the text is, best first; `auto` detects it.",
        examples=[".article__body"],
    )
    remove: Selectors = Field(
        default=(),
        description="Elements to remove; text behind them stays.",
        examples=["[.share, .related]"],
    )
    captions: Selectors = Field(
        default=(),
        description="Captions that follow their image without a `figure`.",
        examples=[".photo-caption"],
    )
    remove_text: Patterns = Field(
        default=(),
        description="Patterns; a block in which one is found is removed. Anchor them with `^` and `$`.",
        examples=["^Advertisement$"],
    )
    next: Selectors = Field(
        default=(),
        description="The link to the next page of an article in parts.",
        examples=["a.next@href"],
    )
    fields: Fields = Field(
        default=Fields(),
        description="Where each value is on the article's own page.",
        examples=["{authors: .byline}"],
    )


@dataclass(frozen=True, slots=True)
class PageRules:
    """A source's own rules, as they are passed to the parser."""

    items: tuple[str, ...] = ()
    fields: Fields = field(default_factory=Fields)
    next: tuple[str, ...] = ()
    article: ArticleRules = field(default_factory=ArticleRules)


class ExpectedEntry(Record):
    """Expected values of an entry. Keys that are absent are not compared."""

    title: Text | None = Field(default=None, description="Its title.", examples=["A headline"])
    url: Text | None = Field(
        default=None,
        description="Its link, in any spelling.",
        examples=["https://news.example.org/1"],
    )
    published: Text | None = Field(
        default=None, description="Its date, RFC 3339.", examples=["2026-07-03T12:30:00+02:00"]
    )
    updated: Text | None = Field(
        default=None,
        description="When it was changed, RFC 3339.",
        examples=["2026-07-03T13:00:00+02:00"],
    )
    summary: Text | None = Field(
        default=None, description="Its lead.", examples=["What it is about."]
    )
    authors: Texts = Field(
        default=(), description="Its authors, in this order.", examples=["[Ada Example]"]
    )
    tags: Texts = Field(default=(), description="Tags that it must have.", examples=["[world]"])
    credits: Texts = Field(
        default=(), description="The agencies it names, in this order.", examples=["[AFP]"]
    )
    language: Text | None = Field(default=None, description="BCP 47 tag.", examples=["zh-Hans"])
    publisher: Text | None = Field(
        default=None, description="The publisher's name.", examples=["Example News"]
    )
    image: Text | None = Field(
        default=None,
        description="Address of its picture.",
        examples=["https://news.example.org/1.jpg"],
    )
    contains: Texts = Field(
        default=(),
        description="Texts that it must contain.",
        examples=["last words of the article"],
    )
    lacks: Texts = Field(
        default=(), description="Texts that it must not contain.", examples=["Read more"]
    )


class PageTest(Record):
    """One test of `aggregator test` against a saved document."""

    capture: ConfigPath = Field(
        description="Saved document, relative to this file; `.gz` is unpacked.",
        examples=["no-feed.html.gz"],
    )
    url: PlainUrl | None = Field(
        default=None,
        description="URL of the document; if absent, that of the source.",
        examples=["https://news.example.org/1"],
    )
    taken: Moment | None = Field(
        default=None,
        description="When it was fetched, RFC 3339; if absent, now. Relative dates count from it.",
        examples=["2026-07-03T12:30:00Z"],
    )
    content_type: OneLine | None = Field(
        default=None,
        description="Its Content-Type; if absent, by the file name.",
        examples=["text/html"],
    )
    min_items: int | None = Field(
        default=None,
        ge=0,
        description="Fewest items that must be found; if absent, 1.",
        examples=[12],
    )
    first: ExpectedEntry | None = Field(
        default=None, description="Expected values of the first item.", examples=["{title: …}"]
    )
    entry: ExpectedEntry | None = Field(
        default=None,
        description="Expected values, if the document is an article's own page.",
        examples=["{title: …}"],
    )
