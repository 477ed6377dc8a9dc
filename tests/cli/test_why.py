"""`aggregator why`: what it says is what the view does."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.publish import OUTPUTS
from aggregator.store import Store

if TYPE_CHECKING:
    from tests.cli.conftest import Project, Said

SITE = "https://news.example.org"
MORNING = datetime(2026, 3, 1, 8, tzinfo=UTC)
LONG = " ".join(
    f"The council said on Monday that gate number {number} of the harbour would be closed for"
    f" {number * 7} days, while {number + 3} ships wait outside."
    for number in range(12)
)


def save(project: Project, path: str, link: str, title: str, body: str, hour: int) -> None:
    epoch = int(MORNING.replace(hour=hour).timestamp() * 1000)
    project.write(path, f"<!--{epoch}-->\n[{title}]({link})\n------\n\n<p>{body}</p>\n")


def views(project: Project, *lines: str) -> None:
    """Configure these views, one a line from line 2 on."""
    listed = "".join(f"  - {line}\n" for line in lines)
    project.write("config/aggregator.yaml", f"views:\n{listed}sources: sources/*.yaml\n")


def answers(said: Said) -> dict[str, Any]:
    """What was said of each view: shown, reason, sentences."""
    return {
        one["view"]: (one["shown"], one["reason"], one["sentences"]) for one in said.json["views"]
    }


def why(project: Project, *words: str) -> Said:
    return project.call("why", *words, "--format", "json")


def sources_file(project: Project) -> str:
    return str(project.root / "config/sources/news.yaml")


# --- stored -----------------------------------------------------------------------------------


def test_an_entry_in_a_view_is_told_with_its_place(fetched: Project) -> None:
    said = fetched.call("why", f"{SITE}/story/2")

    [entry] = fetched.call("show", f"{SITE}/story/2", "--format", "json").json
    assert said.code == 0
    assert said.lines[:3] == ["A bridge opens", f"  {SITE}/story/2", f"  {entry['id']}"]
    assert said.lines[3].startswith("  from `saved`, published 2026-03-01 09:00Z, stored ")
    assert said.lines[4:] == ["", "merged: shown, number 2"]


def test_json_says_the_same(fetched: Project) -> None:
    said = why(fetched, f"{SITE}/story/2")

    shown = said.json
    assert shown.pop("stored").endswith("Z")
    entry = {
        "id": shown["entry"]["id"],
        "source": "saved",
        "url": f"{SITE}/story/2",
        "title": "A bridge opens",
        "published": "2026-03-01T09:00:00Z",
    }
    assert shown == {
        "name": f"{SITE}/story/2",
        "entry": entry,
        "matches": [entry],
        "notes": [],
        "views": [
            {
                "view": "merged",
                "shown": True,
                "reason": "shown",
                "position": 2,
                "published": True,
                "sentences": [],
            }
        ],
        "sources": [],
    }


@pytest.mark.parametrize(
    "spelling",
    [
        "http://www.news.example.org/story/2/?utm_source=x",
        "news.example.org/story/2",
        "https://www.google.com/url?q=https%3A%2F%2Fnews.example.org%2Fstory%2F2",
        "bridge OPENS",
        "Opéns",
    ],
)
def test_a_link_in_any_spelling_and_words_of_a_title_lead_to_the_entry(
    fetched: Project, spelling: str
) -> None:
    said = why(fetched, spelling)

    assert (said.code, said.json["entry"]["url"], said.json["notes"]) == (
        0,
        f"{SITE}/story/2",
        [],
    )


def test_the_beginning_of_an_id_leads_to_the_entry(fetched: Project) -> None:
    whole = why(fetched, f"{SITE}/story/2").json["entry"]["id"]

    assert why(fetched, whole.removeprefix("urn:uuid:")[:8]).json["entry"]["id"] == whole


def test_of_several_titles_all_are_listed_and_the_best_is_explained(project: Project) -> None:
    project.save("4", 4, "A bridge opens again", "<p>Once more.</p>", at=MORNING.replace(hour=11))
    assert project.call("fetch").code == 0

    said = project.call("why", "a bridge opens")

    ids = {entry["title"]: entry["id"][9:17] for entry in why(project, "bridge").json["matches"]}
    assert said.lines[:5] == [
        "2 entries match; * is explained",
        f"  {ids['A bridge opens again']}  2026-03-01 11:00Z  saved  A bridge opens again",
        f"* {ids['A bridge opens']}  2026-03-01 09:00Z  saved  A bridge opens",
        "",
        "A bridge opens",
    ]


def test_another_link_of_the_same_article_is_named(project: Project) -> None:
    site = "https://www.voanews.com/a"
    save(project, "saved/5.txt", f"{site}/old-name/7641234.html", "A vote", "They vote.", 11)
    assert project.call("fetch").code == 0

    said = why(project, f"{site}/new-name/7641234.html")

    assert said.json["entry"]["url"] == f"{site}/old-name/7641234.html"
    assert said.json["notes"] == [
        f"{site}/new-name/7641234.html leads to this entry: it is the same article under another link"
    ]


def test_what_is_beyond_the_limit_is_told_with_its_place(project: Project) -> None:
    views(project, "{id: short, limit: 2}")
    assert project.call("fetch").code == 0

    said = why(project, f"{SITE}/story/1")

    sentence = (
        "it is number 3 of the entries that the view selects, the newest first;"
        f" the view shows 2 ({project.config}:2)"
    )
    assert answers(said) == {"short": (False, "limit", [sentence])}


def test_of_a_source_that_has_its_share_the_limit_is_not_to_blame(project: Project) -> None:
    views(project, "{id: fair, limit: 2, max_per_source: 1}")
    assert project.call("fetch").code == 0

    said = why(project, f"{SITE}/story/1")

    sentence = f"newer entries of `saved` fill its share of the view, 1 ({project.config}:2)"
    assert answers(said) == {"fair": (False, "max_per_source", [sentence])}


def test_a_late_arrival_is_told_until_when_it_is_shown(project: Project) -> None:
    views(project, "{id: short, limit: 2}")
    assert project.call("fetch").code == 0
    project.save("4", 4, "Older news", "<p>An old story.</p>", at=MORNING.replace(hour=6))
    assert project.call("fetch", "--force").code == 0

    [view] = why(project, f"{SITE}/story/4").json["views"]

    assert (view["shown"], view["reason"], view["position"]) == (True, "late", 3)
    [sentence] = view["sentences"]
    assert sentence.startswith(
        "it came too late to be among the newest 2 (it is number 4), and is shown as well until "
    )


def test_each_condition_of_a_view_that_is_not_met_is_told_with_its_line(project: Project) -> None:
    views(
        project,
        "{id: zh, where: {language: zh, source: never}}",
        "{id: tags, where: {tag: [world, radio]}}",
        "{id: included, where: {include: {title: [Paris, Rome]}}}",
        "{id: excluded, where: {exclude: {title: [Paris, bridge], language: en}}}",
        "{id: whole, where: {publisher: AFP, has: [image, enclosure], include: {text: Rome}}}",
    )
    project.write(
        "config/sources/news.yaml",
        "- {id: saved, path: ../../saved/*.txt, adapter: archive, language: en}\n"
        "- {id: never, path: ../../never/*.txt, adapter: archive}\n",
    )
    assert project.call("fetch", "saved").code == 0

    config = project.config
    assert answers(why(project, f"{SITE}/story/2")) == {
        "zh": (
            False,
            "where",
            [
                f"its language is `en`; the view takes `zh` ({config}:2)",
                f"its source is `saved`; the view takes `never` ({config}:2)",
            ],
        ),
        "tags": (
            False,
            "where",
            [f"it has no tags; the view takes `world` or `radio` ({config}:3)"],
        ),
        "included": (
            False,
            "where",
            [f"its title matches none of `Paris` and `Rome` of `include.title` ({config}:4)"],
        ),
        "excluded": (
            False,
            "where",
            [
                f"its title matches `bridge` of `exclude.title` ({config}:5)",
                f"its language is `en`; `exclude.language` leaves out `en` ({config}:5)",
            ],
        ),
        "whole": (
            False,
            "where",
            [
                f"it has no publisher; the view takes `AFP` ({config}:6)",
                f"the view takes only entries that have `image` and `enclosure` ({config}:6)",
                f"its title and text does not match `Rome` of `include.text` ({config}:6)",
            ],
        ),
    }


def test_one_view_can_be_asked_for(project: Project) -> None:
    views(project, "{id: all}", "{id: zh, where: {language: zh}}")
    assert project.call("fetch").code == 0

    assert list(answers(why(project, f"{SITE}/story/2", "--view", "zh"))) == ["zh"]
    said = project.call("why", f"{SITE}/story/2", "--view", "al")
    assert (said.code, said.out, said.err) == (
        2,
        "",
        "aggregator: there is no view `al`, did you mean `all`?\n",
    )


def test_what_is_too_old_for_a_view_is_told(project: Project) -> None:
    views(project, "{id: new, keep: 30d}", "{id: young, keep: 30d, where: {age: 7d}}")
    assert project.call("fetch").code == 0

    sentence = (
        "it was published 2026-03-01 09:00Z; the view shows an entry for 30 d after its"
        f" publication ({project.config}:2)"
    )
    of_age = sentence.replace("for 30 d", "for 7 d").replace(":2)", ":3)")
    assert answers(why(project, f"{SITE}/story/2")) == {
        "new": (False, "keep", [sentence]),
        "young": (False, "keep", [of_age]),
    }


@pytest.fixture
def copied(project: Project) -> Project:
    """One text in two sources, in `other` an hour later, with and without its own view."""
    views(project, "{id: merged}", "{id: every, duplicates: keep}", "{id: none, keep: 30d}")
    project.write(
        "config/sources/more.yaml", "- {id: other, path: ../../other/*.txt, adapter: archive}\n"
    )
    save(project, "saved/4.txt", f"{SITE}/one", "Harbour closes", LONG, 11)
    save(project, "other/4.txt", f"{SITE}/two", "Harbour closes for repairs", LONG, 12)
    assert project.call("fetch").code == 0
    return project


def test_what_is_hidden_behind_a_copy_names_it_and_why_it_leads(copied: Project) -> None:
    reason = "it was published earlier, 2026-03-01 11:00Z and not 2026-03-01 12:00Z"
    advice = "`duplicates: keep` in the view shows all copies"
    too_old = (
        "that copy is not shown either: it was published 2026-03-01 11:00Z;"
        f" the view shows an entry for 30 d after its publication ({copied.config}:4)"
    )

    assert answers(why(copied, f"{SITE}/two")) == {
        "merged": (
            False,
            "copy",
            [
                f"a copy in `saved` is shown instead ({SITE}/one): {reason}",
                f"{advice} ({copied.config}:2)",
            ],
        ),
        "every": (True, "shown", []),
        "none": (
            False,
            "copy",
            [
                f"a copy in `saved` stands for both ({SITE}/one): {reason}",
                too_old,
                f"{advice} ({copied.config}:4)",
            ],
        ),
    }


def test_what_is_published_counts_the_copies_that_are_not_shown(copied: Project) -> None:
    counts = {
        (row["view"], row["entries"], row["groups"], row["copies"])
        for row in copied.call("publish", "--format", "json").json
    }

    assert counts == {("merged", 4, 1, 1), ("every", 5, 0, 0), ("none", 0, 0, 0)}


def test_what_leads_its_copies_says_why(copied: Project) -> None:
    copied.write(
        "config/sources/more.yaml",
        "- {id: other, path: ../../other/*.txt, adapter: archive, priority: 5}\n",
    )
    assert copied.call("fetch", "--force").code == 0
    assert copied.call("publish").code == 0

    [shown, reason, sentences] = answers(why(copied, f"{SITE}/two"))["merged"]

    assert (shown, reason) == (True, "shown")
    assert sentences == [
        f"it is shown instead of its copy in `saved` ({SITE}/one): `other` has priority 5, `saved` has 0"
    ]


def test_what_waits_for_the_next_publish_is_told(fetched: Project) -> None:
    before = fetched.atom.read_bytes()
    fetched.save("4", 4, "Fresh news", "<p>It just came.</p>", at=MORNING.replace(hour=11))
    assert fetched.call("fetch", "--force").code == 0
    fetched.atom.write_bytes(before)
    os.utime(fetched.atom, (MORNING.timestamp(), MORNING.timestamp()))

    [view] = why(fetched, f"{SITE}/story/4").json["views"]

    assert (view["shown"], view["published"]) == (True, False)
    [sentence] = view["sentences"]
    assert sentence.startswith(
        f"{fetched.atom} does not have it yet: the file is of 2026-03-01 08:00Z,"
        " the entry was stored "
    )
    assert sentence.endswith("; the next publish adds it")


def test_a_view_that_was_never_written_is_told(fetched: Project) -> None:
    paths = [fetched.atom.with_suffix(f".{kind}") for kind in OUTPUTS]
    for path in paths:
        path.unlink()

    [view] = why(fetched, f"{SITE}/story/2").json["views"]

    assert (view["published"], view["sentences"]) == (
        None,
        [f"{path} is not written yet; `aggregator publish` writes it" for path in paths],
    )


def test_what_the_file_still_has_is_told(fetched: Project) -> None:
    os.utime(fetched.atom, (MORNING.timestamp(), MORNING.timestamp()))
    views(fetched, "{id: merged, where: {language: zh}}")

    [view] = why(fetched, f"{SITE}/story/2").json["views"]

    assert (view["shown"], view["published"]) == (False, True)
    assert (
        view["sentences"][1]
        == f"{fetched.atom}, of 2026-03-01 08:00Z, still has it; the next publish removes it"
    )


# --- not stored -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [f"{SITE}/ad", "boat"])
def test_what_a_source_leaves_out_is_told_with_the_rule_and_its_line(
    project: Project, name: str
) -> None:
    project.write(
        "config/sources/news.yaml",
        "- id: saved\n  path: ../../saved/*.txt\n  adapter: archive\n"
        '  exclude:\n    title:\n      - nothing\n      - "^Ad:"\n',
    )
    save(project, "saved/4.txt", f"{SITE}/ad", "Ad: buy a boat", "Buy a boat.", 11)
    assert project.call("fetch").code == 0

    said = why(project, name)

    [(shown, reason, sentences)] = answers(said).values()
    assert (said.code, shown, reason) == (2, False, "filtered")
    assert sentences[0].startswith("the newest document of `saved`, of ")
    assert sentences[0].endswith(", lists it, but the filters of `saved` leave it out")
    assert sentences[1:] == [
        f"its title matches `^Ad:` of `exclude.title` ({sources_file(project)}:7)"
    ]


def test_what_a_source_does_not_include_is_told(project: Project) -> None:
    project.write(
        "config/sources/news.yaml",
        "- {id: saved, path: ../../saved/*.txt, adapter: archive, include: {tag: sport}}\n",
    )
    assert project.call("fetch").code == 0

    [(_, reason, sentences)] = answers(why(project, f"{SITE}/story/2")).values()

    assert (reason, sentences[1:]) == (
        "filtered",
        [f"none of its tags matches `sport` of `include.tag` ({sources_file(project)}:1)"],
    )


def test_what_was_rejected_is_told_with_the_message(project: Project) -> None:
    project.write(
        "config/sources/news.yaml",
        "- {id: saved, path: ../../saved/*.txt, adapter: archive, corrections: {future: reject}}\n",
    )
    body = "<div><i>2199-03-01 07:30</i></div><p>It will happen.</p>"
    project.save("4", 4, "Far ahead", body)
    said = project.call("fetch", "--format", "json")
    [outcome] = said.json
    [message] = outcome["rejected"]

    [(_, reason, sentences)] = answers(why(project, f"{SITE}/story/4")).values()

    assert reason == "rejected"
    assert sentences[0].endswith(f", lists it, but it was rejected: {message}")


def test_what_no_source_brought_names_those_of_its_site(project: Project) -> None:
    project.write(
        "config/sources/others.yaml",
        f"- {{id: new, url: '{SITE}/feed'}}\n- {{id: off, url: '{SITE}/off', enabled: false}}\n"
        "- {id: elsewhere, url: 'https://blog.example.net/feed'}\n",
    )
    project.write("saved/9.txt", "nonsense")
    assert project.call("fetch", "saved").code == 0

    said = project.call("why", f"{SITE}/story/99")

    assert said.code == 2
    assert said.lines[:4] == [
        f"{SITE}/story/99: not stored",
        "",
        "merged: not shown",
        "  no source brought it, and no document that was fetched last lists it",
    ]
    assert said.lines[4].startswith("  `saved` follows news.example.org; its last run, ")
    assert ": 3 new, 1 rejected; next in " in said.lines[4]
    rejected = "9.txt: not a saved article: it begins with `nonsense`, not with `<!--epoch-->`"
    assert said.lines[5:] == [
        f"  `saved` rejected an item: {rejected}",
        "  `new` follows news.example.org, but was never fetched; `aggregator fetch new` does it",
        f"  `off` follows news.example.org, but is disabled ({project.root}/config/sources/others.yaml:2)",
    ]
    assert [source["id"] for source in why(project, f"{SITE}/story/99").json["sources"]] == [
        "saved",
        "new",
        "off",
    ]


def test_a_source_that_fails_is_told_with_its_error(project: Project) -> None:
    project.write("config/sources/more.yaml", "- {id: down, url: 'http://127.0.0.1:9/feed'}\n")
    assert project.call("fetch", "down").code == 1

    [(_, _, sentences)] = answers(why(project, "http://127.0.0.1:9/a")).values()

    assert sentences[1].startswith("`down` follows 127.0.0.1; its last run, ")
    assert ": failed, blocked: 127.0.0.1 is refused " in sentences[1]


def test_a_site_that_no_source_follows_is_told(fetched: Project) -> None:
    said = fetched.call("why", "https://nowhere.example/a")

    assert (said.code, said.lines) == (
        2,
        [
            "https://nowhere.example/a: not stored",
            "",
            "merged: not shown",
            "  no source brought it, and none follows nowhere.example; `aggregator add` adds one",
        ],
    )


def test_a_link_that_cannot_be_read_is_told(fetched: Project) -> None:
    [(_, reason, sentences)] = answers(why(fetched, "http://[::1")).values()

    assert (reason, sentences) == ("unknown", ["this is no link that can be read"])


@pytest.mark.parametrize("name", ["ffffffff", "no such words", ""])
def test_an_id_or_words_that_nothing_has_are_told(fetched: Project, name: str) -> None:
    said = why(fetched, name)

    assert (said.code, answers(said)["merged"]) == (
        2,
        (False, "unknown", ["no entry has this id, and no title has these words"]),
    )


def test_what_was_deleted_is_told_by_link_and_by_id(fetched: Project) -> None:
    link = f"{SITE}/story/2"
    id_ = why(fetched, link).json["entry"]["id"]
    with Store.open(f"sqlite:///{fetched.root}/var/aggregator.db", text_of=str) as store:
        assert store.delete_entries([id_], now=MORNING) == 1

    listed = (
        "it was deleted, 2026-03-01 08:00Z at the latest; `saved` still lists it,"
        " and what was deleted does not come back"
    )
    for name in (link, id_, id_[9:17]):
        assert answers(why(fetched, name))["merged"] == (False, "deleted", [listed])

    (fetched.root / "saved/2.txt").unlink()
    assert fetched.call("fetch", "--force").code == 0
    assert answers(why(fetched, link))["merged"] == (
        False,
        "deleted",
        ["it was deleted 2026-03-01 08:00Z, as its `keep` was over or by hand"],
    )


def test_what_a_filter_left_out_that_is_gone_now_is_told(project: Project) -> None:
    source = "- {id: saved, path: ../../saved/*.txt, adapter: archive"
    project.write("config/sources/news.yaml", f"{source}, exclude: {{title: bridge}}}}\n")
    assert project.call("fetch").code == 0
    project.write("config/sources/news.yaml", f"{source}}}\n")

    [(_, reason, sentences)] = answers(why(project, f"{SITE}/story/2")).values()

    assert reason == "listed"
    assert sentences[0].endswith(
        ", lists it, but it is not stored;"
        " `aggregator fetch saved --force --full` reads the document again"
    )
    assert sentences[1:] == ["the last run of `saved` noted: 1 item left out by filters"]

    assert project.call("fetch", "saved", "--force", "--full").code == 0
    assert answers(why(project, f"{SITE}/story/2"))["merged"] == (True, "shown", [])


FEED = """<rss version="2.0"><channel><title>Harbour</title><link>{origin}/</link>
<item><title>A bridge opens</title><link>{origin}/1</link><description>Ships pass.</description></item>
<item><title>Rowing: a sport</title><link>/2?utm_source=feed</link><category>Sport</category></item>
</channel></rss>"""


def test_what_a_feed_lists_and_a_filter_leaves_out_is_told(project: Project, way: Any) -> None:
    project.write(
        "config/aggregator.yaml", "network: {allow_private: true}\nsources: sources/*.yaml\n"
    )

    async def story() -> Said:
        async with way.Origin() as origin:
            origin.pages["/feed"] = way.Reply(FEED.replace("{origin}", origin.url("")))
            project.write(
                "config/sources/news.yaml",
                f"- {{id: harbour, url: '{origin.url('/feed')}', full_text: never,\n"
                "  exclude: {tag: '(?i)sport'}}\n",
            )
            fetched = await asyncio.to_thread(project.call, "fetch")
            assert fetched.code == 0
            return await asyncio.to_thread(why, project, origin.url("/2"))

    [(_, reason, sentences)] = answers(asyncio.run(story())).values()

    assert reason == "filtered"
    assert sentences[1:] == [
        f"one of its tags matches `(?i)sport` of `exclude.tag` ({sources_file(project)}:2)"
    ]


LIST = """<html lang="en"><body><ul>
<li class="c"><h3><a href="/1">A bridge opens</a></h3></li>
<li class="c"><h3><a href="/2">The pilot is back</a></h3></li></ul></body></html>"""
PAGE = """<html lang="en"><head><title>{title}</title></head><body><article><h1>{title}</h1>
<p>{text}, and more is said of it here, in a sentence that is long enough.</p></article></body></html>"""


def test_what_the_page_of_an_article_decided_is_told(project: Project, way: Any) -> None:
    html = {"Content-Type": "text/html; charset=utf-8"}
    project.write(
        "config/aggregator.yaml", "network: {allow_private: true}\nsources: sources/*.yaml\n"
    )

    async def story() -> Said:
        async with way.Origin() as origin:
            origin.pages["/list"] = way.Reply(LIST, 200, html)
            for path, title, text in (
                ("/1", "A bridge opens", "Ships pass beneath it"),
                ("/2", "The pilot is back", "Sponsored by a boat builder"),
            ):
                origin.pages[path] = way.Reply(PAGE.format(title=title, text=text), 200, html)
            project.write(
                "config/sources/news.yaml",
                f"- {{id: list, url: '{origin.url('/list')}', adapter: page, items: li.c,"
                " fields: {title: h3, url: a@href}, article: {body: article},"
                " exclude: {content: Sponsored}}\n",
            )
            fetched = await asyncio.to_thread(project.call, "fetch")
            assert fetched.code == 0
            return await asyncio.to_thread(why, project, origin.url("/2"))

    said = asyncio.run(story())

    [(_, reason, sentences)] = answers(said).values()
    assert reason == "filtered"
    assert sentences[0].endswith(
        ", lists it, but the filters of `list` leave it out with the text of its own page"
    )
    assert sentences[1:] == [
        f"its text matches `Sponsored` of `exclude.content` ({sources_file(project)}:1)"
    ]
