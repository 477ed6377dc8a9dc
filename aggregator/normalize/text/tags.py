"""Finds the tags in a text, and puts marks for breaks in their place.

Only the tags of HTML, custom elements and namespaced names are tags. Every pattern is linear
(possessive, no alternative overlaps another), so that 2 MB of `<a "` cost no more than 2 MB of prose.
"""

from __future__ import annotations

import re
from functools import partial

# They mark breaks while tags are removed; C0 controls cannot come from outside.
LINE = "\x01"
PARAGRAPH = "\x02"

_PARAGRAPH_NAMES = """
    address article aside blockquote body caption center dd details dialog dir div
    dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hgroup
    hr html legend main menu nav ol p pre section summary table tbody tfoot thead
    title ul
"""
_INLINE_NAMES = """
    a abbr acronym annotation applet area audio b base basefont bdi bdo big button
    canvas cite code col colgroup command data datalist del dfn em embed font frame
    frameset i iframe img input ins kbd keygen label link map mark marquee math meta
    meter mfrac mi mn mo mover mrow ms mspace msqrt mstyle msub msubsup msup mtable
    mtd mtext mtr munder nobr noembed noframes noscript object output param path
    picture portal progress q rb rp rt rtc ruby s samp script select semantics slot
    small source span strike strong style sub sup svg template textarea time track
    tt u use var video wbr
"""
_PARAGRAPHS = frozenset(_PARAGRAPH_NAMES.split())
_ITEMS = frozenset({"dt", "li", "option", "optgroup", "tr"})
_CELLS = frozenset({"td", "th"})
_INLINE = frozenset(_INLINE_NAMES.split())
_KNOWN = _PARAGRAPHS | _ITEMS | _CELLS | _INLINE | {"br"}

# A quoted value may hold `>`; where the quotes do not pair, the tag ends at the first `>`.
_END = r"""(?:(?:[^<>"']++|"[^"]*+"|'[^']*+')*+>|[^<>]*+>)"""
_TAG = re.compile(
    rf"<(/?)([a-z][a-z0-9]*+(?:[-:][a-z0-9_-]++)*+)(?=([\s/>=])){_END}", re.IGNORECASE
)
_CUT = re.compile(r"</?([a-z][a-z0-9]*+)\s[^<>]*=[^<>]*", re.IGNORECASE)
_CLOSING = re.compile(r"</([a-z][a-z0-9]*+(?:[-:][a-z0-9_-]++)++)", re.IGNORECASE)
# `<divclass="x"`: a tag fused to its first attribute when lines were joined with nothing between.
_FUSED = re.compile(
    r"(?:div|span|img|a|p|source|figure|figcaption|section|iframe|video|audio|ul|ol|li|h[1-6]|td|tr|th|small|strong|em|time)"
    r"(?:class|id|style|src|srcset|href|alt|title|type|width|height|rel|target|name|data-[\w-]+|fetchpriority|lang|dir)",
    re.IGNORECASE,
)
# What people write in a title for its looks. Names such as `input` and `video` are what titles of
# programmers are about, so that one of them alone is no markup.
_FORMATTING_NAMES = """
    a abbr b big blockquote center cite code div em font h1 h2 h3 h4 h5 h6 i img ins
    mark nobr p q s small span strike strong sub sup tt u
"""
_FORMATTING = frozenset(_FORMATTING_NAMES.split())
_DECLARATION = re.compile(r"<(?:!doctype\b|\?xml\b|!\[(?:if|endif)\b)[^<>]*+>", re.IGNORECASE)
# What these hold is no text of the article.
_HIDDEN = re.compile(
    rf"<(script|style|template|noscript|iframe|svg|audio|video|rt|rp)(?=[\s/>]){_END}",
    re.IGNORECASE,
)
_STRIPS = 4  # `<b<b<i>>>`: what is left of one tag may make another


def strip_tags(value: str) -> str:
    """Take the tags out.

    A block leaves PARAGRAPH; `br`, list items and rows leave LINE; a cell a blank; others nothing.
    """
    for _ in range(_STRIPS):
        if "<" not in value:
            return value
        closed = frozenset(_CLOSING.findall(value))
        stripped = _TAG.sub(partial(_replacement, closed=closed), value)
        if stripped == value:
            return _without_cut_tag(value)
        value = stripped
    return value.replace("<", "")


def strip_sure_tags(value: str) -> str:
    """Take out only what is surely markup; any other tag is text, for it has been written as such.

    Sure are comments, `<br>`, elements of HTML with both their tags, and single tags for looks that
    have attributes, begin a word (`<p>Title`) or end the text (`Title</p>`).

    >>> strip_sure_tags("The <video> and <T>: <b>new</b>")
    'The <video> and <T>: new'
    """
    if "<!--" in value:
        value = _without_comments(value)
    if "<![CDATA[" in value:
        value = value.replace("<![CDATA[", "").replace("]]>", "")
    if "</" in value and _HIDDEN.search(value):
        value = _without_hidden_elements(value)

    kept = []
    position = 0
    for tag in _sure_tags(value):
        kept.append(value[position : tag.start()])
        kept.append(_replacement(tag, closed=frozenset((tag[2],))))
        position = tag.end()
    kept.append(value[position:])
    return _without_cut_tag("".join(kept))


def _sure_tags(value: str) -> list[re.Match[str]]:
    """Return the tags that are surely markup, in their order."""
    sure = []
    unclosed: dict[str, list[re.Match[str]]] = {}  # start tags by name
    end = len(value.rstrip())
    for tag in _TAG.finditer(value):
        name = tag[2].lower()
        start_tags = unclosed.setdefault(name, [])
        if name in ("br", "wbr") or tag[3] == "=":
            sure.append(tag)
        elif not tag[1]:
            start_tags.append(tag)
        elif start_tags:
            sure.append(start_tags.pop())
            sure.append(tag)
        elif name in _FORMATTING and _is_at_end(tag, end):
            sure.append(tag)

    for name in _FORMATTING.intersection(unclosed):
        sure.extend(tag for tag in unclosed[name] if "=" in tag[0] or _begins_word(tag))
    return sorted(sure, key=lambda tag: tag.start())


def _begins_word(tag: re.Match[str]) -> bool:
    """Tell whether a start tag stands at the beginning of a word (`<p>Title`, `a <b>bold move`)."""
    text, start, end = tag.string, tag.start(), tag.end()
    is_glued = start > 0 and not text[start - 1].isspace()
    return not is_glued and text[end : end + 1].isalnum()


def _is_at_end(tag: re.Match[str], end: int) -> bool:
    """Tell whether an end tag ends the text, without a blank before it (`Title</p>`)."""
    return tag.end() == end and not tag.string[tag.start() - 1 : tag.start()].isspace()


def strip_hidden(value: str) -> str:
    """Take out comments, declarations, and elements whose content is no text (`script`, `noscript`, `rt` …)."""
    if "<!" in value or "<?" in value:
        value = _DECLARATION.sub("", _without_comments(value))
    if "<![CDATA[" in value:
        value = value.replace("<![CDATA[", "").replace("]]>", "")
    if _HIDDEN.search(value):
        value = _without_hidden_elements(value)
    return value


def _without_cut_tag(value: str) -> str:
    """Take out a tag that the end of a shortened text cut in two (`… <a href="https://exa`)."""
    start = value.rfind("<")
    if start < 0:
        return value
    match = _CUT.fullmatch(value, start)
    if match is None or match[1].lower() not in _KNOWN:
        return value
    return value[:start]


def _replacement(match: re.Match[str], closed: frozenset[str]) -> str:
    """Return what takes the place of a tag; the match itself if it is no tag."""
    name = match[2].lower()
    if match[3] == "=":
        is_tag = _FUSED.fullmatch(name) is not None
        return "" if is_tag else match[0]

    if name in _PARAGRAPHS:
        return PARAGRAPH
    if name == "br":
        return LINE
    if name in _ITEMS:
        is_end_tag = match[1] != ""
        return "" if is_end_tag else LINE
    if name in _CELLS:
        return " "
    if name in _INLINE or _is_custom_element(match, closed):
        return ""
    return match[0]


def _is_custom_element(match: re.Match[str], closed: frozenset[str]) -> bool:
    """Tell a custom or namespaced element (`share-button`, `o:p`) from `<e-mail>`.

    It has an end tag or attributes. `closed` are the names of the end tags in the text.
    """
    name = match[2]
    if "-" not in name and ":" not in name:
        return False
    is_end_tag = match[1] != ""
    has_attributes = "=" in match[0]
    return is_end_tag or has_attributes or name in closed


def _without_comments(value: str) -> str:
    kept = []
    position = 0
    start = value.find("<!--")
    while start >= 0:
        end = value.find("-->", start + 4)
        if end < 0:
            break
        kept.append(value[position:start])
        position = end + 3
        start = value.find("<!--", position)
    kept.append(value[position:])
    return "".join(kept)


def _without_hidden_elements(value: str) -> str:
    kept = []
    position = 0
    unclosed: set[str] = set()  # names to look for no more: that keeps the search linear
    for match in _HIDDEN.finditer(value):
        name = match[1].lower()
        is_inside_hidden = match.start() < position
        if is_inside_hidden or name in unclosed or match[0].endswith("/>"):
            continue

        end_tag = re.compile(rf"</{name}\s*>", re.IGNORECASE).search(value, match.end())
        if end_tag is None:
            unclosed.add(name)
            continue
        kept.append(value[position : match.start()])
        position = end_tag.end()
    kept.append(value[position:])
    return "".join(kept)
