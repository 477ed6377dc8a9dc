"""How single values are spelled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from aggregator.config import types

GOOD: list[tuple[Any, str, Any]] = [
    (types.Duration, "30s", timedelta(seconds=30)),
    (types.Duration, "15m", timedelta(minutes=15)),
    (types.Duration, "1h", timedelta(hours=1)),
    (types.Duration, "90d", timedelta(days=90)),
    (types.Duration, "2w", timedelta(weeks=2)),
    (types.Duration, "36500d", timedelta(days=36500)),
    (types.Pause, "0s", timedelta(0)),
    (types.Every, "5m", timedelta(minutes=5)),
    (types.Size, "1024", 1024),
    (types.Size, "16MiB", 16 * 1024 * 1024),
    (types.Size, "500kB", 500_000),
    (types.Size, "2 GB", 2_000_000_000),
    (types.Size, "3gib", 3 * 2**30),
    (types.Size, "7B", 7),
    (types.Identifier, "a", "a"),
    (types.Identifier, "0rfi.cn-x_1", "0rfi.cn-x_1"),
    (types.ZoneName, "America/New_York", "America/New_York"),
    (types.Language, "zh-Hans", "zh-Hans"),
    (types.Charset, "GB18030", "GB18030"),
    (types.Listen, "127.0.0.1:0", "127.0.0.1:0"),
    (types.Listen, "[::]:65535", "[::]:65535"),
    (types.Listen, "localhost:80", "localhost:80"),
    (types.PlainUrl, "HTTPS://Example.org/", "HTTPS://Example.org/"),
    (types.PlainUrl, "https://例子.example/路?a=$b", "https://例子.example/路?a=$b"),
    (types.DatabaseUrl, "sqlite:////srv/a b.db", "sqlite:////srv/a b.db"),
    (types.DatabaseUrl, "postgresql://localhost/x", "postgresql://localhost/x"),
    (types.Texts, "one", ("one",)),
    (types.Pattern, r"\bx{2}$", r"\bx{2}$"),
]
BAD: list[tuple[Any, tuple[str, ...]]] = [
    (
        types.Duration,
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
    (types.Every, ("4m", "299s", "0h")),
    (types.Size, ("", "MiB", "1.5GB", "-1", "1TB", "0", "16  MiB", "1kbit", "9" * 16)),
    (types.Identifier, ("", "A", "-a", ".a", "_a", "a b", "a/b", "é", "a\n", "ß")),
    (types.ZoneName, ("", "Paris", "GMT+25", "../UTC", "America", "/etc/localtime", "a\0b")),
    (types.Language, ("", "z", "chinese mandarin", "zh_CN", "zh-")),
    (types.Charset, ("", "klingon", "base64", "rot13", "utf\0")),
    (
        types.Listen,
        ("", "80", ":80", "host:", "host:65536", "host:-1", "::1:80", "[::1]", "[]:80"),
    ),
    (
        types.PlainUrl,
        ("", "example.org", "ftp://example.org", "https://", "https://[::1", "https://a:b/"),
    ),
    (
        types.PlainUrl,
        (
            "javascript:alert(1)",
            "https://u:p@example.org",
            "https://u@example.org",
            "https://a.org/\n",
        ),
    ),
    (
        types.DatabaseUrl,
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
    (types.HeaderName, ("", "a b", "a:", "é", "a\r\nb")),
    (types.HeaderValue, ("a\r\nX: y", "a\0")),
    (types.Pattern, ("", "(", "*", "[", "a{99999999999999999999}")),
    (types.ConfigPath, ("", "a\0b", "file:///a")),
    (types.Texts, ("",)),
]


@pytest.mark.parametrize(("kind", "text", "value"), GOOD)
def test_a_value_is_read(kind: Any, text: str, value: Any) -> None:
    assert TypeAdapter(kind).validate_python(text) == value


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in BAD for text in texts])
def test_a_wrong_value_is_refused(kind: Any, text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(text)


KINDS = (
    types.Duration,
    types.Every,
    types.Size,
    types.Identifier,
    types.ZoneName,
    types.Language,
    types.Charset,
    types.Listen,
    types.PlainUrl,
    types.DatabaseUrl,
    types.HeaderName,
    types.HeaderValue,
    types.Pattern,
    types.ConfigPath,
    types.Texts,
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
