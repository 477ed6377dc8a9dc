"""Tags in text: which `<` begins one, and what stands in its place.

Rule: only the tags of HTML, custom elements and namespaced names are tags; every pattern is linear (possessive, no
alternative overlaps another), so that 2 MB of `<a "` cost no more than 2 MB of prose.
"""

from __future__ import annotations

import re

LINE, PARAGRAPH = (
    "\x01",
    "\x02",
)  # stand for breaks while tags go; C0 controls cannot come from outside

_PARAGRAPH_NAMES = """
    address article aside blockquote body caption center dd details dialog dir div dl fieldset figcaption figure footer
    form h1 h2 h3 h4 h5 h6 head header hgroup hr html legend main menu nav ol p pre section summary table tbody tfoot
    thead title ul
"""
_INLINE_NAMES = """
    a abbr acronym annotation applet area audio b base basefont bdi bdo big button canvas cite code col colgroup command
    data datalist del dfn em embed font frame frameset i iframe img input ins kbd keygen label link map mark marquee
    math meta meter mfrac mi mn mo mover mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder nobr
    noembed noframes noscript object output param path picture portal progress q rb rp rt rtc ruby s samp script select
    semantics slot small source span strike strong style sub sup svg template textarea time track tt u use var video wbr
"""
_PARAGRAPHS = frozenset(_PARAGRAPH_NAMES.split())
_LINES = frozenset({"br", "dt", "li", "option", "optgroup", "tr"})
_CELLS = frozenset({"td", "th"})
_INLINE = frozenset(_INLINE_NAMES.split())
_KNOWN = _PARAGRAPHS | _LINES | _CELLS | _INLINE

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
_DECLARATION = re.compile(r"<(?:!doctype\b|\?xml\b|!\[(?:if|endif)\b)[^<>]*+>", re.IGNORECASE)
# What these hold is no text of the article.
_HIDDEN = re.compile(
    rf"<(script|style|template|noscript|iframe|svg|audio|video|rt|rp)(?=[\s/>]){_END}",
    re.IGNORECASE,
)
_STRIPS = 4  # `<b<b<i>>>`: what is left of one tag may make another


def without_tags(value: str) -> str:
    """Take the tags out; a block leaves PARAGRAPH, `br`, list items and rows LINE, a cell a blank, others nothing."""
    for _ in range(_STRIPS):
        if "<" not in value:
            return value
        closed = frozenset(_CLOSING.findall(value))
        stripped = _TAG.sub(lambda match, closed=closed: _trace(match, closed), value)  # type: ignore[misc]
        if stripped == value:
            return _without_cut(value)
        value = stripped
    return value.replace("<", "")


def without_hidden(value: str) -> str:
    """Take out comments, declarations, and elements whose content is no text (`script`, `noscript`, `rt` …)."""
    if "<!" in value or "<?" in value:
        value = _DECLARATION.sub("", _without_comments(value))
    if "<![CDATA[" in value:
        value = value.replace("<![CDATA[", "").replace("]]>", "")
    return _without_elements(value) if _HIDDEN.search(value) else value


def _without_cut(value: str) -> str:
    """Take out a tag that the end of a shortened text cut in two (`… <a href="https://exa`)."""
    start = value.rfind("<")
    match = _CUT.fullmatch(value, start) if start >= 0 else None
    return value[:start] if match and match[1].lower() in _KNOWN else value


def _trace(match: re.Match[str], closed: frozenset[str]) -> str:
    name = match[2].lower()
    if match[3] == "=":
        return "" if _FUSED.fullmatch(name) else match[0]
    if name in _PARAGRAPHS:
        return PARAGRAPH
    if name in _LINES:
        return LINE if name == "br" or not match[1] else ""
    if name in _CELLS:
        return " "
    return "" if name in _INLINE or _is_foreign(match, closed) else match[0]


def _is_foreign(match: re.Match[str], closed: frozenset[str]) -> bool:
    """Tell a custom or namespaced element (`share-button`, `o:p`) from `<e-mail>`: it has an end or attributes."""
    name = match[2]
    return ("-" in name or ":" in name) and (bool(match[1]) or "=" in match[0] or name in closed)


def _without_comments(value: str) -> str:
    kept, position = [], 0
    while (start := value.find("<!--", position)) >= 0 and (
        end := value.find("-->", start + 4)
    ) >= 0:
        kept.append(value[position:start])
        position = end + 3
    return "".join(kept) + value[position:]


def _without_elements(value: str) -> str:
    kept, position = [], 0
    unclosed: set[str] = set()
    for match in _HIDDEN.finditer(value):
        name = match[1].lower()
        if match.start() < position or name in unclosed or match[0].endswith("/>"):
            continue
        closing = re.compile(rf"</{name}\s*>", re.IGNORECASE).search(value, match.end())
        if closing is None:
            unclosed.add(name)
            continue
        kept.append(value[position : match.start()])
        position = closing.end()
    return "".join(kept) + value[position:]
