"""What users of other readers suffered from, each driven the whole way: identity, dates and order.

A test has the number of its pain in the list of thirty that the project began with; those of fetching, of most broken
documents and of people's rules are tested where those are.

The numbers in parentheses are of the issue where it was told, in the project that is named.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aggregator.model import Entry

STORY = (
    "The regional parliament said on Monday evening that the closure of two power stations would go ahead in the area, "
    "and promised that nobody would be left without an answer. Witnesses described long queues in front of public "
    "buildings, where people had gathered to hear the announcement. The next round of talks is due at noon."
)


def item(number: int, **fields: str | None) -> dict[str, str | None]:
    """An article; None leaves an element out."""
    return {
        "title": f"Title {number}",
        "link": f"https://harbour.example/{number}",
        "guid": f"g{number}",
        "pubDate": f"Sat, 04 Jul 2026 0{number}:00:00 GMT",
        "description": f"Text of {number}",
    } | fields


def feed(*items: dict[str, str | None]) -> str:
    body = "".join(
        "<item>"
        + "".join(
            f"<{name}{' isPermaLink=' + chr(34) + 'false' + chr(34) if name == 'guid' else ''}>{escape(value)}</{name}>"
            for name, value in fields.items()
            if value is not None
        )
        + "</item>"
        for fields in items
    )
    return f'<rss version="2.0"><channel><title>Harbour</title>{body}</channel></rss>'


def polled(home: Any, way: Any, clock: Any, *documents: str, source: str = "") -> list[list[Entry]]:
    """Poll one source once a day, each time with the next document; return the view after each."""
    return asyncio.run(_polled(home, way, clock, documents, source))


def notes(home: Any, clock: Any) -> tuple[tuple[str, ...], ...]:
    """What the outcomes of the source said, the newest first."""

    async def story() -> tuple[tuple[str, ...], ...]:
        async with home.app(clock) as app:
            return tuple(outcome.notes for outcome in app.store.outcomes("rss", 9))

    return asyncio.run(story())


async def _polled(
    home: Any, way: Any, clock: Any, documents: tuple[str, ...], source: str
) -> list[list[Entry]]:
    seen = []
    async with way.Origin() as origin:
        home.follow(f'{{id: rss, url: "{origin.url("/rss")}"{source}}}')
        async with home.app(clock) as app:
            for document in documents:
                origin.pages["/rss"] = way.Reply(document)
                await app.cycle(force=True)
                seen.append(app.view_entries(app.config.views[0]))
                clock.forward(days=1)
    return seen


def test_1_an_article_whose_guid_url_or_title_changes_stays_one_entry(
    home: Any, way: Any, clock: Any
) -> None:
    """(miniflux 797, 3120; liferea 1195)"""
    first, *later = polled(
        home,
        way,
        clock,
        feed(item(1)),
        feed(item(1, guid="another")),
        feed(item(1, guid="another", link="https://www.harbour.example/1/?utm_source=rss")),
        feed(item(1, guid="another", link="https://harbour.example/moved")),
        feed(item(1, guid="another", link="https://harbour.example/moved", title="Another title")),
    )

    assert [[entry.id for entry in view] for view in later] == [[first[0].id]] * 4
    assert (later[-1][0].title, later[-1][0].first_seen) == ("Another title", first[0].first_seen)


def test_1_an_article_whose_guid_and_url_change_at_once_stays_one_entry(
    home: Any, way: Any, clock: Any
) -> None:
    """(miniflux 797, 3120; liferea 1195)"""
    moved = {"guid": "https://quay.example/2/1", "link": "https://quay.example/2/1"}
    first, second, third = polled(
        home,
        way,
        clock,
        feed(item(1), item(2)),
        feed(item(1, **moved), item(2)),
        feed(item(1, **moved, description="Edited"), item(2), item(3, title="Title 1")),
    )

    assert [entry.id for entry in second] == [entry.id for entry in first]
    assert [entry.id for entry in third][1:] == [entry.id for entry in first]
    assert [(entry.title, entry.revision) for entry in third] == [
        ("Title 1", 1),
        ("Title 2", 1),
        ("Title 1", 2),
    ]
    assert notes(home, clock)[1] == (
        "1 item under other links and ids: recognised by title and date",
    )


def test_1_a_feed_that_changes_all_its_guids_brings_nothing_twice(
    home: Any, way: Any, clock: Any
) -> None:
    """(miniflux 797, 3120; liferea 1195)"""
    first, second = polled(
        home,
        way,
        clock,
        feed(*(item(number) for number in (1, 2, 3))),
        feed(*(item(number, guid=f"new-{number}") for number in (1, 2, 3, 4))),
    )

    assert [entry.id for entry in second][1:] == [entry.id for entry in first]
    assert notes(home, clock) == (
        ("all guids changed: 3 items kept, their links are the same",),
        (),
    )


def test_2_a_source_whose_guids_repeat_is_keyed_by_url_from_then_on(
    home: Any, way: Any, clock: Any
) -> None:
    """(miniflux 4197; FreshRSS 4487)"""
    views = polled(
        home,
        way,
        clock,
        feed(item(1), item(2), item(3)),
        feed(item(1), item(2, guid="g1"), item(3)),
        feed(item(1), item(3, guid="g2"), item(4, guid="g3")),
    )

    assert [[entry.title[-1] for entry in view] for view in views] == [
        list("321"),
        list("321"),
        list("4321"),
    ]
    assert {entry.id for entry in views[0]} < {entry.id for entry in views[2]}
    assert notes(home, clock) == (
        ("keyed by URL: its guids named several items before",),
        ("keyed by URL: 1 of 3 guids repeat",),
        (),
    )


def test_2_a_full_fetch_of_a_better_document_believes_guids_again(
    home: Any, way: Any, clock: Any
) -> None:
    """(miniflux 4197; FreshRSS 4487)"""

    async def story() -> list[bool]:
        seen = []
        async with way.Origin() as origin:
            home.follow(f'{{id: rss, url: "{origin.url("/rss")}"}}')
            async with home.app(clock) as app:
                for document, full in (
                    (feed(item(1), item(2, guid="g1")), False),
                    (feed(item(1)), False),
                    ("", True),
                ):
                    origin.pages["/rss"] = way.Reply(document or feed(item(1)))
                    await app.cycle(["rss"], force=True, full=full)
                    seen += [state.by_url for state in app.store.states()]
                    clock.forward(days=1)
        return seen

    assert asyncio.run(story()) == [True, True, False]


def test_2_guids_that_are_places_in_a_list_do_not_make_one_of_all(
    home: Any, way: Any, clock: Any
) -> None:
    """(miniflux 4197; FreshRSS 4487)"""
    views = polled(
        home,
        way,
        clock,
        feed(item(3, guid="0"), item(2, guid="1"), item(1, guid="2")),
        feed(item(4, guid="0"), item(3, guid="1"), item(2, guid="2")),
        feed(item(5, guid="0"), item(4, guid="1"), item(3, guid="2")),
    )

    assert [entry.title[-1] for entry in views[-1]] == list("54321")
    assert {entry.revision for entry in views[-1]} == {1}


def test_2_guids_that_number_the_places_of_a_list_do_not_overwrite_what_was_there(
    home: Any, way: Any, clock: Any
) -> None:
    """(miniflux 4197; FreshRSS 4487)"""
    next_day = {
        number: {"guid": f"g{number}", "pubDate": "Sun, 05 Jul 2026 09:00:00 GMT"}
        for number in (1, 2)
    }
    _, second, third = polled(
        home,
        way,
        clock,
        feed(item(1), item(2)),
        feed(*(item(number + 5, **fields) for number, fields in next_day.items())),
        feed(item(9, guid="g1", pubDate="Mon, 06 Jul 2026 09:00:00 GMT")),
    )

    assert sorted((entry.title, entry.revision) for entry in second) == [
        ("Title 1", 1),
        ("Title 2", 1),
        ("Title 6", 1),
        ("Title 7", 1),
    ]
    assert (third[0].title, len(third)) == ("Title 9", 5)
    assert notes(home, clock)[1] == ("keyed by URL: its guids are handed on from item to item",)


def test_2_one_number_that_is_used_again_is_another_article_and_the_others_stay_theirs(
    home: Any, way: Any, clock: Any
) -> None:
    """(miniflux 4197; FreshRSS 4487)"""
    again = item(9, guid="g1", pubDate="Sun, 05 Jul 2026 09:00:00 GMT")
    moved = item(2, link="https://harbour.example/moved")
    *_, last = polled(
        home,
        way,
        clock,
        feed(item(1), item(2), item(3)),
        feed(again, item(2), item(3)),
        feed(again, moved, item(3)),
    )

    assert [(entry.title, entry.revision) for entry in last] == [
        ("Title 9", 1),
        ("Title 3", 1),
        ("Title 2", 1),
        ("Title 1", 1),
    ]
    assert notes(home, clock) == ((), (), ())


def test_2_a_feed_of_its_newest_item_alone_that_links_to_the_home_page_has_every_item(
    home: Any, way: Any, clock: Any
) -> None:
    """(miniflux 4197; FreshRSS 4487)"""
    *_, last = polled(
        home, way, clock, *(feed(item(n, link="https://harbour.example/")) for n in (1, 2, 3))
    )

    assert [(entry.title, entry.revision) for entry in last] == [
        ("Title 3", 1),
        ("Title 2", 1),
        ("Title 1", 1),
    ]


def test_2_one_guid_for_all_items_does_not_make_them_one(home: Any, way: Any, clock: Any) -> None:
    """(miniflux 4197; FreshRSS 4487)"""
    document = feed(*(item(number, guid="the-same") for number in range(1, 5)))
    first, second = polled(home, way, clock, document, document.replace("Text of 2", "Text of two"))

    assert [entry.title for entry in first] == ["Title 4", "Title 3", "Title 2", "Title 1"]
    assert [entry.id for entry in second] == [entry.id for entry in first]


def test_3_what_was_deleted_does_not_return_while_it_is_listed(
    home: Any, way: Any, clock: Any
) -> None:
    """(miniflux 4253)"""

    async def story() -> list[str]:
        async with way.Origin({"/rss": way.Reply(feed(item(1), item(2)))}) as origin:
            home.follow(f'{{id: rss, url: "{origin.url("/rss")}"}}')
            async with home.app(clock) as app:
                await app.cycle()
                app.store.delete_entries([app.view_entries(app.config.views[0])[0].id], now=clock())
                origin.pages["/rss"] = way.Reply(
                    feed(item(1), item(2, description="Edited"), item(3))
                )
                clock.forward(days=1)
                await app.cycle(force=True)
                return [entry.title for entry in app.view_entries(app.config.views[0])]

    assert asyncio.run(story()) == ["Title 3", "Title 1"]


def test_4_the_same_story_of_several_feeds_is_shown_once(home: Any, way: Any, clock: Any) -> None:
    """(FreshRSS 6916, 948)"""

    async def story() -> tuple[list[Entry], list[Entry]]:
        one = feed(item(1, link="https://one.example/a", guid=None, description=STORY))
        two = feed(
            item(
                2,
                link="https://two.example/b",
                guid=None,
                title="Title 1!",
                description=f"CITY - {STORY} Agency.",
            )
        )
        three = feed(
            item(1, link="https://one.example/a?utm_medium=x", guid=None, description=STORY)
        )
        async with way.Origin(
            {"/1": way.Reply(one), "/2": way.Reply(two), "/3": way.Reply(three)}
        ) as origin:
            home.follow(
                *(f'{{id: s{number}, url: "{origin.url(f"/{number}")}"}}' for number in (1, 2, 3))
            )
            async with home.app(clock) as app:
                await app.cycle()
                return app.view_entries(app.config.views[0]), list(app.store.entries())

    shown, stored = asyncio.run(story())

    assert len(stored) == 2
    assert [entry.duplicates for entry in stored] == [(stored[1].id,), (stored[0].id,)]
    assert [(entry.url, entry.duplicates) for entry in shown] == [
        ("https://one.example/a", (stored[0].id,))
    ]


def test_1_an_article_that_moved_is_opened_where_it_is(home: Any, way: Any, clock: Any) -> None:
    """(miniflux 797, 3120; liferea 1195)"""
    first, moved, back = polled(
        home,
        way,
        clock,
        feed(item(1)),
        feed(item(1, link="https://quay.example/1")),
        feed(item(1)),
    )

    assert [view[0].url for view in (first, moved, back)] == [
        "https://harbour.example/1",
        "https://quay.example/1",
        "https://quay.example/1",
    ]
    assert {(view[0].id, view[0].revision, view[0].updated) for view in (moved, back)} == {
        (first[0].id, 1, first[0].updated)
    }


def test_1_an_address_that_numbers_the_visit_is_the_articles_own_without_it(
    home: Any, way: Any, clock: Any
) -> None:
    """(miniflux 797, 3120; liferea 1195)"""
    visits = (
        {
            "link": f"https://harbour.example/1;jsessionid={visit}?PHPSESSID={visit}",
            "guid": None,
            "pubDate": None,
        }
        for visit in ("1F2E.w3", "77AB.w1")
    )
    first, second = polled(home, way, clock, *(feed(item(1, **fields)) for fields in visits))

    assert first == second
    assert [entry.url for entry in second] == ["https://harbour.example/1"]


def test_5_an_edit_is_not_published_as_new_and_does_not_move(
    home: Any, way: Any, clock: Any
) -> None:
    """(python/planet 570; miniflux 396)"""
    first, second = polled(
        home,
        way,
        clock,
        feed(item(1), item(2)),
        feed(item(1, description="Corrected", pubDate="Sun, 05 Jul 2026 06:00:00 GMT"), item(2)),
    )

    assert [entry.id for entry in second] == [entry.id for entry in first]
    assert [(entry.published, entry.revision) for entry in second] == [
        (first[0].published, 1),
        (first[1].published, 2),
    ]


def test_6_an_edit_arrives(home: Any, way: Any, clock: Any) -> None:
    """(miniflux 2310; commafeed 900)"""
    first, second = polled(
        home, way, clock, feed(item(1)), feed(item(1, title="Better", description="Corrected"))
    )

    assert [(entry.title, entry.summary) for entry in second] == [("Better", "Corrected")]
    assert second[0].updated > first[0].updated


def test_7_a_missing_date_is_the_day_it_was_first_seen_for_ever(
    home: Any, way: Any, clock: Any
) -> None:
    """(python/planet 151; elfeed 26)"""
    begun = clock()
    bare = item(1, pubDate=None)
    views = polled(
        home, way, clock, feed(bare), feed(bare, item(2)), feed({**bare, "description": "Edited"})
    )

    assert {entry.published for view in views for entry in view if entry.title == "Title 1"} == {
        begun
    }
    assert views[-1][0].published_from == "first_seen"


def test_8_a_future_date_is_not_pinned_on_top(home: Any, way: Any, clock: Any) -> None:
    """(miniflux 1674, 2971)"""
    future = item(1, pubDate="Fri, 04 Jul 2036 01:00:00 GMT")
    [first, second] = polled(
        home,
        way,
        clock,
        feed(future),
        feed(future, item(2, pubDate="Sun, 05 Jul 2026 01:00:00 GMT")),
    )

    assert (first[0].published, first[0].published_from) == (
        datetime(2026, 7, 4, 12, tzinfo=UTC),
        "first_seen",
    )
    assert [entry.title for entry in second] == ["Title 2", "Title 1"]


def test_8_a_date_in_the_future_does_not_come_on_top_when_its_day_has_come(
    home: Any, way: Any, clock: Any
) -> None:
    """(miniflux 1674, 2971)"""
    ahead = item(1, pubDate="Sun, 05 Jul 2026 20:00:00 GMT")
    views = polled(home, way, clock, feed(ahead), feed(ahead, item(2)), feed(ahead, item(3)))

    assert [
        {(entry.published, entry.published_from) for entry in view if entry.title == "Title 1"}
        for view in views
    ] == [{(datetime(2026, 7, 4, 12, tzinfo=UTC), "first_seen")}] * 3


def test_9_the_merged_list_is_in_the_order_of_publication_whoever_came_first(
    home: Any, way: Any, clock: Any
) -> None:
    """(FreshRSS 2083)"""

    async def story() -> list[list[str]]:
        odd, even = (
            feed(*(item(n, link=f"https://{n}.example/", guid=None) for n in numbers))
            for numbers in ((5, 1, 3), (2, 4))
        )
        async with way.Origin({"/odd": way.Reply(odd), "/even": way.Reply(even)}) as origin:
            home.follow(
                *(f'{{id: {name}, url: "{origin.url(f"/{name}")}"}}' for name in ("odd", "even"))
            )
            async with home.app(clock) as app:
                seen = []
                for name in ("even", "odd"):
                    await app.cycle([name])
                    seen.append(
                        [entry.title[-1] for entry in app.view_entries(app.config.views[0])]
                    )
                return seen

    assert asyncio.run(story()) == [["4", "2"], ["5", "4", "3", "2", "1"]]


def test_10_a_date_without_a_zone_is_read_in_the_sources_and_odd_zones_are_known(
    home: Any, way: Any, clock: Any
) -> None:
    """(feedparser 20; gofeed 237)"""
    dates = (
        "2026-07-04 06:00:00",
        "Sat, 04 Jul 2026 06:00:00 CEST",
        "Sat, 04 Jul 2026 06:00:00 GMT",
        "Sat, 04 Jul 2026 06:00:00 EST",
    )
    document = feed(*(item(number, pubDate=date) for number, date in enumerate(dates, 1)))
    [view] = polled(home, way, clock, document, source=", timezone: Europe/Paris")

    assert {entry.title[-1]: entry.published.hour for entry in view} == {
        "1": 4,
        "2": 4,
        "3": 6,
        "4": 11,
    }


def test_14_a_feed_that_moves_keeps_its_entries(home: Any, way: Any, clock: Any) -> None:
    """(commafeed 935)"""

    async def story() -> tuple[list[str], list[str], list[str]]:
        async with way.Origin({"/rss": way.Reply(feed(item(1), item(2)))}) as origin:
            home.follow(f'{{id: rss, url: "{origin.url("/rss")}"}}')
            async with home.app(clock) as app:
                await app.cycle()
                before = [entry.id for entry in app.view_entries(app.config.views[0])]
                origin.pages["/rss"] = way.Reply(status=301, headers={"Location": "{origin}/new"})
                origin.pages["/new"] = way.Reply(feed(item(1), item(2)))
                for _ in range(10):
                    clock.forward(days=1)
                    await app.cycle(force=True)
                origin.pages["/new"] = way.Reply(feed(item(2), item(3)))
                origin.asked.clear()
                clock.forward(days=1)
                await app.cycle(force=True)
                return (
                    before,
                    [entry.id for entry in app.view_entries(app.config.views[0])],
                    origin.asked,
                )

    before, after, asked = asyncio.run(story())

    assert (after[1:], asked) == (before, ["/new"])


def test_20_a_document_that_breaks_off_edits_nothing_and_brings_no_half_of_an_item(
    home: Any, way: Any, clock: Any
) -> None:
    """(FreshRSS 8591, 7994)"""
    whole = feed(item(1), item(2), item(3))
    first, *cut = polled(
        home,
        way,
        clock,
        whole,
        *(whole[: whole.rindex(part)] for part in ("xt of 3", "<guid", "</item>")),
        whole,
    )

    assert cut == [first] * 4


def test_27_day_and_month_are_not_flipped_and_no_time_is_lost(
    home: Any, way: Any, clock: Any
) -> None:
    """(dateparser 539; newspaper4k 76; trafilatura 214)"""
    dates = (
        "03/04/2026 - 23:15",
        "3 avril 2026 à 23h15",
        "2026/04/03 23:15",
        "03/04/2026, 23:15:07 +0200",
    )
    document = feed(*(item(number, pubDate=date) for number, date in enumerate(dates, 1)))
    [view] = polled(home, way, clock, document, source=", timezone: Europe/Paris, language: fr")

    assert {entry.title[-1]: entry.published for entry in view} == {
        "1": datetime(2026, 4, 3, 21, 15, tzinfo=UTC),
        "2": datetime(2026, 4, 3, 21, 15, tzinfo=UTC),
        "3": datetime(2026, 4, 3, 21, 15, tzinfo=UTC),
        "4": datetime(2026, 4, 3, 21, 15, 7, tzinfo=UTC),
    }


def test_27_a_day_that_nothing_tells_from_a_month_is_not_guessed(
    home: Any, way: Any, clock: Any
) -> None:
    """(dateparser 539; newspaper4k 76; trafilatura 214)"""
    [view] = polled(home, way, clock, feed(item(1, pubDate="03/04/2026 - 23:15")))

    assert [(entry.published, entry.published_from) for entry in view] == [
        (way.present, "first_seen")
    ]


def test_29_a_feed_that_says_now_at_every_poll_changes_nothing_of_ours(
    home: Any, way: Any, clock: Any
) -> None:
    """(Venus, FreshRSS, tt-rss and rss-funnel stamp their own output so)"""

    async def story() -> list[bytes]:
        written = []
        async with way.Origin() as origin:
            home.follow(f'{{id: rss, url: "{origin.url("/rss")}"}}')
            async with home.app(clock) as app:
                for day in range(4, 8):
                    now = f"<lastBuildDate>{day:02} Jul 2026 12:00:00 GMT</lastBuildDate><item>"
                    stamped = item(1, pubDate=f"{day:02} Jul 2026 11:59:00 GMT")
                    origin.pages["/rss"] = way.Reply(
                        feed(stamped, item(2, pubDate=None)).replace("<item>", now, 1)
                    )
                    await app.cycle(force=True)
                    app.publish()
                    written.append(home.feed())
                    clock.forward(days=1)
        return written

    assert len(set(asyncio.run(story()))) == 1
