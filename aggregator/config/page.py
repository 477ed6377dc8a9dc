"""How a source without a feed is read: items, fields, article, next page, and the tests that hold it.

Rule: every key takes a list of candidates, best first; a single text is a list of one. What a selector may say is
decided where pages are read, not here.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from aggregator.config.record import Record
from aggregator.config.values import Located, Text, Texts

DateOrder = Literal["DMY", "MDY", "YMD"]
Calendar = Literal["gregorian", "jalali", "buddhist", "roc"]


class DateRule(Record):
    """Where a date is, and how it is written."""

    candidates: Texts = Field(
        alias="from", description="Selectors, best first: the first valid value wins.", examples=["time@datetime"]
    )
    formats: Texts = Field(
        default=(),
        description="strptime formats, tried first, in the source's timezone.",
        examples=["%d/%m/%Y - %H:%M"],
    )
    strip: Texts = Field(default=(), description="Labels to take off the value.", examples=["Publié le :"])
    order: DateOrder | None = Field(
        default=None, description="Order of a date written in numbers only.", examples=["DMY"]
    )
    calendar: Calendar = Field(default="gregorian", description="Calendar of the date.", examples=["buddhist"])


def _candidates(value: Any) -> Any:
    if isinstance(value, (str, list)):
        return {"from": value}
    if isinstance(value, (dict, DateRule)):
        return value
    raise ValueError("must be a selector, a list of selectors, or a mapping with `from`")


DateField = Annotated[DateRule, BeforeValidator(_candidates, json_schema_input_type=str | list[str] | DateRule)]


class Fields(Record):
    """Where the values of one item are, within the item."""

    title: Texts = Field(default=(), description="Selectors of the title.", examples=["h2"])
    url: Texts = Field(default=(), description="Selectors of the link to the article.", examples=["a@href"])
    published: DateField | None = Field(
        default=None,
        description="Selectors of the date, or a mapping that also says how it is written.",
        examples=["time@datetime"],
    )


class ArticleRules(Record):
    """Where the text is on the article's own page."""

    body: Texts = Field(
        default=(), description="Selectors of the body, best first; `auto` finds it.", examples=[".article__body"]
    )
    remove: Texts = Field(default=(), description="Selectors of what is not the article.", examples=[".share"])


class First(Record):
    """What the first item must be."""

    title: Text | None = Field(default=None, description="Its title.", examples=["A headline"])
    url: Text | None = Field(default=None, description="Its URL.", examples=["https://news.example.org/1"])
    published: Text | None = Field(
        default=None, description="Its date, RFC 3339.", examples=["2026-07-03T12:30:00+02:00"]
    )


class PageTest(Record):
    """One expectation of `aggregator test`, held against a saved capture."""

    capture: Located = Field(description="Saved page, relative to this file.", examples=["no-feed.html.gz"])
    min_items: int | None = Field(default=None, ge=0, description="Fewest items that must be found.", examples=[12])
    first: First | None = Field(default=None, description="What the first item must be.", examples=["{title: …}"])
