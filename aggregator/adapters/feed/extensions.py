"""Reads of an item's elements what feedparser drops or mixes up.

feedparser keeps only the last of several equal elements of a namespace that it does not know, such
as the transcripts of a podcast, knows no `<image>` of an item, and loses what stands within a
media:content. Read here are the item's `<image>`, the podcast namespace
(https://podcasting2.org/docs/podcast-namespace) and Media RSS (https://www.rssboard.org/media-rss).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.adapters.feed.media import MediaText, read_number, text_or_none
from aggregator.model import Candidate, Enclosure, RawImage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from aggregator.model import EnclosureKind

# Without one of these there is nothing to read.
_SIGNS = (b"odcastindex", b"<image")
_MEDIA_SIGNS = (b"mrss", b"media-rss")
_MEDIA_ELEMENT = re.compile(rb":(?:content|group|subtitle)[\s/>]")
_MEDIA_WITHOUT_PREFIX = re.compile(rb"xmlns\s*=\s*[\"'][^\"']*(?:mrss|media-rss)")
_MEDIA_RSS = ("/mrss", "/media-rss")
# Of one item; a podcast has a handful.
_MOST = 100


@dataclass(slots=True)
class Extensions:
    """What one item has in extensions.

    `media` maps the URL of a media:content to its texts. `people` are the names of podcast:person.
    """

    images: list[RawImage] = field(default_factory=list)
    enclosures: list[Enclosure] = field(default_factory=list)
    people: list[Candidate] = field(default_factory=list)
    media: dict[str, MediaText] = field(default_factory=dict)


NO_EXTENSIONS = Extensions()


def read_extensions(xml: bytes, count: int) -> Sequence[Extensions]:
    """Return the extensions of each of the `count` items of a document, in order.

    Returns () if there are none, or if the items are not those that feedparser found.
    """
    if not may_have_extensions(xml):
        return ()
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, huge_tree=True, remove_comments=True
    )
    root = etree.fromstring(xml, parser)
    if root is None:
        return ()
    items = list(root.iter("{*}item", "{*}entry"))
    if len(items) != count:
        return ()
    return [read_item(item) for item in items]


def may_have_extensions(xml: bytes) -> bool:
    """Tell whether a document may have extensions, in a fraction of the time of reading it.

    Many feeds declare Media RSS and have nothing of it but thumbnails, which feedparser reads.
    """
    if any(sign in xml for sign in _SIGNS):
        return True
    if not any(sign in xml for sign in _MEDIA_SIGNS):
        return False
    lowered = xml.lower()
    return _MEDIA_ELEMENT.search(lowered) is not None or (
        _MEDIA_WITHOUT_PREFIX.search(lowered) is not None
    )


def read_item(item: Any) -> Extensions:
    """Return the extensions of one item of lxml."""
    found = Extensions()
    for element in item:
        namespace, name = _split_name(element)
        if namespace.rstrip("/").endswith(_MEDIA_RSS):
            _read_media(element, name, found)
        elif "podcastindex" in namespace:
            read = _PODCAST_READERS.get(name)
            if read:
                read(element, found)
        elif name == "image" and "itunes" not in namespace:
            found.images.extend(_item_image(element))
    del found.enclosures[_MOST:], found.people[_MOST:]
    return found


def _split_name(element: Any) -> tuple[str, str]:
    """Return the namespace and the local name of an element, in lower case."""
    if not isinstance(element.tag, str):
        return "", ""
    namespace, _, name = element.tag.rpartition("}")
    return namespace.lstrip("{").lower(), name.lower()


def _attribute(element: Any, name: str) -> str | None:
    return text_or_none(element.get(name))


def _text(element: Any) -> str | None:
    return text_or_none("".join(element.itertext()))


def _first_text(parent: Any, name: str) -> str | None:
    """Return the text of the first child of this name, in any namespace."""
    for element in parent.iterchildren(f"{{*}}{name}"):
        return _text(element)
    return None


def _item_image(element: Any) -> Iterator[RawImage]:
    """Yield the picture of an item's `<image>`: in `<url>`, in an attribute or as its text."""
    address = _first_text(element, "url")
    caption = _first_text(element, "title")
    for attribute in ("url", "href", "src"):
        address = address or _attribute(element, attribute)
    if address is None and len(element) == 0:
        address = text_or_none(element.text)
    if address and len(address.split()) == 1:
        yield RawImage(address, "feed:image", alt=caption)


def _read_media(element: Any, name: str, found: Extensions) -> None:
    if name == "content":
        _read_media_content(element, found, MediaText())
    elif name == "group":
        _read_media_group(element, found)
    elif name == "subtitle":
        _add_file(found, element, "href", "captions")


def _read_media_group(group: Any, found: Extensions) -> None:
    """Read contents that are one film or picture in several formats: one of them is the default.

    Their common texts are those of the group.
    """
    for subtitle in group.iterchildren("{*}subTitle"):
        _add_file(found, subtitle, "href", "captions")

    contents = list(group.iterchildren("{*}content"))
    default = next((one for one in contents if _is_default(one)), None)
    if default is None and contents:
        default = contents[0]
    texts = _media_texts(group)
    for content in contents:
        is_alternate = content is not default and _kind(content) == _kind(default)
        _read_media_content(
            content, found, MediaText(texts.title, texts.description, is_alternate=is_alternate)
        )


def _is_default(content: Any) -> bool:
    return bool(content.get("isDefault", "").strip().lower() == "true")


def _kind(content: Any) -> str:
    """Return whether a content is audio, video or a picture, as far as it says so."""
    medium: str = content.get("medium") or (content.get("type") or "").partition("/")[0]
    return medium.strip().lower()


def _read_media_content(content: Any, found: Extensions, of_group: MediaText) -> None:
    for subtitle in content.iterchildren("{*}subTitle"):
        _add_file(found, subtitle, "href", "captions")
    address = content.get("url", "").strip()
    own = _media_texts(content)
    texts = MediaText(
        own.title or of_group.title,
        own.description or of_group.description,
        language=_attribute(content, "lang"),
        is_alternate=of_group.is_alternate,
    )
    found.media.setdefault(address, texts)


def _media_texts(parent: Any) -> MediaText:
    # The text was renamed, because feedparser takes a media:description for the item's text.
    description = _first_text(parent, "caption") or _first_text(parent, "description")
    return MediaText(_first_text(parent, "title"), description)


def _add_file(found: Extensions, element: Any, key: str, kind: EnclosureKind) -> None:
    address = element.get(key, "").strip()
    language = _attribute(element, "language") or _attribute(element, "lang")
    found.enclosures.append(
        Enclosure(address, _attribute(element, "type"), kind=kind, language=language)
    )


def _read_transcript(element: Any, found: Extensions) -> None:
    is_captions = element.get("rel", "").strip().lower() == "captions"
    _add_file(found, element, "url", "captions" if is_captions else "transcript")


def _read_chapters(element: Any, found: Extensions) -> None:
    _add_file(found, element, "url", "chapters")


def _read_alternate(element: Any, found: Extensions) -> None:
    """Read podcast:alternateEnclosure: one file, which several sources can have."""
    for source in element.iterchildren("{*}source"):
        address = source.get("uri", "").strip()
        enclosure = Enclosure(
            address,
            _attribute(source, "contentType") or _attribute(element, "type"),
            read_number(element.get("length")),
            title=_attribute(element, "title"),
            kind="alternate",
            language=_attribute(element, "lang"),
        )
        found.enclosures.append(enclosure)


def _read_person(element: Any, found: Extensions) -> None:
    name = _text(element)
    if name:
        found.people.append(Candidate(name, "feed:podcast:person"))


_PODCAST_READERS: dict[str, Callable[[Any, Extensions], None]] = {
    "transcript": _read_transcript,
    "chapters": _read_chapters,
    "alternateenclosure": _read_alternate,
    "person": _read_person,
}
