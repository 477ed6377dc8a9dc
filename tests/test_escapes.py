"""Invisible characters in what others read."""

from __future__ import annotations

import json

import pytest

from aggregator.escapes import escape_bidi, escape_json, escape_line_ends, escape_unseen

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
LINE_ENDS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"


@pytest.mark.parametrize("character", [*BIDI, *LINE_ENDS, "\x00", "\x1b", "\x7f", "\x9b"])
def test_what_moves_or_hides_text_is_escaped(character: str) -> None:
    escaped = escape_unseen(f"a{character}b")

    assert escaped == "a" + character.encode("unicode_escape").decode() + "b"


@pytest.mark.parametrize("character", LINE_ENDS)
def test_a_line_end_of_any_kind_is_escaped(character: str) -> None:
    assert len(escape_line_ends(f"a{character}b").splitlines()) == 1


def test_a_newline_stays_where_only_bidi_controls_are_escaped() -> None:
    assert escape_bidi("a\nb\u2028c\u202ed") == "a\nb\\u2028c\\u202ed"


def test_letters_of_all_scripts_stay() -> None:
    text = "日股 می\u200cشود éß 👩\u200d🚀 \xa0\u3000"

    assert escape_unseen(text) == text


def test_json_is_one_line_for_every_reader_and_keeps_its_values() -> None:
    value = {"title": f"ä日{BIDI}{LINE_ENDS}\x7f\x9b👩\u200d🚀"}
    data = json.dumps(value, ensure_ascii=False).encode()

    escaped = escape_json(data)

    assert json.loads(escaped) == value
    assert len(escaped.decode().splitlines()) == 1
    assert not set(BIDI + LINE_ENDS + "\x7f\x9b") & set(escaped.decode())
    assert "ä日" in escaped.decode()
