"""Brings language tags (BCP 47) to one form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# ISO 639-1.
_TWO_LETTER = """
    aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs
    cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv
    ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl
    km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt
    my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru
    rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn
    to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
# ISO 639-3 languages in the news that have no code of two letters.
_THREE_LETTER = """
    arz ast ckb fil gsw hak haw hmn kab kmr krc lus mai nan nds ory pnb prs sah scn tet
    tpi tzm wuu yue
"""
_LANGUAGES = frozenset(_TWO_LETTER.split()) | frozenset(_THREE_LETTER.split())
# Withdrawn codes (IANA registry), ISO 639-2 codes that have a shorter form, and two codes of
# countries (`cn`, `jp`).
_SAME_CODES = """
    iw=he in=id ji=yi jw=jv mo=ro tl=fil cn=zh jp=ja cmn=zh eng=en fre=fr fra=fr
    spa=es por=pt ger=de deu=de ita=it dut=nl nld=nl rus=ru ukr=uk pol=pl cze=cs
    ces=cs slo=sk slk=sk hun=hu rum=ro ron=ro bul=bg gre=el ell=el tur=tr ara=ar
    heb=he per=fa fas=fa urd=ur hin=hi ben=bn tam=ta tel=te mar=mr nep=ne tha=th
    lao=lo khm=km bur=my mya=my vie=vi ind=id may=ms msa=ms chi=zh zho=zh jpn=ja
    kor=ko swe=sv dan=da nor=no fin=fi est=et lav=lv lit=lt srp=sr hrv=hr bos=bs
    slv=sl alb=sq sqi=sq mac=mk mkd=mk arm=hy hye=hy geo=ka kat=ka aze=az uzb=uz
    kaz=kk kir=ky tgk=tg tuk=tk pus=ps kur=ku swa=sw hau=ha som=so amh=am tir=ti
    orm=om kin=rw sna=sn nde=nd zul=zu bam=bm hat=ht tib=bo bod=bo uig=ug mon=mn
    cat=ca glg=gl baq=eu eus=eu ice=is isl=is gle=ga wel=cy cym=cy afr=af mlg=mg
"""
_PREFERRED_CODES = dict(pair.split("=") for pair in _SAME_CODES.split())
_REGIONS = {"UK": "GB"}
_TRADITIONAL = frozenset({"TW", "HK", "MO"})
_SIMPLIFIED = frozenset({"CN", "SG", "MY"})

_CHINESE_EXTENDED = frozenset({"cmn", "yue", "min"})  # `zh-cmn` is Chinese, too
_SUBTAG_BREAK = re.compile(r"[-_]")
_SCRIPT = re.compile(r"[A-Za-z]{4}")
_REGION = re.compile(r"[A-Za-z]{2}|[0-9]{3}")
_VARIANT = re.compile(r"[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}")

# How far the subtags of a tag have been read.
_NOTHING, _AFTER_SCRIPT, _AFTER_REGION, _AFTER_VARIANT = range(4)


def canonical_tag(value: str) -> str | None:
    """Return a declared language in canonical form, None if it is none; of a list the first.

    Chinese is named by its script (`zh-CN` is `zh-Hans`, `zh_TW` and `zh-HK` are `zh-Hant`), other
    languages keep their region; extensions and encodings are dropped.

    >>> canonical_tag("EN_us"), canonical_tag("zh-HK"), canonical_tag("none")
    ('en-US', 'zh-Hant', None)
    """
    first = re.split(r"[,;.@\s]", value.strip(), maxsplit=1)[0]
    code, *rest = _SUBTAG_BREAK.split(first)
    code = code.lower()
    if code == "zh" and rest and rest[0].lower() in _CHINESE_EXTENDED:
        del rest[0]

    language = _PREFERRED_CODES.get(code, code)
    if language not in _LANGUAGES:
        return None
    subtags = _subtags(rest)
    if subtags is None:
        return None
    if language == "zh":
        return _chinese_tag(subtags)
    return "-".join((language, *subtags))


def _subtags(rest: Iterable[str]) -> list[str] | None:
    """Read script, region and variants, in this order, each of them in its usual case.

    Return None if anything else is among them. A single letter begins an extension: it ends the
    list.
    """
    subtags: list[str] = []
    last = _NOTHING
    for subtag in rest:
        if len(subtag) == 1 and subtag.isalnum():
            break

        if last < _AFTER_SCRIPT and _SCRIPT.fullmatch(subtag):
            subtags.append(subtag.title())
            last = _AFTER_SCRIPT
        elif last < _AFTER_REGION and _REGION.fullmatch(subtag):
            region = subtag.upper()
            subtags.append(_REGIONS.get(region, region))
            last = _AFTER_REGION
        elif _VARIANT.fullmatch(subtag):
            subtags.append(subtag.lower())
            last = _AFTER_VARIANT
        else:
            return None
    return subtags


def _chinese_tag(subtags: list[str]) -> str:
    """Return the tag of Chinese by its script, else by the script of its region."""
    if "Hans" in subtags:
        return "zh-Hans"
    if "Hant" in subtags:
        return "zh-Hant"
    if not _TRADITIONAL.isdisjoint(subtags):
        return "zh-Hant"
    if not _SIMPLIFIED.isdisjoint(subtags):
        return "zh-Hans"
    return "zh"
