"""The names of elements as feedparser's handlers have them: `dc_creator`, `title`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterable

# feedparser's prefix of each namespace, by its URI in lower case.
PREFIXES = {
    "http://backend.userland.com/rss": "",
    "http://blogs.law.harvard.edu/tech/rss": "",
    "http://purl.org/rss/1.0/": "",
    "http://my.netscape.com/rdf/simple/0.9/": "",
    "http://example.com/newformat#": "",
    "http://example.com/necho": "",
    "http://purl.org/echo/": "",
    "uri/of/echo/namespace#": "",
    "http://purl.org/pie/": "",
    "http://purl.org/atom/ns#": "",
    "http://www.w3.org/2005/atom": "",
    "http://purl.org/rss/1.0/modules/rss091#": "",
    "http://webns.net/mvcb/": "admin",
    "http://purl.org/rss/1.0/modules/aggregation/": "ag",
    "http://purl.org/rss/1.0/modules/annotate/": "annotate",
    "http://media.tangent.org/rss/1.0/": "audio",
    "http://backend.userland.com/blogchannelmodule": "blogchannel",
    "http://creativecommons.org/ns#license": "cc",
    "http://web.resource.org/cc/": "cc",
    "http://cyber.law.harvard.edu/rss/creativecommonsrssmodule.html": "creativecommons",
    "http://backend.userland.com/creativecommonsrssmodule": "creativecommons",
    "http://purl.org/rss/1.0/modules/company": "co",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://my.theinfo.org/changed/1.0/rss/": "cp",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://purl.org/rss/1.0/modules/email/": "email",
    "http://purl.org/rss/1.0/modules/event/": "ev",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://freshmeat.net/rss/fm/": "fm",
    "http://xmlns.com/foaf/0.1/": "foaf",
    "http://www.w3.org/2003/01/geo/wgs84_pos#": "geo",
    "http://www.georss.org/georss": "georss",
    "http://www.opengis.net/gml": "gml",
    "http://postneo.com/icbm/": "icbm",
    "http://purl.org/rss/1.0/modules/image/": "image",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://example.com/dtds/podcast-1.0.dtd": "itunes",
    "http://purl.org/rss/1.0/modules/link/": "l",
    "http://search.yahoo.com/mrss": "media",
    "http://search.yahoo.com/mrss/": "media",
    "http://madskills.com/public/xml/rss/module/pingback/": "pingback",
    "http://prismstandard.org/namespaces/1.2/basic/": "prism",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://www.w3.org/2000/01/rdf-schema#": "rdfs",
    "http://purl.org/rss/1.0/modules/reference/": "ref",
    "http://purl.org/rss/1.0/modules/richequiv/": "reqv",
    "http://purl.org/rss/1.0/modules/search/": "search",
    "http://purl.org/rss/1.0/modules/slash/": "slash",
    "http://schemas.xmlsoap.org/soap/envelope/": "soap",
    "http://purl.org/rss/1.0/modules/servicestatus/": "ss",
    "http://hacks.benhammersley.com/rss/streaming/": "str",
    "http://purl.org/rss/1.0/modules/subscription/": "sub",
    "http://purl.org/rss/1.0/modules/syndication/": "sy",
    "http://schemas.pocketsoap.com/rss/mydescmodule/": "szf",
    "http://purl.org/rss/1.0/modules/taxonomy/": "taxo",
    "http://purl.org/rss/1.0/modules/threading/": "thr",
    "http://purl.org/rss/1.0/modules/textinput/": "ti",
    "http://madskills.com/public/xml/rss/module/trackback/": "trackback",
    "http://wellformedweb.org/commentapi/": "wfw",
    "http://purl.org/rss/1.0/modules/wiki/": "wiki",
    "http://www.w3.org/1999/xhtml": "xhtml",
    "http://www.w3.org/1999/xlink": "xlink",
    "http://www.w3.org/xml/1998/namespace": "xml",
    "http://podlove.org/simple-chapters": "psc",
}
ATOM = "http://www.w3.org/2005/atom"
RSS_10 = "http://purl.org/rss/1.0/"
_RSS_BY_USERLAND = "backend.userland.com/rss"  # whatever follows
_XLINK = "http://www.w3.org/1999/xlink"  # feedparser makes an attribute of its declaration

# The elements that feedparser has a handler for.
_HANDLED_NAMES = """
abstract author body category cc_license channel cloud content content_encoded
contributor copyright created creativecommons_license dc_author
dc_contributor dc_creator dc_date dc_description dc_language dc_publisher dc_rights
dc_subject dc_title dcterms_created dcterms_issued dcterms_modified dcterms_valid
description email enclosure entry expirationdate feed feedburner_browserfriendly
fullitem generator geom georss_box georss_line georss_point georss_polygon georss_where
georssgeom gml_exterior gml_linearring gml_linestring gml_point gml_polygon gml_pos
gml_poslist guid height homepage id image info issued item itunes_author itunes_block
itunes_category itunes_email itunes_explicit itunes_image itunes_keywords itunes_link
itunes_name itunes_owner itunes_subtitle itunes_summary keywords language lastbuilddate
link managingeditor media_category media_content media_credit media_description
media_group media_keywords media_license media_player media_rating media_restriction
media_thumbnail media_title modified name newlocation psc_chapter psc_chapters pubdate
published rights rss source subtitle summary tagline tags textinput title
updated uri url webmaster where width xhtml_body
"""
HANDLED = frozenset(_HANDLED_NAMES.split())
# What our own code takes from feedparser, or feedparser itself, which keeps an element that it does
# not know under the element's name.
_FIELD_NAMES = """
author author_detail authors channel comments content contributors created date
feedburner_origlink generator icon id image items itunes_duration language link links
logo media_caption media_content media_credit media_thumbnail pheedo_origlink published
publisher publisher_detail publishers rights source summary summary_detail
sy_updatefrequency sy_updateperiod tags textinput title title_detail ttl updated
wfw_commentrss
"""
_FIELDS = frozenset(_FIELD_NAMES.split())
_HAS_MEANING = HANDLED | _FIELDS


class Declined(Exception):  # noqa: N818 - nothing is wrong: another reader reads the document
    """Raised for what only feedparser knows how to read."""


class Names:
    """Names the elements of one document."""

    def __init__(self, root: Any) -> None:
        """Collect the document's namespaces; raise Declined for those that feedparser mixes up."""
        self._names: dict[str, str] = {}
        self._odd_prefixes: dict[str, str] = {}
        declared = set()
        for _, declaration in etree.iterwalk(root, events=("start-ns",)):
            declared.add(declaration)
        self._add_odd(declared)
        # What feedparser puts before the names of elements.
        self.in_use = frozenset(self._prefix(uri) for _, uri in declared)
        self._check_meanings(declared)

    def _add_odd(self, declared: Iterable[tuple[str, str]]) -> None:
        """Note the prefixes of namespaces that feedparser does not know."""
        known = {prefix_of(uri) for _, uri in declared}
        uris: dict[str, str] = {}
        for prefix, uri in declared:
            if prefix_of(uri) is not None:
                continue
            is_second = self._odd_prefixes.setdefault(uri, prefix) != prefix
            is_shared = uris.setdefault(prefix, uri) != uri
            if is_second or (prefix and (is_shared or prefix in known)):
                raise Declined(f"the prefix {prefix}")

    def _prefix(self, uri: str) -> str:
        known = prefix_of(uri)
        return self._odd_prefixes[uri] if known is None else known

    def _check_meanings(self, declared: Iterable[tuple[str, str]]) -> None:
        """Decline a prefix that means one namespace in the document and another to feedparser."""
        lowered = {prefix.lower() for prefix in self.in_use}
        for prefix, uri in declared:
            if uri.lower() == _XLINK:
                raise Declined("XLink")
            if prefix and prefix in lowered and prefix != self._prefix(uri).lower():
                raise Declined(f"the prefix {prefix}")

    def name(self, element: Any) -> str:
        """Return feedparser's name of an element."""
        tag: str = element.tag
        known = self._names.get(tag)
        if known is None:
            known = self._names[tag] = self._find_name(tag)
        return known

    def _find_name(self, tag: str) -> str:
        uri, _, local = tag.rpartition("}")
        prefix = self._prefix(uri[1:]) if uri else ""
        name = f"{prefix}_{local}" if prefix else local
        return name.lower()


def prefix_of(uri: str) -> str | None:
    """Return feedparser's prefix of a namespace; None for one that it does not know."""
    lowered = uri.lower()
    if _RSS_BY_USERLAND in lowered:
        return ""
    return PREFIXES.get(lowered)


def check_unread(element: Any, names: Names) -> None:
    """Decline an element without a meaning of its own if something within it has one."""
    for inner in element.iter():
        if names.name(inner) in _HAS_MEANING:
            raise Declined(f"{names.name(inner)} in an unusual place")
