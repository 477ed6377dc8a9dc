"""What may be a title, an author, a tag: names of this article, and not of its site, its section or its machinery.

Rule: names are compared by their letters and digits alone, in one case. Only the site's own name is cut off a title.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aggregator.model import Found
from aggregator.normalize import text, url

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_CHARACTERS = 2_000  # of a title or a name that is looked at
_MAX_PARTS = 3  # cut from one title
_SHORT_NAME = 4  # letters; a host's name shorter than this begins many words

_BREAK = re.compile(r"\s+[-–—|·•»«/]{1,3}\s+|\s*[|｜_]\s*|\s*[:：]{2}\s*|\s?[：]\s?|:\s+")
_CUT_SHORT = re.compile(r"\s*(?:…|\.\.\.|\[…\]|\[\.\.\.\])$")
_BY = re.compile(
    r"^(?:(?:written\s+|posted\s+)?by|par|von|por|di|door|av|от|автор|作者|文|記者|记者|撰文)\s*(?:[:：]\s*|\s+)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"^(?:https?:)?//|^www\.|^\S+@\S+\.\S+$|^@\w+$", re.IGNORECASE)
_NOBODY_NAMES = """
    admin administrator root webmaster wordpress editor editors user guest unknown anonymous none null undefined
    author auteur redaction newsroom staff author name system superuser
"""
_NOBODY = frozenset(_NOBODY_NAMES.split())
_COMMAS = re.compile(r"[,，;；、]\s*")


@dataclass(frozen=True, slots=True)
class Site:
    """The names of a site and of the section of an article, as `letters` gives them; `label` is that of its host."""

    names: frozenset[str]
    label: str


NO_SITE = Site(frozenset(), "")


def site(names: Iterable[str], address: str | None) -> Site:
    """Collect what an article's site is called: the names it gives itself, its host, the name in its host."""
    host = (url.host(address or "") or "").removeprefix("www.")
    labels = [part for part in host.split(".")[:-1] if part not in ("co", "com", "org", "net")]
    found = {letters(name) for name in (*names, host, *labels, "".join(labels))}
    found |= {name.removeprefix("the") for name in found}
    return Site(frozenset(found - {""}), letters(labels[-1]) if labels else "")


def letters(name: str) -> str:
    """The letters and digits of a name, folded."""
    return "".join(filter(str.isalnum, text.fold(name[:MAX_CHARACTERS])))


def titles(found: Iterable[Found], of: Site) -> tuple[Found, ...]:
    """Give the titles that name the article, without the site's name, a whole one before one cut short."""
    named = [Found(value, one.where) for one in found if (value := _without_site(one, of))]
    kept = {
        letters(one.value): one for one in reversed(named) if letters(one.value) not in of.names
    }
    return whole(tuple(one for one in named if kept.get(letters(one.value)) is one))


def whole(found: Sequence[Found]) -> tuple[Found, ...]:
    """Put a title that continues the first one, where that is cut with `…`, before it."""
    if not found or not (end := _CUT_SHORT.search(found[0].value[:MAX_CHARACTERS])):
        return tuple(found)
    stem = text.fold(found[0].value[: end.start()])
    longer = next(
        (
            one
            for one in found[1:]
            if stem and text.fold(one.value).startswith(stem) and _is_whole(one)
        ),
        None,
    )
    return (longer, *(one for one in found if one is not longer)) if longer else tuple(found)


def authors(found: Iterable[Found], of: Site) -> tuple[Found, ...]:
    """Give the people among names: no site, no address, nobody's account."""
    people = (
        replace(one, value=_BY.sub("", " ".join(one.value[:MAX_CHARACTERS].split())))
        for one in found
    )
    return tuple(one for one in people if _is_somebody(one.value, of))


def tags(found: Iterable[Found], of: Site) -> tuple[Found, ...]:
    """Give the tags, each once, lists of them taken apart at commas."""
    kept: dict[str, Found] = {}
    for one in found:
        for part in _COMMAS.split(one.value):
            kept.setdefault(letters(part), Found(part.strip(), one.where))
    return tuple(tag for name, tag in kept.items() if name and name not in of.names)


def _without_site(found: Found, of: Site) -> str:
    """Cut the site's name off either end; of the `<title>` also a name that begins like its host."""
    title = " ".join(found.value[:MAX_CHARACTERS].split())
    loose = found.where == "page:title"
    for _ in range(_MAX_PARTS):
        breaks = list(_BREAK.finditer(title))
        if not breaks:
            break
        first, last = breaks[0], breaks[-1]
        if _is_site(title[last.end() :], of, loose=loose):
            title = title[: last.start()]
        elif _is_site(title[: first.start()], of, loose=loose):
            title = title[first.end() :]
        else:
            break
    return title.strip()


def _is_site(part: str, of: Site, *, loose: bool) -> bool:
    name = letters(part).removeprefix("the")
    like_host = (
        loose
        and len(of.label) >= _SHORT_NAME
        and name.startswith(of.label)
        and len(part.split()) < 5
    )
    return name in of.names or like_host


def _is_whole(found: Found) -> bool:
    return _CUT_SHORT.search(found.value[:MAX_CHARACTERS]) is None


def _is_somebody(name: str, of: Site) -> bool:
    plain = letters(name)
    return (
        bool(plain)
        and not plain.isdigit()
        and plain not in _NOBODY | of.names
        and not _ADDRESS.search(name.strip())
    )
