"""Links in what is published: valid by RFC 3986, and leading where they led before."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.model import Enclosure, FeedInfo, Image
from aggregator.normalize.url import page_key
from aggregator.normalize.url.valid import valid_url
from aggregator.opml.write import Outline
from aggregator.opml.write import render as render_opml
from aggregator.publish import ViewInfo, atom, json_feed, rss
from aggregator.publish.json_record import entry_record
from aggregator.publish.links import valid_links_in_html
from aggregator.publish.view import SourceInfo
from aggregator.web.html import outside_link

if TYPE_CHECKING:
    from aggregator.model import Entry

# RFC 3986 Appendix A, for absolute URIs; IPv6 addresses are only looked at by their characters.
_CHARACTER = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)"
_USER = r"(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*@)?"
RFC_3986 = re.compile(
    rf"[a-z][a-z0-9+.-]*:(?://{_USER}{_HOST}(?::[0-9]*)?(?:/{_CHARACTER}*)*|(?:{_CHARACTER}|/)*)"
    rf"(?:\?(?:{_CHARACTER}|[/?])*)?(?:#(?:{_CHARACTER}|[/?])*)?"
)
ODD = 'HTTPS://bücher.example/é|{a}[b]^`<c>" d\\e?q=%zz|[1]#f#g%'
VALID = (
    "https://xn--bcher-kva.example/%C3%A9%7C%7Ba%7D%5Bb%5D%5E%60%3Cc%3E%22%20d%5Ce"
    "?q=%25zz%7C%5B1%5D#f%23g%25"
)


@pytest.mark.parametrize(
    ("url", "valid"),
    [
        (ODD, VALID),
        ("https://a.example/b?c=d&e=%7C#f", "https://a.example/b?c=d&e=%7C#f"),
        ("https://a.example/a|b", "https://a.example/a%7Cb"),
        ("https://a.example/{id}", "https://a.example/%7Bid%7D"),
        ("https://a.example/?tags[]=x", "https://a.example/?tags%5B%5D=x"),
        ("https://a.example/a^b`c", "https://a.example/a%5Eb%60c"),
        ("https://a.example/a b", "https://a.example/a%20b"),
        (
            "https://a.example/美国?词=语",
            "https://a.example/%E7%BE%8E%E5%9B%BD?%E8%AF%8D=%E8%AF%AD",
        ),
        ("https://a.example/100%", "https://a.example/100%25"),
        ("https://a.example/100%25%2f", "https://a.example/100%25%2f"),
        ("https://a.example/%é%4", "https://a.example/%25%C3%A9%254"),
        ("HTTP://A.example/", "http://A.example/"),
        ("Mailto:ann@a.example", "mailto:ann@a.example"),
        ("MAGNET:?xt=urn:btih:ab&dn=a b", "magnet:?xt=urn:btih:ab&dn=a%20b"),
        ("http://[2001:db8::1]:8080/[x]", "http://[2001:db8::1]:8080/%5Bx%5D"),
        ("https://[::1]/", "https://[::1]/"),
        ("https://münchen.example:8443/", "https://xn--mnchen-3ya.example:8443/"),
        ("https://例え.example/", "https://xn--r8jz45g.example/"),
        ("https://ann:p|w@a.example/", "https://ann:p%7Cw@a.example/"),
        ("https://a.example/#:~:text=é", "https://a.example/#:~:text=%C3%A9"),
        ("https://a.example/a\nb", "https://a.example/ab"),
        ("https://a_b.example/x", "https://a_b.example/x"),
        ("urn:uuid:59324d44-4f81-5c07-a405-987364a1d1a1",) * 2,
    ],
)
def test_a_link_goes_out_as_rfc_3986_wants_it(url: str, valid: str) -> None:
    assert RFC_3986.fullmatch(valid)
    assert (valid_url(url), valid_url(valid)) == (valid, valid)


@settings(deadline=None, max_examples=300, derandomize=True)
@given(st.text() | st.lists(st.sampled_from([*"/?#[]@:%|é ", "%41", "//"])).map("".join))
def test_whatever_follows_the_host_a_link_is_valid_and_leads_to_the_same_page(rest: str) -> None:
    url = f"https://a.example/{rest}"

    valid = valid_url(url)

    assert RFC_3986.fullmatch(valid)
    assert valid_url(valid) == valid


@pytest.mark.parametrize(
    "url", ["https://a.example/é b?q=[1]&p=a|b", "https://bücher.example/100%", ODD]
)
def test_a_valid_link_has_the_key_of_the_one_it_was_made_of(url: str) -> None:
    assert page_key(valid_url(url)) == page_key(url.replace("\\", "%5C"))


@pytest.mark.parametrize(
    ("html", "valid"),
    [
        (
            '<a href="https://a.example/a b?x=1&amp;y=[2]" title="a > b">b</a>',
            '<a href="https://a.example/a%20b?x=1&amp;y=%5B2%5D" title="a > b">b</a>',
        ),
        ('<img alt="src=é" src="https://é.example/é">', None),
        ('<p>href="é" src="é"</p>', '<p>href="é" src="é"</p>'),
        ('<video poster="https://a.example/|"></video>', None),
    ],
)
def test_only_links_of_a_text_change(html: str, valid: str | None) -> None:
    found = valid_links_in_html(html)

    assert valid is None or found == valid
    for link in re.findall(r' (?:href|src|poster)="(h[^"]*)"', found):
        assert RFC_3986.fullmatch(unescape(link))


def _urls(value: Any) -> list[str]:
    """Return the web URLs that a JSON document has as values."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [url for part in value for url in _urls(part)]
    return [value] if str(value).lower().startswith("http") else []


def test_every_link_of_every_output_is_valid(articles: dict[str, Entry]) -> None:
    whole = articles["the fullest"]
    entry = replace(
        whole,
        url=ODD,
        comments=ODD,
        content_html=f'<p><a href="{ODD.replace(chr(34), "&quot;")}">x</a></p>',
        image=Image(ODD),
        enclosures=(Enclosure(ODD, "audio/mpeg", duration=3),),
        tellers=tuple(replace(one, url=ODD + "2", comments=ODD) for one in whole.tellers),
    )
    view = ViewInfo(
        "all",
        "All",
        self_url=ODD,
        home_url=ODD,
        sources={entry.lead_source: SourceInfo("A", ODD, ODD, FeedInfo("A", ODD, ODD, ODD))},
        icon_url=ODD,
        links=dict.fromkeys(entry.duplicates, ODD),
    )

    root = etree.fromstring(atom.render(view, [entry]))
    channel = etree.fromstring(rss.render(view, [entry]))
    paths = (
        "//@href | //@url | //@src | //*[local-name()='uri']/text() | //link/text()"
        " | //comments/text() | //image/url/text() | //*[local-name()='icon']/text()"
    )
    links = [str(link) for document in (root, channel) for link in document.xpath(paths)]
    feed = json.loads(json_feed.render(view, [entry]))
    links += _urls(feed)
    content = root.findtext(".//{http://www.w3.org/2005/Atom}content")
    record = entry_record(entry)
    outline = etree.fromstring(render_opml("A", [Outline(ODD, "A")]))

    assert len(links) > 40
    assert [link for link in links if not RFC_3986.fullmatch(link)] == []
    picture = f'<figure class="lead-picture"><img src="{VALID}" alt=""></figure>'
    assert content == f'{picture}<p><a href="{VALID}">x</a></p>'
    assert feed["items"][0]["content_html"] == content
    assert (record["url"], record["comments"], record["url_original"]) == (
        VALID,
        VALID,
        entry.url_original,
    )
    assert outline.xpath("//@xmlUrl") == [VALID]
    assert f'href="{VALID}"' in outside_link(entry.url, "Title")


def test_a_frame_that_an_older_version_stored_loses_its_origin() -> None:
    frame = '<iframe src="https://www.youtube.com/embed/1" sandbox="{}"></iframe><p>{}</p>'
    former, present = "allow-scripts allow-same-origin allow-popups", "allow-scripts allow-popups"

    assert valid_links_in_html(frame.format(former, former)) == frame.format(present, former)
