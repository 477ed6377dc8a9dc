"""Lists without dates and links stay what they are from poll to poll."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("name", ["no-links", "undated-alone", "plain-ul", "hugo-noyear"])
def test_a_second_poll_brings_nothing(name: str, play: Callable[..., Any]) -> None:
    async def story(case: Any) -> None:
        first = await case.fetch()
        case.clock.forward(hours=3)
        body, note = case.site.files, b"<!-- another poll -->"
        case.site.files = {path: text + note for path, text in body.items()}
        second = await case.fetch()

        outcome = second.outcomes[0]
        assert (outcome["new"], outcome["changed"]) == (0, 0)
        assert [entry["published"] for entry in second.records] == [
            entry["published"] for entry in first.records
        ]

    play(name, story)


def test_a_view_keeps_the_order_of_an_undated_page(play: Callable[..., Any]) -> None:
    async def story(case: Any) -> None:
        fetch = await case.fetch()

        assert [entry["title"] for entry in fetch.records] == [
            f"Undated story number {number} of the island" for number in range(8)
        ]

    play("undated-alone", story)
