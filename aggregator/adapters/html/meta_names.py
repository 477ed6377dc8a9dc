"""The names under which pages state what their articles are, in meta elements: facts, in the order of their worth."""

from __future__ import annotations

import re

PUBLISHED_META = (
    "article:published_time",
    "article:published",
    "og:published_time",
    "og:article:published_time",
)
OTHER_PUBLISHED_META = (
    "dc.date.issued",
    "dcterms.issued",
    "dcterms.created",
    "dc.date.created",
    "dc.date",
    "dcterms.date",
    "dc:date",
    "datepublished",
    "date",
    "pubdate",
    "publishdate",
    "publish-date",
    "publish_date",
    "publication_date",
    "published-date",
    "parsely-pub-date",
    "sailthru.date",
    "article.published",
    "cxenseparse:recs:publishtime",
    "cse_publish_date",
    "article_date_original",
    "originalpublicationdate",
    "bt:pubdate",
    "rbpubdate",
    "citation_publication_date",
    "citation_date",
    "weibo:article:create_at",
    "ptime",
    "creation_date",
)
KNOWN_META = frozenset((*PUBLISHED_META, *OTHER_PUBLISHED_META))
SAYS_PUBLISHED = re.compile(
    r"(?:^|[^a-z])(?:publi(?:sh|ca|é)|pubdate|posted|uploaded|created|issued)(?!.*(?:modif|updat|expir|by$|er$))"
)
FOR_MACHINES = re.compile(r"[12]\d{3}-?\d\d-?\d\d(?!\d)")
UPDATED_META = (
    "article:modified_time",
    "og:updated_time",
    "article:modified",
    "dcterms.modified",
    "dc.date.modified",
    "last-modified",
    "lastmod",
    "article.updated",
    "weibo:article:update_at",
)
AUTHOR_META = (
    "author",
    "article:author",
    "dc.creator",
    "dcterms.creator",
    "dc:creator",
    "parsely-author",
    "sailthru.author",
    "article:author_name",
    "byl",
    "byline",
    "citation_author",
)
TAG_META = ("article:tag", "news_keywords", "parsely-tags", "sailthru.tags", "og:article:tag")
SUMMARY_META = (
    "og:description",
    "description",
    "twitter:description",
    "dc.description",
    "dcterms.abstract",
)
SITE_META = (
    "og:site_name",
    "application-name",
    "apple-mobile-web-app-title",
    "twitter:app:name:iphone",
)
PLAYER_META = (
    "og:audio:secure_url",
    "og:audio:url",
    "og:audio",
    "og:video:secure_url",
    "og:video:url",
    "og:video",
)
IMAGE_META = ("og:image:secure_url", "og:image:url", "og:image")
