"""What a site-rules file may say: the keys of `sites/*.yaml`, checked and frozen.

Rule: unknown keys are refused, and every selector and pattern is compiled once here, so that a mistake shows when the
file is loaded and never while an article is read.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from aggregator.config import CARRIERS
from aggregator.config.page import Calendar, DateOrder
from aggregator.config.record import Record
from aggregator.config.values import Identifier, Language, Patterns, Text, Texts, ZoneName, listed
from aggregator.config.values import Pattern as Regex
from aggregator.sites.selector import compile_selector


def _selector(text: str) -> str:
    try:
        compile_selector(text)
    except ValueError as e:
        raise ValueError(f"must be a selector ({e})") from e
    return text


def _identity(name: str) -> str:
    if name in CARRIERS:
        raise ValueError(f"must not be the name of an adapter ({', '.join(CARRIERS)})")
    return name


def _field(value: Any) -> Any:
    if isinstance(value, (str, list)):
        return {"from": value}
    if isinstance(value, (dict, FieldRule)):
        return value
    raise ValueError("must be a selector, a list of selectors, or a mapping with `from`")


Selectors = Annotated[tuple[Annotated[Text, AfterValidator(_selector)], ...], BeforeValidator(listed)]


class FieldRule(Record):
    """One field: candidates in order, the first valid value wins."""

    candidates: Selectors = Field(default=(), alias="from", description="Selectors, best first.")
    formats: Texts = Field(default=(), description="strptime formats of a date, tried first, in the site's timezone.")
    strip: Texts = Field(default=(), description="Labels to take off the value (`Publié le :`).")
    order: DateOrder | None = Field(default=None, description="Order of a date written in numbers only.")
    calendar: Calendar = Field(default="gregorian", description="Calendar of a date.")
    remove: bool = Field(default=False, description="Take the element that gave the value out of the body.")
    names: dict[Text, Text] = Field(
        default={}, description="Texts to look for in the value, and what each stands for; only these are kept."
    )
    cut: Patterns = Field(
        default=(), description="Patterns cut from the title, the first that matches; a group named `tag` is a tag."
    )
    caption: Selectors = Field(default=(), description="Where an image's caption is.")


Rule = Annotated[FieldRule, BeforeValidator(_field)]


class Fields(Record):
    """Where each field is; a selector or a list of them stands for a mapping that has only `from`."""

    title: Rule | None = Field(default=None, description="The headline.")
    summary: Rule | None = Field(default=None, description="The lead.")
    published: Rule | None = Field(default=None, description="When it appeared; what does not parse is passed over.")
    updated: Rule | None = Field(default=None, description="When it was changed.")
    authors: Rule | None = Field(default=None, description="Who signed; the first selector that finds any counts.")
    credits: Rule | None = Field(default=None, description="The agencies that the text names as its sources.")
    tags: Rule | None = Field(default=None, description="Tags; of `meta:` they are parted at commas.")
    language: Rule | None = Field(default=None, description="Language of this article.")
    image: Rule | None = Field(default=None, description="The picture; placeholders are passed over.")
    enclosures: Rule | None = Field(default=None, description="Addresses of audio and video; all that are found.")


class Edition(Record):
    """A part of the site with a language and a name of its own."""

    match: Text = Field(description="Host, or host/path that URLs of this edition begin with.")
    language: Language | None = Field(default=None, description="BCP 47 tag.")
    publisher: Text | None = Field(default=None, description="Name for people.")
    timezone: ZoneName | None = Field(default=None, description="IANA timezone of its dates.")


class Identity(Record):
    """How the publisher names an article."""

    url: Regex | None = Field(default=None, description="Pattern over the URL; group 1 is the article's id.")
    alias: Selectors = Field(default=(), description="Other stable keys, found in the body.")
    reused: bool = Field(default=False, description="The publisher gives old ids to new articles.")


class Urls(Record):
    """How the site's URLs are cleaned."""

    drop_params: Texts = Field(default=(), description="Query parameters that change nothing.")
    keep_params: Texts = Field(default=(), description="Query parameters that look like tracking and are not.")
    alias: dict[Text, Text] = Field(default={}, description="Host -> the host it stands for.")


class Article(Record):
    """What of the body is the article."""

    body: Selectors = Field(default=(), description="Where the body of a page is, best first.")
    remove: Selectors = Field(default=(), description="Elements that are not the article.")
    remove_text: Patterns = Field(default=(), description="A block whose whole text matches is not the article.")


class SiteFile(Record):
    """One publisher's rules: one file."""

    id: Annotated[Identifier, AfterValidator(_identity)] = Field(
        description="Name of the rules, as `adapter:` uses it."
    )
    name: Text | None = Field(default=None, description="The publisher, for people who read the rules.")
    hosts: Texts = Field(default=(), description="Hosts, each with its subdomains.")
    extends: Text | None = Field(default=None, description="Id of the rules to fall back on.")
    timezone: ZoneName | None = Field(default=None, description="IANA timezone of dates that state none.")
    language: Language | None = Field(default=None, description="BCP 47 tag.")
    publisher: Text | None = Field(default=None, description="Name for people.")
    editions: tuple[Edition, ...] = Field(default=(), description="Parts of the site; the first that matches counts.")
    identity: Identity = Field(default=Identity(), description="How an article is recognised.")
    urls: Urls = Field(default=Urls(), description="How URLs are cleaned.")
    placeholders: Patterns = Field(default=(), description="Patterns of URLs of images that show nothing.")
    fields: Fields = Field(default=Fields(), description="Where each field is.")
    article: Article = Field(default=Article(), description="What of the body is the article.")
