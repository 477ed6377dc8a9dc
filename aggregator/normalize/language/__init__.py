"""Languages: BCP 47 tags in one form, and the language of a text that declares none.

Rule: rather None than a guess. A script that one language writes decides alone; Latin, Cyrillic, Arabic and Devanagari
are told apart by their commonest words.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from aggregator.normalize.language.stop_words import LETTERS, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable

# ISO 639-1.
_TWO_LETTER = """
    aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es
    et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki
    kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no
    nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te
    tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
# ISO 639-3 languages in the news that have no code of two letters.
_THREE_LETTER = "arz ast ckb fil gsw hak haw hmn kab kmr krc lus mai nan nds ory pnb prs sah scn tet tpi tzm wuu yue"
_LANGUAGES = frozenset(_TWO_LETTER.split()) | frozenset(_THREE_LETTER.split())
# Withdrawn codes (IANA registry), ISO 639-2 codes that have a shorter form, and two that are countries' (`cn`, `jp`).
_SAME_CODES = """
    iw=he in=id ji=yi jw=jv mo=ro tl=fil cn=zh jp=ja cmn=zh eng=en fre=fr fra=fr spa=es por=pt ger=de deu=de ita=it
    dut=nl nld=nl rus=ru ukr=uk pol=pl cze=cs ces=cs slo=sk slk=sk hun=hu rum=ro ron=ro bul=bg gre=el ell=el tur=tr
    ara=ar heb=he per=fa fas=fa urd=ur hin=hi ben=bn tam=ta tel=te mar=mr nep=ne tha=th lao=lo khm=km bur=my mya=my
    vie=vi ind=id may=ms msa=ms chi=zh zho=zh jpn=ja kor=ko swe=sv dan=da nor=no fin=fi est=et lav=lv lit=lt srp=sr
    hrv=hr bos=bs slv=sl alb=sq sqi=sq mac=mk mkd=mk arm=hy hye=hy geo=ka kat=ka aze=az uzb=uz kaz=kk kir=ky tgk=tg
    tuk=tk pus=ps kur=ku swa=sw hau=ha som=so amh=am tir=ti orm=om kin=rw sna=sn nde=nd zul=zu bam=bm hat=ht tib=bo
    bod=bo uig=ug mon=mn cat=ca glg=gl baq=eu eus=eu ice=is isl=is gle=ga wel=cy cym=cy afr=af mlg=mg
"""
_SAME = dict(pair.split("=") for pair in _SAME_CODES.split())
_REGIONS = {"UK": "GB"}
_TRADITIONAL = frozenset({"TW", "HK", "MO"})
_SIMPLIFIED = frozenset({"CN", "SG", "MY"})

_SUBTAG_BREAK = re.compile(r"[-_]")
_SCRIPT = re.compile(r"[A-Za-z]{4}")
_REGION = re.compile(r"[A-Za-z]{2}|[0-9]{3}")
_VARIANT = re.compile(r"[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}")

# Blocks of the scripts that decide, or narrow, the language.
_BLOCKS = {
    "Hani": "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff",
    "Kana": "\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d",
    "Hang": "\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e",
    "Latn": "A-Za-z\xc0-\xd6\xd8-\xf6\xf8-\u024f\u1e00-\u1eff",
    "Cyrl": "\u0400-\u0481\u048a-\u052f",
    "Arab": "\u0620-\u064a\u066e-\u06d3\u06fa-\u06ff\u0750-\u077f",
    "Deva": "\u0904-\u0939\u0958-\u0961",
    "Ethi": "\u1200-\u135a",
    "th": "\u0e01-\u0e30",
    "lo": "\u0e81-\u0eb0",
    "km": "\u1780-\u17b3",
    "my": "\u1000-\u102a",
    "hy": "\u0531-\u0587",
    "ka": "\u10a0-\u10ff\u1c90-\u1cbf",
    "he": "\u05d0-\u05f2",
    "el": "\u0370-\u03ff\u1f00-\u1fff",
    "bn": "\u0985-\u09b9",
    "pa": "\u0a05-\u0a39",
    "gu": "\u0a85-\u0ab9",
    "or": "\u0b05-\u0b39",
    "ta": "\u0b85-\u0bb9",
    "te": "\u0c05-\u0c39",
    "kn": "\u0c85-\u0cb9",
    "ml": "\u0d05-\u0d3a",
    "si": "\u0d85-\u0dc6",
    "bo": "\u0f40-\u0f6c",
    "dv": "\u0780-\u07a5",
    "mn": "\u1820-\u1878",
}
_SCRIPTS = re.compile("|".join(f"(?P<{name}>[{block}])" for name, block in _BLOCKS.items()))
# A character that stands for more than a letter weighs more: three Chinese words outweigh one Latin name.
_LETTERS_IN_ONE = {"Hani": 3, "Kana": 2, "Hang": 2, "Ethi": 2}

_SAMPLE = 1000  # characters; more does not change the answer
_MIN_LETTERS = 40
_MIN_HITS = 3.0
_MIN_SHARE = (
    0.12  # of the words: the commonest 40 words of a language make a quarter to a half of its prose
)
_LEAD = 1.3
# Vowel signs of Devanagari and points of Arabic are marks, no letters, to `\w`.
_LETTER = "(?:[^\\W\\d_]|[\u0900-\u0963\u064b-\u065f\u0670])"
_WORDS = re.compile(f"{_LETTER}+(?:['’\u200c]{_LETTER}+)*")


def tag(value: str) -> str | None:
    """Give a declared language in canonical form, None where it is none; of a list the first.

    Chinese is named by its script (`zh-CN` is `zh-Hans`, `zh_TW` and `zh-HK` are `zh-Hant`), other languages keep their
    region; extensions and encodings are dropped.

    >>> tag("EN_us"), tag("zh-HK"), tag("none")
    ('en-US', 'zh-Hant', None)
    """
    first = re.split(r"[,;.@\s]", value.strip(), maxsplit=1)[0]
    language, *rest = _SUBTAG_BREAK.split(first)
    if language.lower() == "zh" and rest and rest[0].lower() in {"cmn", "yue", "min"}:
        rest = rest[1:]
    language = _SAME.get(language.lower(), language.lower())
    if language not in _LANGUAGES:
        return None
    subtags = _subtags(rest)
    if subtags is None:
        return None
    return _chinese(subtags) if language == "zh" else "-".join((language, *subtags))


def detect(text: str) -> str | None:
    """Give the language of a plain text as a BCP 47 tag, None where unsure.

    Scripts that decide alone need two letters; words need 40 letters.
    """
    sample = text[:_SAMPLE]
    counts = _script_counts(sample)
    if not counts:
        return None
    script = max(counts, key=lambda name: counts[name] * _LETTERS_IN_ONE.get(name, 1))
    if counts[script] < 2:
        return None
    if script in {"Hani", "Kana"}:
        return _han(sample, han=counts.get("Hani", 0), kana=counts.get("Kana", 0))
    if script == "Hang":
        return "ko"
    if script == "Ethi":  # Tigrinya writes አ rarely and ኣ all the time, Amharic the reverse
        return "ti" if sample.count("ኣ") > sample.count("አ") else "am"
    return _by_words(sample, script) if script in WORDS else script


def refine_chinese(text: str) -> str:
    """Give `zh-Hans` or `zh-Hant` by the characters that only one of them writes, `zh` where they do not tell."""
    simplified, traditional = _distinctive()
    sample = text[:_SAMPLE]
    hans = sum(map(simplified.__contains__, sample))
    hant = sum(map(traditional.__contains__, sample))
    if hans > 2 * hant:
        return "zh-Hans"
    return "zh-Hant" if hant > 2 * hans else "zh"


def _subtags(rest: Iterable[str]) -> list[str] | None:
    """Read script, region and variants in this order; None where something else stands among them."""
    found: list[str] = []
    stage = 0
    for subtag in rest:
        if len(subtag) == 1 and subtag.isalnum():
            break
        if stage < 1 and _SCRIPT.fullmatch(subtag):
            stage, form = 1, subtag.title()
        elif stage < 2 and _REGION.fullmatch(subtag):
            stage, form = 2, _REGIONS.get(subtag.upper(), subtag.upper())
        elif _VARIANT.fullmatch(subtag):
            stage, form = 3, subtag.lower()
        else:
            return None
        found.append(form)
    return found


def _chinese(subtags: list[str]) -> str:
    if "Hans" in subtags or "Hant" in subtags:
        return "zh-Hans" if "Hans" in subtags else "zh-Hant"
    if not _TRADITIONAL.isdisjoint(subtags):
        return "zh-Hant"
    return "zh" if _SIMPLIFIED.isdisjoint(subtags) else "zh-Hans"


def _script_counts(text: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for match in _SCRIPTS.finditer(text):
        name = match.lastgroup or ""
        counts[name] = counts.get(name, 0) + 1
    return counts


def _han(text: str, *, han: int, kana: int) -> str:
    """Tell Japanese from Chinese: every tenth character Kana; one の alone is fashionable in Chinese names."""
    return "ja" if kana >= 2 and kana * 10 >= han else refine_chinese(text)


def _by_words(text: str, script: str) -> str | None:
    if sum(map(str.isalpha, text)) < _MIN_LETTERS:
        return None
    folded = text.lower()
    words = _WORDS.findall(folded)
    scores = _scores(words, folded, script)
    ranked = sorted(scores, key=lambda language: -scores[language])
    best, second = ranked[0], scores[ranked[1]] if len(ranked) > 1 else 0.0
    sure = (
        scores[best] >= max(_MIN_HITS, _MIN_SHARE * len(words)) and scores[best] >= _LEAD * second
    )
    return best if sure else None


def _scores(words: Iterable[str], text: str, script: str) -> dict[str, float]:
    """Add up what each word and each letter says for a language; one that several share says less for each."""
    scores = dict.fromkeys(WORDS[script], 0.0)
    known = _shared(script)
    for word in words:
        for language in known.get(word, ()):
            scores[language] += 1 / len(known[word]) + 0.25
    for language, letters in LETTERS.items():
        if language in scores:
            scores[language] += sum(map(text.count, letters)) / 2
    return scores


@cache
def _shared(script: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for language, words in WORDS[script].items():
        for word in words.split():
            found[word] = (*found.get(word, ()), language)
    return found


@cache
def _distinctive() -> tuple[frozenset[str], frozenset[str]]:
    """The characters of one national standard that the other lacks: GB 2312, and the common half of Big5.

    Two standards of 6,763 and 5,401 characters give 2,380 and 2,083 that tell; the rare half of Big5 is left out, as
    its characters occur in names on the mainland.
    """
    simplified, traditional = set(), set()
    for character in map(chr, range(0x4E00, 0x9FA6)):
        mainland, taiwan = _encoded(character, "gb2312"), _encoded(character, "big5")
        if mainland and not taiwan:
            simplified.add(character)
        elif taiwan and not mainland and taiwan[0] <= 0xC6:
            traditional.add(character)
    return frozenset(simplified), frozenset(traditional)


def _encoded(character: str, charset: str) -> bytes:
    return character.encode(charset, "ignore")
