"""Authors, contributors and owners, each step in the order of feedparser, on which the result depends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aggregator.adapters.feed.fast.names import Declined, check_unread
from aggregator.adapters.feed.fast.texts import clean, own_text, raw_text, url_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.adapters.feed.fast.texts import Context

_PERSON = {
    "name": "name",
    "itunes_name": "name",
    "email": "email",
    "itunes_email": "email",
    "uri": "href",
    "url": "href",
    "homepage": "href",
}
_MAILBOX = re.compile(
    r"(([a-zA-Z0-9\_\-\.\+]+)@((\[[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.)|(([a-zA-Z0-9\-]+\.)+))"
    r"([a-zA-Z]{2,4}|[0-9]{1,3})(\]?))(\?subject=\S+)?"
)


def read_author(element: Any, context: Context) -> None:
    """Read an author: a text, or `name`, `email` and `uri`."""
    context.fields.setdefault("authors", []).append({})
    for key, value in _details(element, context):
        _save(context.fields, key, value, "author_detail")
    context.store("author", clean(own_text(element)))
    _complete(context.fields)


def read_owner(element: Any, context: Context) -> None:
    """Read the owner of a podcast, who to feedparser is its last author as well."""
    for key, value in _details(element, context):
        if key != "href":
            _save(context.fields, key, value, "publisher_detail")


def read_contributor(element: Any, context: Context) -> None:
    """Read a contributor of Atom."""
    person: dict[str, str] = {}
    context.fields.setdefault("contributors", []).append(person)
    for key, value in _details(element, context):
        person[key] = value


def read_named_contributor(element: Any, context: Context) -> None:
    """Read a contributor whose name is the element's text."""
    context.fields.setdefault("contributors", []).append({"name": raw_text(element)})


def _details(element: Any, context: Context) -> Iterator[tuple[str, str]]:
    for child in element:
        name = context.names.name(child)
        key = _PERSON.get(name)
        if key == "href":
            yield key, url_text(child, context)
        elif key is not None:
            yield key, raw_text(child)
        elif raw_text(child):
            raise Declined(f"{name} within a person")
        else:
            check_unread(child, context.names)


def _save(fields: dict[str, Any], key: str, value: str, detail: str) -> None:
    fields.setdefault(detail, {})[key] = value
    _complete(fields)
    fields.setdefault("authors", [{}])[-1][key] = value


def _complete(fields: dict[str, Any]) -> None:
    """Make one line of the last author's name and address, or take them from such a line."""
    author = fields.get("authors", [{}])[-1]
    if not author:
        _take_apart(fields, author)
        return
    name = author.get("name")
    email = author.get("email")
    if name and email:
        fields["author"] = f"{name} ({email})"
    elif name or email:
        fields["author"] = name or email


def _take_apart(fields: dict[str, Any], author: dict[str, str]) -> None:
    written = fields.get("author")
    if not written:
        return
    mailbox = _MAILBOX.search(written)
    name = written
    if mailbox:
        name = _without_mailbox(written, mailbox[0])
    if name or mailbox:
        # The same mapping: what is added to one of them is added to both.
        fields.setdefault("author_detail", author)
    if name:
        author["name"] = name
    if mailbox:
        author["email"] = mailbox[0]


def _without_mailbox(written: str, mailbox: str) -> str:
    for cut in (mailbox, "()", "<>", "&lt;&gt;"):
        written = written.replace(cut, "")
    return written.strip().removeprefix("(").removesuffix(")").strip()
