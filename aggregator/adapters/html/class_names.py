"""The words in class names that tell what a part of a page is, and the link texts that only say that there is more.

The class names come from the lists of news sites, the link texts are in the languages of those sites.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

_DATE_WORDS = """
    age ago clock created date dates datetime day dateline datum fecha jour posted pub pubdate pubtime publish published
    publishdate publishtime time timeago timestamp when
"""
_NO_DATE_WORDS = "duration length read reading runtime views comments count"
_SUMMARY_WORDS = """
    summary excerpt desc description intro lead lede teaser dek abstract standfirst chapo snippet synopsis blurb
"""
_TITLE_WORDS = "title headline heading hed titre titulo titolo ttl titel"
_NO_TITLE_WORDS = "sub subtitle kicker overline section category label site"
_NO_PICTURE_WORDS = "avatar icon logo author byline emoji flag"
_ASIDE_WORDS = """
    nav navigation navbar menu submenu footer sidebar aside breadcrumb breadcrumbs pagination pager tagcloud tags share
    social related popular trending ranking sponsored sponsor promo advert advertisement ad ads banner toolbar cookie
    login partners mostread
"""
_COMMENT_WORDS = "comment comments commentlist reply replies respond disqus"
_READ_MORE_WORDS = """
    more | read more | read | continue | continue reading | read the article | read full story | full story | details
    | learn more | see more | view | watch | listen | share | comments | lire la suite | lire plus | en savoir plus
    | lire | voir plus | weiterlesen | mehr | mehr lesen | weiter | leer más | ver más | seguir leyendo | más
    | leggi tutto | leggi | continua a leggere | ler mais | leia mais | saiba mais | читать далее | подробнее | далее
    | читать | devamı | devamını oku | 阅读全文 | 继续阅读 | 查看更多 | 更多 | 详情 | 全文 | 查看详情 | 閱讀更多
    | 閱讀全文 | 繼續閱讀 | 更多內容 | 続きを読む | もっと見る | 詳細 | 더보기 | 자세히 보기 | اقرأ المزيد | المزيد
    | ادامه مطلب | بیشتر بخوانید | بیشتر | ادامه | อ่านต่อ | อ่านเพิ่มเติม | xem thêm | đọc tiếp | chi tiết
    | selengkapnya | baca selengkapnya | और पढ़ें | lees meer | läs mer | les mer | læs mere | czytaj więcej
"""
DATE = frozenset(_DATE_WORDS.split())
NO_DATE = frozenset(_NO_DATE_WORDS.split())
SUMMARY = frozenset(_SUMMARY_WORDS.split())
TITLE = frozenset(_TITLE_WORDS.split())
NO_TITLE = frozenset(_NO_TITLE_WORDS.split())
NO_PICTURE = frozenset(_NO_PICTURE_WORDS.split())
ASIDE = frozenset(_ASIDE_WORDS.split())
COMMENTS = frozenset(_COMMENT_WORDS.split())
READ_MORE = frozenset(" ".join(words.split()) for words in _READ_MORE_WORDS.split("|"))

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_PUNCTUATION = re.compile(r"[^\w\s]+")
_MAX_NAME = 300  # characters of a class attribute that are looked at
_MAX_MORE = 40  # characters of a text that only says that there is more


def class_words(element: Any) -> frozenset[str]:
    """Return the words in an element's class, id and itemprop, in lower case."""
    return _split(element.get("class", ""), element.get("id", ""), element.get("itemprop", ""))


def has_any_word(element: Any, words: frozenset[str]) -> bool:
    """Return whether one of `words` is in an element's class, id or itemprop."""
    return not words.isdisjoint(class_words(element))


def is_read_more(text: str) -> bool:
    """Return whether a text only says that there is more to read, or nothing at all."""
    if len(text) >= _MAX_MORE:
        return False
    plain = " ".join(_PUNCTUATION.sub(" ", text).split()).casefold()
    return not plain or plain in READ_MORE


@lru_cache(maxsize=4096)
def _split(*names: str) -> frozenset[str]:
    words: set[str] = set()
    for name in names:
        for word in _WORD.findall(name[:_MAX_NAME]):
            words.add(word.lower())
    return frozenset(words)
