"""How single values are spelled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from aggregator.config import values

GOOD: list[tuple[Any, str, Any]] = [
    (values.Duration, "30s", timedelta(seconds=30)),
    (values.Duration, "15m", timedelta(minutes=15)),
    (values.Duration, "1h", timedelta(hours=1)),
    (values.Duration, "90d", timedelta(days=90)),
    (values.Duration, "2w", timedelta(weeks=2)),
    (values.Duration, "36500d", timedelta(days=36500)),
    (values.Pause, "0s", timedelta(0)),
    (values.Every, "5m", timedelta(minutes=5)),
    (values.Size, "1024", 1024),
    (values.Size, "16MiB", 16 * 1024 * 1024),
    (values.Size, "500kB", 500_000),
    (values.Size, "2 GB", 2_000_000_000),
    (values.Size, "3gib", 3 * 2**30),
    (values.Size, "7B", 7),
    (values.Identifier, "a", "a"),
    (values.Identifier, "0rfi.cn-x_1", "0rfi.cn-x_1"),
    (values.ZoneName, "America/New_York", "America/New_York"),
    (values.Language, "zh-Hans", "zh-Hans"),
    (values.Charset, "GB18030", "GB18030"),
    (values.Listen, "127.0.0.1:0", "127.0.0.1:0"),
    (values.Listen, "[::]:65535", "[::]:65535"),
    (values.Listen, "localhost:80", "localhost:80"),
    (values.PlainUrl, "https://例子.example/路?a=$b", "https://例子.example/路?a=$b"),
    (values.DatabaseUrl, "sqlite:////srv/a b.db", "sqlite:////srv/a b.db"),
    (values.DatabaseUrl, "postgresql://localhost/x", "postgresql://localhost/x"),
    (values.Texts, "one", ("one",)),
    (values.Pattern, r"\bx{2}$", r"\bx{2}$"),
]
BAD: list[tuple[Any, tuple[str, ...]]] = [
    (
        values.Duration,
        (
            "",
            "5",
            "m",
            "2 hours",
            "1h30m",
            "-1h",
            "1.5h",
            "1H",
            "٣h",
            "0s",
            "36501d",
            "999999999w",
            "9" * 30 + "w",
        ),
    ),
    (values.Every, ("4m", "299s", "0h")),
    (values.Size, ("", "MiB", "1.5GB", "-1", "1TB", "0", "16  MiB", "1kbit", "9" * 16)),
    (values.Identifier, ("", "A", "-a", ".a", "_a", "a b", "a/b", "é", "a\n", "ß")),
    (values.ZoneName, ("", "Paris", "GMT+25", "../UTC", "America", "/etc/localtime", "a\0b")),
    (values.Language, ("", "z", "chinese mandarin", "zh_CN", "zh-")),
    (values.Charset, ("", "klingon", "base64", "rot13", "utf\0")),
    (
        values.Listen,
        ("", "80", ":80", "host:", "host:65536", "host:-1", "::1:80", "[::1]", "[]:80"),
    ),
    (
        values.PlainUrl,
        ("", "example.org", "ftp://example.org", "https://", "https://[::1", "https://a:b/"),
    ),
    (
        values.PlainUrl,
        (
            "javascript:alert(1)",
            "https://u:p@example.org",
            "https://u@example.org",
            "https://a.org/\n",
        ),
    ),
    (
        values.DatabaseUrl,
        (
            "",
            "sqlite://",
            "sqlite:///",
            "sqlite:///:memory:",
            "sqlite://x.db",
            "a.db",
            "mysql://x/y",
        ),
    ),
    (values.HeaderName, ("", "a b", "a:", "é", "a\r\nb")),
    (values.HeaderValue, ("a\r\nX: y", "a\0")),
    (values.Pattern, ("", "(", "*", "[", "a{99999999999999999999}")),
    (values.Located, ("", "a\0b", "file:///a")),
    (values.Texts, ("",)),
]


@pytest.mark.parametrize(("kind", "text", "value"), GOOD)
def test_a_value_is_read(kind: Any, text: str, value: Any) -> None:
    assert TypeAdapter(kind).validate_python(text) == value


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in BAD for text in texts])
def test_a_wrong_value_is_refused(kind: Any, text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(text)


KINDS = (
    values.Duration,
    values.Every,
    values.Size,
    values.Identifier,
    values.ZoneName,
    values.Language,
    values.Charset,
    values.Listen,
    values.PlainUrl,
    values.DatabaseUrl,
    values.HeaderName,
    values.HeaderValue,
    values.Pattern,
    values.Located,
    values.Texts,
)


@settings(deadline=None, max_examples=40, derandomize=True)
@given(
    text=st.text(max_size=40)
    | st.from_regex("[0-9]+ ?[smhdwkMGiB]+")
    | st.from_regex("https?://.*")
)
def test_no_text_breaks_a_validator(text: str) -> None:
    for kind in KINDS:
        try:
            TypeAdapter(kind).validate_python(text)
        except ValidationError as e:
            assert e.error_count() == 1  # noqa: PT017  either outcome is right, any other exception is not
