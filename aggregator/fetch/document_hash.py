"""A hash of what a document says, which tells whether it has to be read again.

Many feeds change with every request although no item does: a date of when they were built, or
a comment of the cache in front of them. Such parts before the first item and behind the last one
do not count.
"""

from __future__ import annotations

import re
from hashlib import blake2b

_MAX_HEAD = 65_536  # bytes before the first item, and behind the last one, that are looked at
_ITEM_START = re.compile(rb"<(?:item|entry)[\s>]")
_ITEM_ENDS = (b"</item>", b"</entry>")
# The dates of a channel are not kept: a document without another change says nothing new.
_BUILD_DATE = re.compile(
    rb"<((?:[a-z0-9]{1,20}:)?(?:lastBuildDate|pubDate|updated|modified|date))\b[^<>]{0,200}>"
    rb"[^<]{0,100}</\1\s*>",
    re.IGNORECASE,
)


def hash_bytes(body: bytes) -> str:
    """Return the hash of a document, to the byte; it is never one that `hash_document` returns."""
    return blake2b(body, digest_size=16, person=b"bytes").hexdigest()


def hash_document(body: bytes) -> str:
    """Return the hash of a document; of a feed it is over what is not about its making.

    >>> feed = b"<rss><lastBuildDate>%s</lastBuildDate><item>a</item></rss><!-- %s -->"
    >>> hash_document(feed % (b"1", b"2")) == hash_document(feed % (b"3", b"4"))
    True
    """
    digest = blake2b(digest_size=16)
    first = _ITEM_START.search(body, 0, _MAX_HEAD)
    if first is None:
        digest.update(body)
        return digest.hexdigest()

    begin = first.start()
    end = max(body.rfind(mark, begin) for mark in _ITEM_ENDS)
    if end < 0 or len(body) - end > _MAX_HEAD:
        end = len(body)
    digest.update(_without_build(body[:begin]))
    digest.update(memoryview(body)[begin:end])
    digest.update(_without_build(body[end:]))
    return digest.hexdigest()


def _without_build(part: bytes) -> bytes:
    """Return a part of a document without comments and dates."""
    kept = []
    begin = 0
    while (comment := part.find(b"<!--", begin)) >= 0:
        end = part.find(b"-->", comment)
        if end < 0:
            break
        kept.append(part[begin:comment])
        begin = end + 3
    kept.append(part[begin:])
    return _BUILD_DATE.sub(b"", b"".join(kept))
