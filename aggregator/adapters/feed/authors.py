"""Reads the authors of feedparser's items and channels.

feedparser takes names and e-mail addresses apart, and cuts domains at their fourth letter.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aggregator.adapters.feed.items import unique, unique_values
from aggregator.adapters.feed.media import keep_dicts, text_or_none
from aggregator.normalize.authors import name_of_mailbox

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aggregator.adapters.feed.extensions import Extensions
    from aggregator.model import Candidate

_FOUR_LETTERS = re.compile(r"\.[A-Za-z]{4}$")
_CUT_DOMAIN_BEHIND = re.compile(r"\s*[<(][a-z]+[>)]?$")
_CUT_DOMAIN = re.compile(r"[a-z]+(?:[ (<]+(?P<name>[^()<>]+)[)>]?)?")


def read_authors(holder: Mapping[str, Any], where: str) -> tuple[Candidate, ...]:
    """Return the authors' names; an e-mail address only for an author without a name."""
    people = keep_dicts(holder.get("authors"))
    written = None
    if len(people) == 1:
        written = text_or_none(holder.get("author"))
    names = [_author_name(author, written) for author in people]
    return unique_values(names, where)


def read_people(people: object, where: str) -> tuple[Candidate, ...]:
    """Return the names of other people, as of authors."""
    return unique_values([_author_name(person, None) for person in keep_dicts(people)], where)


def read_contributors(
    item: Mapping[str, Any], extensions: Extensions, credited: Sequence[Candidate]
) -> tuple[Candidate, ...]:
    """Return the contributors and the people of a podcast; an agency in the credits is none."""
    contributors = read_people(item.get("contributors"), "feed:contributor")
    agencies = {agency.value for agency in credited}
    people = (*contributors, *extensions.people)
    return unique(person for person in people if person.value not in agencies)


def _author_name(author: Mapping[str, Any], written: str | None) -> str | None:
    """Return an author's name, else the e-mail address.

    `written` is what the element holds, where there is only one.

    feedparser takes a top-level domain to have four letters at most, and takes what is
    left of a longer one for the name: `ann@harbour.example (Ann Lee)` comes as
    `ann@harbour.exam` and `ple (Ann Lee`.
    """
    name = text_or_none(author.get("name"))
    email = text_or_none(author.get("email"))
    if name is None or email is None:
        return name or email
    if not _FOUR_LETTERS.search(email):
        return name

    if written:
        return name_of_mailbox(written)
    cut_domain = _CUT_DOMAIN.fullmatch(name)
    if cut_domain:
        return cut_domain["name"] or email + name
    return _CUT_DOMAIN_BEHIND.sub("", name)
