"""Cleans titles, authors and tags: removes the names of the site, of its section and of machine accounts.

Rule: names are compared by their letters and digits alone, in one case. Only the site's own name is cut off a title.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aggregator.model import Candidate
from aggregator.normalize import text, url

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_CHARACTERS = 2_000  # of a title or a name that is looked at
_MAX_CUTS = 3  # cut from one title
_MIN_HOST_LETTERS = 4  # a host's name shorter than this begins many words
_MAX_SITE_WORDS = 4  # of a part that begins like the host

_SEPARATOR = re.compile(r"\s+[-–—|·•»«/]{1,3}\s+|\s*[|｜_]\s*|\s*[:：]{2}\s*|\s?[：]\s?|:\s+")
_ELLIPSIS = re.compile(r"\s*(?:…|\.\.\.|\[…\]|\[\.\.\.\])$")
_BY_PREFIX = re.compile(
    r"^(?:(?:written\s+|posted\s+)?by|par|von|por|di|door|av|от|автор|作者|文|記者|记者|撰文)\s*(?:[:：]\s*|\s+)",
    re.IGNORECASE,
)
_URL_OR_EMAIL = re.compile(r"^(?:https?:)?//|^www\.|^\S+@\S+\.\S+$|^@\w+$", re.IGNORECASE)
_NO_PERSON_NAMES = """
    admin administrator root webmaster wordpress editor editors user guest unknown anonymous none null undefined
    author auteur redaction newsroom staff author name system superuser
"""
_NO_PERSON = frozenset(_NO_PERSON_NAMES.split())
_COMMAS = re.compile(r"[,，;；、]\s*")
_GENERIC_LABELS = frozenset({"co", "com", "org", "net"})


@dataclass(frozen=True, slots=True)
class SiteNames:
    """The names of a site and of the article's section, in the form of `letters`.

    `label` is the name in its host (`example` of `news.example.org`), "" if unknown.
    """

    names: frozenset[str]
    label: str


NO_SITE_NAMES = SiteNames(frozenset(), "")


def collect_site_names(names: Iterable[str], address: str | None) -> SiteNames:
    """Collect the names of an article's site: those it gives itself, its host, the labels of its host."""
    host = url.host(address or "") or ""
    host = host.removeprefix("www.")
    labels = [label for label in host.split(".")[:-1] if label not in _GENERIC_LABELS]

    all_names = set()
    for name in (*names, host, *labels, "".join(labels)):
        plain = fold_alnum(name)
        all_names.add(plain)
        all_names.add(plain.removeprefix("the"))
    all_names.discard("")
    label = fold_alnum(labels[-1]) if labels else ""
    return SiteNames(frozenset(all_names), label)


def fold_alnum(name: str) -> str:
    """Return the letters and digits of a name, folded."""
    return "".join(filter(str.isalnum, text.fold(name[:MAX_CHARACTERS])))


def clean_titles(candidates: Iterable[Candidate], site: SiteNames) -> tuple[Candidate, ...]:
    """Return the titles of the article without the site's name, each once, a whole one before one cut short."""
    kept: dict[str, Candidate] = {}
    for candidate in candidates:
        title = _without_site(candidate, site)
        name = fold_alnum(title)
        if title and name not in site.names:
            kept.setdefault(name, Candidate(title, candidate.where))
    return put_whole_title_first(tuple(kept.values()))


def put_whole_title_first(titles: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """If the first title is cut with `…`, put the first whole title that continues it before it."""
    if not titles:
        return ()
    first = titles[0].value
    ellipsis = _ELLIPSIS.search(first[:MAX_CHARACTERS])
    if not ellipsis:
        return tuple(titles)

    stem = text.fold(first[: ellipsis.start()])
    for title in titles[1:]:
        if _continues(title.value, stem):
            others = list(titles)
            others.remove(title)
            return (title, *others)
    return tuple(titles)


def _continues(title: str, stem: str) -> bool:
    """Return whether a title begins with a folded stem and is not cut itself."""
    if not stem:
        return False
    if not text.fold(title).startswith(stem):
        return False
    ellipsis = _ELLIPSIS.search(title[:MAX_CHARACTERS])
    return ellipsis is None


def clean_authors(candidates: Iterable[Candidate], site: SiteNames) -> tuple[Candidate, ...]:
    """Return the names of people, without "by": no site, no URL, no machine account."""
    people = []
    for candidate in candidates:
        name = " ".join(candidate.value[:MAX_CHARACTERS].split())
        name = _BY_PREFIX.sub("", name)
        if _is_person(name, site):
            people.append(replace(candidate, value=name))
    return tuple(people)


def clean_tags(candidates: Iterable[Candidate], site: SiteNames) -> tuple[Candidate, ...]:
    """Return the tags, each once; lists are split at commas."""
    kept: dict[str, Candidate] = {}
    for candidate in candidates:
        for part in _COMMAS.split(candidate.value):
            tag = Candidate(part.strip(), candidate.where)
            kept.setdefault(fold_alnum(part), tag)

    # Neither punctuation alone nor the site itself is a tag.
    kept.pop("", None)
    for name in site.names:
        kept.pop(name, None)
    return tuple(kept.values())


def _without_site(candidate: Candidate, site: SiteNames) -> str:
    """Cut the site's name off both ends of a title; of `<title>` also a name that begins like its host."""
    title = " ".join(candidate.value[:MAX_CHARACTERS].split())
    like_host = candidate.where == "page:title"
    for _ in range(_MAX_CUTS):
        separators = list(_SEPARATOR.finditer(title))
        if not separators:
            break

        first, last = separators[0], separators[-1]
        if _is_site(title[last.end() :], site, like_host=like_host):
            title = title[: last.start()]
        elif _is_site(title[: first.start()], site, like_host=like_host):
            title = title[first.end() :]
        else:
            break
    return title.strip()


def _is_site(part: str, site: SiteNames, *, like_host: bool) -> bool:
    """Return whether a part of a title names the site; with `like_host` a name that begins like its host does."""
    name = fold_alnum(part).removeprefix("the")
    if name in site.names:
        return True
    if not like_host or len(site.label) < _MIN_HOST_LETTERS:
        return False
    if len(part.split()) > _MAX_SITE_WORDS:
        return False
    return name.startswith(site.label)


def _is_person(name: str, site: SiteNames) -> bool:
    plain = fold_alnum(name)
    if not plain or plain.isdigit():
        return False
    if plain in _NO_PERSON or plain in site.names:
        return False
    address = _URL_OR_EMAIL.search(name.strip())
    return address is None
