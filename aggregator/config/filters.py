"""Filters and corrections of entries: which entries are shown, and which values are corrected.

Sources and views share the same filters: regular expressions, each searched in one part of an entry.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from aggregator.config.record import Record
from aggregator.config.types import Language, Languages, Patterns, Text, Texts, as_list
from aggregator.config.words import find_nearest

_IGNORABLE_FIELDS = (
    "title",
    "url",
    "guid",
    "summary",
    "content",
    "published",
    "updated",
    "authors",
    "credits",
    "tags",
    "language",
    "publisher",
    "image",
    "enclosures",
)
Future = Literal["first_seen", "keep", "reject"]


def _check_field_name(name: str) -> str:
    if name not in _IGNORABLE_FIELDS:
        guess = find_nearest(name, _IGNORABLE_FIELDS)
        hint = f"did you mean `{guess}`? " if guess else ""
        raise ValueError(f"must be a field ({hint}there are {', '.join(_IGNORABLE_FIELDS)})")
    return name


FieldNames = Annotated[
    tuple[Annotated[Text, AfterValidator(_check_field_name)], ...],
    BeforeValidator(as_list, json_schema_input_type=str | list[str]),
]


class Match(Record):
    """Regular expressions, searched in one part of an entry; of several for one part, one must match.

    `include` needs a match for every key that is given, `exclude` for any.
    """

    title: Patterns = Field(default=(), description="Searched in the title.", examples=["直播"])
    content: Patterns = Field(
        default=(), description="Searched in the text.", examples=["\\bGDP\\b"]
    )
    text: Patterns = Field(
        default=(), description="Searched in title, summary and text.", examples=["(?i)harbour"]
    )
    publisher: Patterns = Field(
        default=(), description="Searched in the publisher's name.", examples=["^Reuters$"]
    )
    author: Patterns = Field(default=(), description="Searched in each author.", examples=["^AFP$"])
    tag: Patterns = Field(default=(), description="Searched in each tag.", examples=["(?i)sport"])
    url: Patterns = Field(default=(), description="Searched in the link.", examples=["/live/"])
    language: Languages = Field(
        default=(),
        description="In one of these languages; `zh` includes `zh-Hans`.",
        examples=["[zh, en]"],
    )


class ForcedValues(Record):
    """Values that replace those of the publisher."""

    title: Text | None = Field(default=None, description="The title.", examples=["Weather report"])
    authors: Texts = Field(default=(), description="The authors.", examples=["[Ada Example]"])
    tags: Texts = Field(default=(), description="The tags.", examples=["[weather]"])
    language: Language | None = Field(default=None, description="BCP 47 tag.", examples=["zh-Hans"])
    publisher: Text | None = Field(
        default=None, description="The publisher's name.", examples=["Example News"]
    )


class Corrections(Record):
    """Corrections to every entry of a source."""

    ignore: FieldNames = Field(
        default=(),
        description="Fields whose stated values are not used.",
        examples=["[published, image]"],
    )
    force: ForcedValues = Field(
        default=ForcedValues(),
        description="Values that replace those of the publisher.",
        examples=["{language: zh-Hans}"],
    )
    cut_title: Patterns = Field(
        default=(),
        description="Patterns to cut from the title, wherever they match.",
        examples=["' - Example$'"],
    )
    future: Future = Field(
        default="first_seen",
        description="A date in the future: use the time first seen, keep the date, or reject the entry.",
        examples=["reject"],
    )
