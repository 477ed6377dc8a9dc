"""How documents are read: where items are, what each field's value is, what of a page is the article, and its tests.

Rule: every key takes a list of candidates, best first; a single text is a list of one. The language of a selector is
known where pages are read (`Setting.selector`); here it is only asked whether a selector can be understood. Sources and
site rules share this grammar.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from aggregator.config.record import Record, setting
from aggregator.config.types import (
    DateFormats,
    Located,
    Moment,
    OneLine,
    Patterns,
    PlainUrl,
    Text,
    Texts,
    listed,
)

DateOrder = Literal["DMY", "MDY", "YMD"]
Calendar = Literal["gregorian", "jalali", "buddhist", "roc"]
AUTO = "auto"  # a body that nobody says where it is


def _selector(text: str, info: ValidationInfo) -> str:
    check = setting(info).selector
    if check is None:
        return text
    try:
        check(text)
    except ValueError as e:
        raise ValueError(f"must be a selector ({e})") from e
    return text


def _field(value: Any) -> Any:
    if isinstance(value, (str, list)):
        return {"from": value}
    if isinstance(value, (dict, FieldRule)):
        return value
    raise ValueError("must be a selector, a list of selectors, or a mapping with `from`")


Selector = Annotated[Text, AfterValidator(_selector)]
Selectors = Annotated[
    tuple[Selector, ...], BeforeValidator(listed, json_schema_input_type=str | list[str])
]


class FieldRule(Record):
    """One field: candidates in order, the first valid value wins."""

    candidates: Selectors = Field(
        default=(),
        alias="from",
        description="Selectors, best first.",
        examples=['["time@datetime", ".date"]'],
    )
    formats: DateFormats = Field(
        default=(),
        description="strptime formats of a date, tried first, in the timezone of the source or the site.",
        examples=["'%d/%m/%Y - %H:%M'"],
    )
    strip: Texts = Field(
        default=(), description="Labels to take off the value.", examples=["Publié le :"]
    )
    order: DateOrder | None = Field(
        default=None, description="Order of a date written in numbers only.", examples=["DMY"]
    )
    calendar: Calendar = Field(
        default="gregorian", description="Calendar of a date.", examples=["buddhist"]
    )
    remove: bool = Field(
        default=False,
        description="Take the element that gave the value out of the body.",
        examples=["true"],
    )
    names: dict[Text, Text] = Field(
        default={},
        description="Texts to look for in the value, and what each stands for; only these are kept.",
        examples=["{美联社: AP}"],
    )
    cut: Patterns = Field(
        default=(),
        description="Patterns cut from the title, the first that matches; a group named `tag` is a tag.",
        examples=["' - Example News$'"],
    )
    caption: Selectors = Field(
        default=(), description="Where an image's caption is.", examples=["figcaption"]
    )


Rule = Annotated[
    FieldRule, BeforeValidator(_field, json_schema_input_type=str | list[str] | FieldRule)
]


class Fields(Record):
    """Where each value is; a selector or a list of them stands for a mapping that has only `from`."""

    title: Rule | None = Field(default=None, description="The headline.", examples=["h2"])
    url: Rule | None = Field(
        default=None, description="The link to the article.", examples=["a@href"]
    )
    guid: Rule | None = Field(
        default=None, description="The publisher's own id.", examples=["a@data-id"]
    )
    summary: Rule | None = Field(default=None, description="The lead.", examples=["p.lead"])
    content: Rule | None = Field(
        default=None, description="The text, of an item that carries it.", examples=["json:body"]
    )
    published: Rule | None = Field(
        default=None,
        description="When it appeared; what does not parse is passed over.",
        examples=['{from: time, formats: ["%d/%m/%Y"]}'],
    )
    updated: Rule | None = Field(
        default=None, description="When it was changed.", examples=["meta:last-modified"]
    )
    authors: Rule | None = Field(
        default=None,
        description="Who signed; the first selector that finds any counts.",
        examples=["a[rel=author]*"],
    )
    credits: Rule | None = Field(
        default=None,
        description="The agencies that the text names as its sources.",
        examples=[".source"],
    )
    tags: Rule | None = Field(
        default=None,
        description="Tags; of `meta:` they are parted at commas.",
        examples=["a[rel=tag]*"],
    )
    language: Rule | None = Field(
        default=None, description="Language of this article.", examples=["html@lang"]
    )
    image: Rule | None = Field(
        default=None, description="The picture; placeholders are passed over.", examples=["img@src"]
    )
    enclosures: Rule | None = Field(
        default=None,
        description="Addresses of audio and video; all that are found.",
        examples=["audio@src"],
    )


class ArticleRules(Record):
    """What of an article's own page is the article."""

    body: Selectors = Field(
        default=(),
        description="Where the body is, best first; `auto` finds it.",
        examples=[".article__body"],
    )
    remove: Selectors = Field(
        default=(),
        description="Elements that are not the article.",
        examples=["[.share, .related]"],
    )
    remove_text: Patterns = Field(
        default=(),
        description="A block in which the pattern is found is not the article.",
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
    """A source's own rules, as they travel to where its documents are read."""

    items: tuple[str, ...] = ()
    fields: Fields = field(default_factory=Fields)
    next: tuple[str, ...] = ()
    article: ArticleRules = field(default_factory=ArticleRules)


class Expected(Record):
    """What an entry must be; what is absent is not compared."""

    title: Text | None = Field(default=None, description="Its title.", examples=["A headline"])
    url: Text | None = Field(
        default=None,
        description="Its link, in any spelling of it.",
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
        default=(), description="Texts that stand in it.", examples=["last words of the article"]
    )
    lacks: Texts = Field(
        default=(), description="Texts that must not stand in it.", examples=["Read more"]
    )


class PageTest(Record):
    """One expectation of `aggregator test`, held against a saved capture."""

    capture: Located = Field(
        description="Saved document, relative to this file; `.gz` is unpacked.",
        examples=["no-feed.html.gz"],
    )
    url: PlainUrl | None = Field(
        default=None,
        description="Where the document was; the source's own address where absent.",
        examples=["https://news.example.org/1"],
    )
    taken: Moment | None = Field(
        default=None,
        description="When it was captured, RFC 3339; now where absent.",
        examples=["2026-07-03T12:30:00Z"],
    )
    content_type: OneLine | None = Field(
        default=None,
        description="Its Content-Type; told from the file's name where absent.",
        examples=["text/html"],
    )
    min_items: int | None = Field(
        default=None, ge=0, description="Fewest items that must be found.", examples=[12]
    )
    first: Expected | None = Field(
        default=None, description="What the first item must be.", examples=["{title: …}"]
    )
    entry: Expected | None = Field(
        default=None,
        description="What the article must be, where the document is an article's own page.",
        examples=["{title: …}"],
    )
