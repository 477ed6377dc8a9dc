"""Reads the names of people in bylines: without addresses and "By", one by one, each once.

A text is parted only where every part looks like a whole name. `Smith, John`, `Johnson & Johnson`
and `Ministry of Trade and Industry` stay as they are: two authors in one are better than half of one.

A whole name has two to five words that begin with capitals (or are written without case), besides
particles such as `von`; none is a word of organizations, of jobs, or the beginning of a place's name.
In Chinese, Japanese and Korean it has two to four characters, or a middle dot.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from aggregator.normalize import text

MAX_CHARACTERS = 2_000  # a longer text is no byline, and is not searched for names

_MAILBOXES = (
    re.compile(r"(?:mailto:)?\S+@\S+?\s*\((?P<name>[^()]+)\)"),
    re.compile(r"(?P<name>[^<>()@]+?)\s*[<(]\s*(?:mailto:)?\S+@[^\s<>()]+\s*[>)]"),
)

# Words before a name that a colon follows.
_LABEL = re.compile(
    r"(?:by|von|par|por|di|de|door|av|af|author|authors|autor|autora|autore|auteur|автор|text|texte|texto"
    r"|作者|文|記者|记者|撰文|本報記者|本报记者)\s*[:：]\s*",
    re.IGNORECASE,
)
_BY = re.compile(r"(?:(?:written|posted|reported|story|words|text)\s+)?by\s+", re.IGNORECASE)
_CHINESE_REPORTER = re.compile(
    r"(?:本報|本报)?(?:記者|记者)\s*(?=[\u3400-\u9fff])|(?:撰文|作者|文)\s*[/／]\s*"
)
_CHINESE_REPORT = re.compile(r"(?:\s*[/／]\s*|\s+)[\u3400-\u9fff]{2,8}(?:報導|報道|报道)$")
# Words before a name by language. One that may also begin a surname (`Von Trapp`, `De Niro`) is a
# byline only before two words. Spanish, French and others have surnames with `de` and never a byline.
_BY_WORDS = {
    "de": ("von", 2),
    "fr": ("par", 1),
    "es": ("por", 1),
    "ca": ("per", 1),
    "gl": ("por", 1),
    "pt": ("por", 1),
    "nl": ("door", 1),
    "sv": ("av", 1),
    "nb": ("av", 1),
    "nn": ("av", 1),
    "no": ("av", 1),
    "da": ("af", 1),
    "ro": ("de", 2),
}

_STRONG = re.compile(r"\s*[;；、|｜]\s*")
_DOUBLED = re.compile(r"\s*[,，]\s*")  # `KONEY BAI,KONEY BAI`, but not `Johnson & Johnson`
_COMMA = re.compile(r"\s*[,，]\s*(?:(?:and|und|et)\s+)?|\s+(?:and|und|et|&)\s+", re.IGNORECASE)
_AND_BY_LANGUAGE = {
    "es": "y",
    "it": "e",
    "pt": "e",
    "nl": "en",
    "sv": "och",
    "da": "og",
    "nb": "og",
    "nn": "og",
    "no": "og",
    "pl": "i",
    "ru": "и",
    "tr": "ve",
    "fi": "ja",
    "ro": "și",
}
_SUFFIX = re.compile(
    r"(?:[JS]r|I{2,3}|IV|Ph\.?\s?D|M\.?D|Esq|M\.?B\.?A|J\.?D|O\.?B\.?E)\.?", re.IGNORECASE
)
_PARTICLES_WORDS = """
    von van der den de del della dei di da dos das do du la le al el bin ibn ben ter
    ten zu zur af av y
"""
_PARTICLES = frozenset(_PARTICLES_WORDS.split())
_WORD = re.compile(r"[^\W\d_]+(?:['’.-]+[^\W\d_]+)*\.?")
_ELISION = re.compile(r"[dl]['’][^\W\d_]")  # `d'Arc`
_EAST_ASIAN_NAME = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff]{2,4}|[\uac00-\ud7a3]{2,4}"
    r"|[\u3040-\u30ff\u3400-\u9fff]+(?:[·・•][\u3040-\u30ff\u3400-\u9fff]+)+"
)
_EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_MAX_NAME_WORDS = 5
_NOT_IN_NAMES_WORDS = """
    academy administration affairs agence agencia agency agentur allgemeine analyst
    and anchor ap afp assistant associated association authority bank bbc board
    brothers bureau center centre chief club college columnist columnists commission
    committee company contributor contributors cooperation corp corporation
    correspondant correspondent correspondents council court daily department deputy
    desk development director editor editorial editors enviado envoyé especial
    executive federation fellow foundation fund gazette gazetteer government group
    guardian health herald house inc industries industry institut institute
    institution international journal laboratory labs league library llc lab ltd
    magazine manager media minister ministerio ministerium ministry ministère museum
    national network news newspaper newsroom nations office officer online
    organization partners party photographer photography post presenter president
    press producer professor project publications publishers radio redacción
    redaktion reporter reporters research reuters review rédaction school science
    sciences senior service services society sons special spécial staff studies
    studio studios team technologies technology television the times trade tribune
    trust tv union universidad university universität université voa writer writers
    zeitung world weekly
"""
_NOT_IN_NAMES = frozenset(_NOT_IN_NAMES_WORDS.split())
_PLACES_WORDS = """
    abu addis buenos cape costa dar el hong kuala las los mexico new north phnom
    puerto rio saint san santa saudi south sri st tel united west east
"""
_PLACES = frozenset(_PLACES_WORDS.split())


@lru_cache(maxsize=256)  # a feed names the same few people again and again
def find_names(byline: str, *, language: str | None = None) -> tuple[str, ...]:
    """Return the names in the plain text of one byline, each once.

    `language` is the BCP 47 tag of the entry; without it only words count that are sure in all.

    >>> find_names("By ANN LEE, Bob Ray and Cy Dow, Jr.")
    ('ANN LEE', 'Bob Ray', 'Cy Dow, Jr.')
    >>> find_names("ann@harbour.example (Smith, John)")
    ('Smith, John',)
    """
    if len(byline) > MAX_CHARACTERS:
        return (byline,)
    primary = (language or "").partition("-")[0].lower()
    whole = _without_by(name_of_mailbox(byline), primary)

    names: dict[str, str] = {}
    for part in _split_at_semicolons(whole):
        for name in _split_names(part, primary):
            names.setdefault(name_key(name), name)
    names.pop("", None)
    return tuple(names.values()) or (byline,)


def name_of_mailbox(value: str) -> str:
    """Return the name beside an e-mail address (RFC 5322 §3.4, and RSS's form), else the value itself.

    >>> name_of_mailbox("ann@news.example (Ann Lee)"), name_of_mailbox('"Ann" <ann@news.example>')
    ('Ann Lee', 'Ann')
    """
    if "@" not in value:
        return value
    for mailbox in _MAILBOXES:
        match = mailbox.fullmatch(value.strip())
        if match:
            return match["name"].strip(' "')
    return value.strip().removeprefix("mailto:")


@lru_cache(maxsize=256)
def name_key(name: str) -> str:
    """Return what two spellings of one name share: their letters without case and accents.

    >>> name_key("JOSÉ  GARCÍA") == name_key("Jose Garcia")
    True
    """
    decomposed = unicodedata.normalize("NFD", text.fold(name))
    without_accents = re.sub("[\u0300-\u036f]", "", decomposed)
    return "".join(filter(_is_of_name, without_accents))


def _is_of_name(character: str) -> bool:
    return not character.isspace() and character not in ".,'’-‐"


def _without_by(byline: str, language: str) -> str:
    """Take off what stands before the names: "By", "Von:", "記者"."""
    stripped = byline.strip()
    for prefix in (_LABEL, _BY):
        match = prefix.match(stripped)
        if match and match.end() < len(stripped):
            return stripped[match.end() :]

    reporter = _CHINESE_REPORTER.match(stripped)
    if reporter and reporter.end() < len(stripped):
        return _CHINESE_REPORT.sub("", stripped[reporter.end() :])

    if language in _BY_WORDS:
        word, least_words = _BY_WORDS[language]
        first, _, rest = stripped.partition(" ")
        if first.lower() == word and _begins_with_name(rest, least_words):
            return rest.strip()
    return stripped


def _begins_with_name(value: str, least_words: int) -> bool:
    """Tell whether a text begins with so many capitalized words."""
    words = value.split()
    if len(words) < least_words:
        return False
    return all(word[0].isupper() for word in words[:least_words])


def _split_at_semicolons(whole: str) -> list[str]:
    """Split at marks that stand in no name; one at the end of a text separates nothing."""
    parts = [part for part in _STRONG.split(whole) if part]
    if len(parts) > 1:
        return parts
    return [whole]


def _split_names(value: str, language: str) -> list[str]:
    """Return the names in a text, or the text itself if one of its parts may be no whole name."""
    whole = " ".join(value.split())
    repeated = _DOUBLED.split(whole)
    if len(repeated) > 1 and len({name_key(part) for part in repeated}) == 1:
        return repeated[:1]

    parts = _join_suffixes(_split_at_commas(whole, language))
    if all(map(_is_whole_name, parts)):
        return parts
    return [whole]


def _split_at_commas(whole: str, language: str) -> list[str]:
    parts = [part for part in _COMMA.split(whole) if part]
    conjunction = _AND_BY_LANGUAGE.get(language)
    if conjunction is None:
        return parts
    split: list[str] = []
    for part in parts:
        split.extend(part.split(f" {conjunction} "))
    return split


def _join_suffixes(parts: list[str]) -> list[str]:
    """Put `Jr.`, `PhD` and the like back to the name before them."""
    joined: list[str] = []
    for part in parts:
        if joined and _SUFFIX.fullmatch(part):
            joined[-1] += f", {part}"
        else:
            joined.append(part)
    return joined


def _is_whole_name(part: str) -> bool:
    name = part.partition(", ")[0]  # without its suffix
    if _EAST_ASIAN.search(name):
        return _EAST_ASIAN_NAME.fullmatch(name) is not None

    words = name.split()
    own = [word for word in words if not _is_particle(word)]
    if not 2 <= len(own) <= _MAX_NAME_WORDS:
        return False
    if words[0].lower().rstrip(".") in _PLACES:
        return False
    return all(map(_is_word_of_name, own))


def _is_particle(word: str) -> bool:
    """Tell whether a word is a particle such as `von`; a capital makes it a name."""
    if word[0].isupper():
        return False
    return word.lower() in _PARTICLES


def _is_word_of_name(word: str) -> bool:
    if _WORD.fullmatch(word) is None:
        return False
    if word[0].islower() and not _ELISION.match(word):
        return False
    return word.lower() not in _NOT_IN_NAMES
