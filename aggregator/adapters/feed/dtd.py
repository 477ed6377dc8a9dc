"""Reads the DTD of a feed: where it ends, and which short texts its entities stand for.

Nothing is loaded, no entity holds markup or another entity, and their references add
a bounded number of characters.
"""

from __future__ import annotations

import re
from html import escape, unescape
from itertools import islice

# Characters: how much junk (a PHP warning, a login banner) may precede the root.
ROOT_WITHIN = 65_536
ROOT = re.compile(r"<(?:[\w.-]{1,40}:)?(rss|rdf|feed|channel)(?=[\s>/])", re.IGNORECASE)
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_DOCTYPE = re.compile(
    r"""<!DOCTYPE[^\[>]*+(?:\[(?:[^\]"']|"[^"]*+"|'[^']*+')*+\]\s*+)?>""", re.IGNORECASE
)
_DOCTYPE_BEGIN = re.compile("<!DOCTYPE", re.IGNORECASE)
# Declarations of texts: no parameter entity, nothing external, no markup.
_ENTITY = re.compile(
    r"""<!ENTITY\s+(?P<name>[A-Za-z_][\w.-]{0,63})\s+(?:"(?P<double>[^"<%]{0,1000})"|'(?P<single>[^'<%]{0,1000})')\s*>"""
)
_MAX_ENTITIES = 300  # HTML's three sets are 253
_MAX_EXPANSION = 1024 * 1024  # characters that all references of a document may add
_ENTITY_REFERENCE = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|&(?P<name>[A-Za-z_][\w.-]{0,63});", re.DOTALL
)


def doctype_end(text: str) -> int:
    """Return the index behind the DTD; 0 if there is none.

    Only the first `<!DOCTYPE` can be one, and only before the root.
    """
    begin = _DOCTYPE_BEGIN.search(text, 0, ROOT_WITHIN)
    if begin is None or ROOT.search(text, 0, begin.start()):
        return 0
    doctype = _DOCTYPE.match(text, begin.start(), ROOT_WITHIN)
    if doctype is None:
        return 0
    return doctype.end()


def expand_entities(text: str) -> str:
    """Replace references to the entities that the DTD declares as texts.

    A text is replaced once, and never contains another entity. Beyond a limit references
    stay as they are.
    """
    if "<!ENTITY" not in text[:ROOT_WITHIN]:
        return text
    start = doctype_end(text)
    entities = _declared_entities(text[:start])
    if not entities:
        return text

    added = 0

    def replacement(match: re.Match[str]) -> str:
        nonlocal added
        value = entities.get(match["name"] or "")
        if value is None:
            return match[0]
        added += len(value)
        return value if added <= _MAX_EXPANSION else match[0]

    return text[:start] + _ENTITY_REFERENCE.sub(replacement, text[start:])


def _declared_entities(dtd: str) -> dict[str, str]:
    """Return the texts of a DTD's entities, as XML; the first declaration of a name counts."""
    entities: dict[str, str] = {}
    for declaration in islice(_ENTITY.finditer(dtd), _MAX_ENTITIES):
        name = declaration["name"]
        if name in entities or name in XML_NAMES:
            continue
        value = unescape(declaration["double"] or declaration["single"] or "")
        # A reference to another entity would be one more expansion, markup one more parse.
        if "<" not in value and not _ENTITY_REFERENCE.search(value):
            entities[name] = escape(CONTROL.sub("", value))
    return entities
