"""Cleans titles, authors and tags: removes the names of the site, of its section and of machine accounts.

Names are compared by their letters and digits alone, in one case. Only the site's own name is cut off a title.
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
_NAME_SEPARATOR = re.compile(r"\s+[-–—|·•»«/]{1,3}\s+|\s*[|｜]\s*")
_HEADING_PLACE = re.compile(r"page:h\d$")
_ELLIPSIS = re.compile(r"\s*(?:…|\.\.\.|\[…\]|\[\.\.\.\])$")
_BY_PREFIX = re.compile(
    r"^(?:(?:written\s+|posted\s+)?by|par|von|por|di|door|av|от|автор|作者|文|記者|记者|撰文)\s*(?:[:：]\s*|\s+)",
    re.IGNORECASE,
)
_URL_OR_EMAIL = re.compile(r"^(?:https?:)?//|\bwww\.|^\S+@\S+\.\S+$|^@\w+$", re.IGNORECASE)
_NO_PERSON_NAMES = """
    admin administrator root webmaster wordpress editor editors user guest unknown anonymous none null undefined
    author auteur redaction newsroom staff author name system superuser
"""
_NO_PERSON = frozenset(_NO_PERSON_NAMES.split())
_MAX_NAME_WORDS = 5
_MAX_NAME_CHARACTERS = 60
_MAX_DECLARED_WORDS = 8  # an organization's name may be long
_MAX_ABBREVIATION = 4  # with its dot
_AND = "and|und|et|en|och|og|и|та|ve|dan|with"
_PEOPLE_SEPARATOR = re.compile(
    rf"\s*[;；、/|•]\s*|\s*[,，]\s*(?:(?:{_AND}|y|e|i)\s+)?|\s+(?:{_AND})\s+|\s*&\s*|\s+و\s*"
    r"|\s*(?:和|与|與)\s*(?=[\u4e00-\u9fff])"
)
_SHORT_AND = re.compile(r"\s+[yei]\s+")
_LAST_NAME_FIRST = re.compile(r"[^\W\d_][\w'’-]+,\s+[^\W\d_][\w'’-]*\.?(?:\s+\w\.)?")
_NAME_SUFFIX = re.compile(r"(?:Jr|Sr|II|III|IV|M\.?D|Ph\.?\s?D|Esq|M\.?A|MBA|S\.?J)\.?")
_HAN_NAME = re.compile(r"[\u4e00-\u9fff]{2,4}")
_UNCASED = re.compile(
    r"[\u0590-\u08ff\u0900-\u0dff\u0e00-\u0eff\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]"
)
_NO_NAME_CHARACTERS = re.compile(r"[\d@#$%*+=<>\[\]{}?!:;…\"“”„«»|/]")
_DATE_OR_CLOCK = re.compile(r"\d{1,2}[:.]\d\d|\b(?:19|20)\d\d\b|\d[./-]\d")
_PROFILE = re.compile(
    r"\b(?:profile?|profilo|perfil|profiel|profiilini)\b|профиль|プロフィール|个人资料|about\s+me|view\s+all|all\s+posts",
    re.IGNORECASE,
)
_NO_NAME_WORDS = re.compile(
    r"\b(?:staff|reporters?|editors?|editorial|desk|newsroom|news|correspondents?|university|communications|media|press|agency"
    r"|team|group|inc|ltd|gmbh|magazine|gazette|times|herald|redaktion|rédaction|redacción|redazione|redação|redactie"
    r"|redakcja|редакция|contributors?|writers?|share|follow|subscribe|comments?|kommentare?|commentaires?|comentarios?|commenti|reacties|read|min|profile?|perfil|profilo|photo"
    r"|photos|image|video|updated?|published|posted|home|about|contact|more|related|popular|today|yesterday|getty|reuters"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|june|july|august"
    r"|september|october|november|december)\b|记者|記者|编辑|編輯|来源|日报|新闻",
    re.IGNORECASE,
)
_PARTICLE_WORDS = """
    de del della di da do dos das du des la le van von der den zu zur af av al el bin ibn ben ter ten y e
"""
_PARTICLES = frozenset(_PARTICLE_WORDS.split())
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
    return put_whole_title_first(_cut_to_heading(tuple(kept.values())))


def _cut_to_heading(titles: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Cut off the first title what it has more than the page's heading: a few words behind a separator.

    These are a name of the site that the page does not give elsewhere, of its section, or of the author.
    """
    for title in titles[1:]:
        if _HEADING_PLACE.match(title.where):
            part = _part_like_heading(titles[0].value, title.value)
            if part:
                others = [other for other in titles[1:] if other is not title]
                return (Candidate(part, titles[0].where), *others)
    return titles


def _part_like_heading(title: str, heading: str) -> str:
    """Return the part of a title that is a heading, "" if the rest of the title has more words than that."""
    words = len(heading.split())
    for separator in _NAME_SEPARATOR.finditer(title):
        before, behind = title[: separator.start()], title[separator.end() :]
        for part, other in ((before, behind), (behind, before)):
            if fold_alnum(part) == fold_alnum(heading) and len(other.split()) <= words:
                return part
    return ""


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
    people: dict[str, Candidate] = {}
    for candidate in candidates:
        whole = " ".join(candidate.value[:MAX_CHARACTERS].split())
        if not _is_person(whole, site):
            continue
        for part in split_people(whole):
            name = _without_site_name(part, site)
            if _is_person(name, site) and not _is_no_name(name):
                people.setdefault(fold_alnum(name), replace(candidate, value=name))
    return tuple(people.values())


def _without_site_name(name: str, site: SiteNames) -> str:
    """Cut the site's name off the beginning or the end of a person's, if two words at least are left."""
    words = name.split()
    for count in range(1, len(words) - 1):
        if fold_alnum(" ".join(words[:count])) in site.names:
            return " ".join(words[count:])
        if fold_alnum(" ".join(words[-count:])) in site.names:
            return " ".join(words[:-count])
    return name


def _is_no_name(name: str) -> bool:
    """Return whether a declared author is a date, a sentence, or the text of a link to a profile."""
    if len(name.split()) > _MAX_DECLARED_WORDS or len(name) > 2 * _MAX_NAME_CHARACTERS:
        return True
    return _DATE_OR_CLOCK.search(name) is not None or _PROFILE.search(name) is not None


def split_people(value: str) -> tuple[str, ...]:
    """Return the names in a text that may name several people: at commas, signs and "and" of many languages.

    Titles after a name stay with it (`Bob Stone, Jr.`). A name in the form `Stone, Bob` is one name.
    """
    joined = " ".join(value[:MAX_CHARACTERS].split())
    if _LAST_NAME_FIRST.fullmatch(joined):
        return (joined,)

    names: list[str] = []
    for part in _PEOPLE_SEPARATOR.split(joined):
        if names and _NAME_SUFFIX.fullmatch(part.strip()):
            names[-1] = f"{names[-1]}, {part.strip()}"
            continue
        for piece in _split_at_short_and(part):
            name = _strip_name(_BY_PREFIX.sub("", piece.strip()))
            if name:
                names.extend(_split_at_blanks(name))
    return tuple(names)


def _split_at_short_and(part: str) -> list[str]:
    """Split at an "and" of one letter, which names have, too, only if two words stand on both sides."""
    pieces = _SHORT_AND.split(part)
    if all(len(piece.split()) > 1 for piece in pieces):
        return pieces
    return [part]


def _strip_name(name: str) -> str:
    """Remove signs around a name; the dot of a short word (`Jr.`) is its own."""
    stripped = name.strip(" ·|-–—")
    last_word = stripped.rpartition(" ")[2]
    if last_word.endswith(".") and len(last_word) > _MAX_ABBREVIATION:
        return stripped.rstrip(".")
    return stripped


def _split_at_blanks(name: str) -> list[str]:
    """Return Chinese names that blanks part, else the name as it is."""
    words = name.split()
    if len(words) > 1 and all(_HAN_NAME.fullmatch(word) for word in words):
        return words
    return [name]


def looks_like_name(name: str, *, is_declared: bool = False) -> bool:
    """Return whether a text looks like the name of a person: a few words with capitals, none of an office or a date.

    Of a name that the page declares as an author's one word is enough.
    """
    words = name.replace(",", " ").split()
    if not words or len(words) > _MAX_NAME_WORDS or len(name) > _MAX_NAME_CHARACTERS:
        return False
    if _NO_NAME_CHARACTERS.search(name) or _NO_NAME_WORDS.search(name):
        return False
    if fold_alnum(name) in _NO_PERSON:
        return False
    if _UNCASED.search(name):
        return len(name) >= 2
    if len(words) == 1:
        return is_declared and words[0][:1].isupper()

    for word in words:
        if not word[:1].isupper() and word.casefold() not in _PARTICLES:
            return is_declared
    return words[0][:1].isupper() or words[0].casefold() in _PARTICLES


def is_account(name: str) -> bool:
    """Return whether a name is one word in small letters or with digits, as accounts have it.

    >>> is_account("mlopez2"), is_account("Ada")
    (True, False)
    """
    if len(name.split()) > 1 or _UNCASED.search(name):
        return False
    return name.islower() or any(map(str.isdigit, name))


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
