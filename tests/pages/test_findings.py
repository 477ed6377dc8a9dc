"""What was found out of a source's pages holds in its later runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

NEW_ITEM = (
    b"<item><title>Orchard harvest beats record</title><link>http://IPPORT/a/5</link>"
    b"<description>The orchards of the valley had their best year.</description></item></channel>"
)


def test_a_source_of_excerpts_is_remembered(play: Callable[..., Any]) -> None:
    async def story(case: Any) -> Any:
        first = await case.fetch()
        files = case.site.files
        files["a_5"] = files["a_4"].replace(b"story 4", b"story 5").replace(b"harbour", b"port")
        files["feed.xml"] = files["feed.xml"].replace(b"</channel>", NEW_ITEM)
        return first, await case.fetch()

    first, second = play("feed-excerpts", story)

    assert [state.has_excerpts for state in (*first.states, *second.states)] == [True, True]
    assert second.asked == ["/feed.xml", "/a/5"]
    assert second.outcomes[0]["notes"] == ["full text of 1 item read"]
    texts = {record["title"]: record["content_html"] for record in second.records}
    assert "The last words of story 5" in texts["Orchard harvest beats record"]
