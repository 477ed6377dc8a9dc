"""Single values as people write them (`15m`, `16MiB`, `Europe/Paris`) and the types they become.

Rule: one spelling for one thing, and a message that says which. A validator raises ValueError with what is allowed, and
the reader adds what was seen; `private` is for values that no message may repeat.
"""

import re
import zoneinfo
from datetime import UTC, datetime, timedelta
from os.path import abspath
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo
from pydantic_core import PydanticCustomError

from aggregator.config.record import setting
from aggregator.config.regex import compile_pattern
from aggregator.config.words import meant_url, nearest, slug

SHORTEST_EVERY = timedelta(
    minutes=5
)  # no publisher is polled more often, whatever the configuration says
LONGEST = timedelta(days=36500)
DURATION_FORM = "^[0-9]+[smhdw]$"  # for editors; the same as is read below
SHARE_FORM = "^([1-9][0-9]?|100)%$"
SIZE_FORM = "^[0-9]+ ?([kKmMgG]i?[bB]|[bB]|)$"

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION = re.compile(r"([0-9]{1,9})([smhdw])", re.ASCII)
_COUNT = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_SIZES = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
}
_SIZE = re.compile(r"([0-9]{1,15}) ?([kmg]i?b|b|)", re.ASCII | re.IGNORECASE)
_IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9._-]*", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,8}(-[a-z0-9]{1,8})*", re.ASCII | re.IGNORECASE)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)  # RFC 9110 §5.1
_BARE_NUMBER = re.compile(r"%-(?=[dmHMS])")
_NOTHING_READ = datetime(1900, 1, 1)  # noqa: DTZ001  what strptime gives where a format names nothing
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def private(message: str) -> PydanticCustomError:
    """Build an error whose message never repeats the value."""
    return PydanticCustomError("private", "{message}", {"message": message})


def duration(value: Any) -> Any:
    """Read `30s`, `15m`, `1h`, `90d` or `2w`; what is not text passes untouched."""
    if not isinstance(value, str):
        return value
    match = _DURATION.fullmatch(value)
    if not match:
        raise ValueError("must be a whole number and a unit, such as 30s, 15m, 1h, 90d or 2w")
    span = _span(int(match[1]), _UNITS[match[2]])
    if span > LONGEST:
        raise ValueError("must be at most 36500d")
    return span


def _span(count: int, unit: str) -> timedelta:
    try:
        return timedelta(**{unit: count})
    except OverflowError:
        return timedelta.max


def _positive(span: timedelta) -> timedelta:
    if span <= timedelta(0):
        raise ValueError("must be longer than 0s")
    return span


def _check_min_every(span: timedelta) -> timedelta:
    if span < SHORTEST_EVERY:
        raise ValueError("must be at least 5m")
    return span


def size(value: Any) -> Any:
    """Read a number of bytes: `16MiB`, `500kB`, `2GB`, `1024`; what is not text passes untouched."""
    if not isinstance(value, str):
        return value
    match = _SIZE.fullmatch(value)
    if not match:
        raise ValueError("must be a number of bytes, such as 16MiB, 500kB, 2GB or 1024")
    return int(match[1]) * _SIZES[match[2].lower()]


def share(value: Any) -> Any:
    """Read a whole number of entries from 1, or a percentage such as `25%`, which stays text.

    >>> share("25"), share(25), share("25%")
    (25, 25, '25%')
    """
    text = str(value)
    if _COUNT.fullmatch(text):
        return int(text)
    if re.fullmatch(SHARE_FORM, text, re.ASCII):
        return text
    raise ValueError("must be a whole number from 1, or a share of the limit such as 25%")


def zone_name(value: str) -> str:
    """Accept the name of a timezone of the IANA database."""
    try:
        zoneinfo.ZoneInfo(value)
    except (KeyError, ValueError, OSError) as e:
        guess = nearest(value, zoneinfo.available_timezones())
        raise ValueError("must be an IANA timezone, such as " + (guess or "Europe/Paris")) from e
    return value


def pattern(value: str) -> str:
    """Accept a regular expression of Python's `re` that no text can hold for ever."""
    try:
        compile_pattern(value)
    except ValueError as e:
        raise ValueError(f"must be a regular expression ({e})") from e
    return value


def date_format(value: str) -> str:
    """Accept a format of `strptime` that gives back what it wrote; a number without its zero (`%-d`) is one too."""
    moment = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
    form = _BARE_NUMBER.sub("%", value.strip())
    try:
        read = datetime.strptime(moment.strftime(form), form)  # noqa: DTZ007  only whether it can be read counts
    except (ValueError, re.error) as e:
        raise ValueError(
            "must be a format of `strptime`, each directive once, such as %d/%m/%Y %H:%M"
        ) from e
    if read == _NOTHING_READ:
        raise ValueError("must be a format of `strptime` that names a day, such as %d/%m/%Y %H:%M")
    return value


def identifier(value: str) -> str:
    """Accept a name that is safe in a URL and in a file name."""
    if not _IDENTIFIER.fullmatch(value):
        guess = slug(value)
        hint = f", such as {guess}" if guess else ""
        raise ValueError(f"must be lower-case letters, digits, `.`, `_` and `-`{hint}")
    return value


def web_url(value: str, *, usual_scheme: str = "https") -> str:
    """Accept an absolute http or https URL, and leave it as it is written.

    The error's context holds the URL that was `meant`, with the `usual_scheme` where the
    value has none; None where that cannot be guessed.
    """
    if not _is_web_url(value):
        message = "must be an absolute http or https URL"
        raise PydanticCustomError("no_url", message, {"meant": meant_url(value, usual_scheme)})
    return value


def _is_web_url(value: str) -> bool:
    parts = _split(value)
    if parts is None or _CONTROL.search(value):
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def proxy_url(value: str) -> str:
    """Accept the URL of a proxy, which is mostly spoken to by http."""
    return web_url(value, usual_scheme="http")


def plain_url(value: str) -> str:
    """Accept a `web_url` that carries no password: URLs are shown in pages and logs."""
    parts = _split(web_url(value))
    if parts is None:
        return value
    if parts.username is not None or parts.password is not None:
        raise private("must not hold a user name or a password; write them under http.basic_auth")
    return value


def _split(value: str) -> SplitResult | None:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return None
    return parts


def listen(value: str) -> str:
    """Accept `host:port`; an IPv6 address stands in brackets."""
    host, _, port = value.rpartition(":")
    has_brackets = host.startswith("[") and host.endswith("]")
    address = host[1:-1] if has_brackets else host
    is_port = re.fullmatch("[0-9]{1,5}", port) is not None and int(port) <= 65535

    # Every IPv6 address has colons, and nothing else has; `[localhost]` is no address.
    is_ipv6 = ":" in address
    if not address or is_ipv6 != has_brackets or not is_port:
        raise ValueError("must be host:port, such as 127.0.0.1:8080")
    return value


def database_url(value: str, info: ValidationInfo) -> str:
    """Accept `sqlite:///path` (relative to its file, made absolute) or a PostgreSQL URL."""
    if value.startswith(("postgresql://", "postgresql+psycopg://")):
        return value
    head, rest = value[: len("sqlite:///")], value[len("sqlite:///") :]
    path, mark, query = rest.partition("?")
    if head != "sqlite:///" or not path or path == ":memory:":
        raise private("must be sqlite:///path/to/file.db or postgresql+psycopg://user@host/name")
    return f"sqlite:///{_absolute(path, info)}{mark}{query}"


def resolve_path(value: Any, info: ValidationInfo) -> Any:
    """Make a path absolute, from the folder of the file that names it."""
    if not isinstance(value, str):
        return value
    if not value or "\0" in value:
        raise ValueError("must be a path")
    if "://" in value:
        raise ValueError("must be a path, without file://")
    return _absolute(value, info)


def _absolute(path: str, info: ValidationInfo) -> Path:
    return Path(abspath(setting(info).base / path))  # noqa: PTH100  resolve() would follow links a person set up


def language(value: str) -> str:
    """Accept a BCP 47 tag."""
    if not _LANGUAGE.fullmatch(value):
        raise ValueError("must be a language tag, such as en, fr or zh-Hans")
    return value


def moment(value: str) -> str:
    """Accept a date and time with its offset, RFC 3339."""
    try:
        stated = datetime.fromisoformat(value)
    except ValueError:
        stated = None
    if stated is None or stated.tzinfo is None:
        raise ValueError(
            "must be a date and time with an offset (RFC 3339), such as 2026-07-03T12:30:00Z"
        )
    return value


def charset(value: str) -> str:
    """Accept the name of a text encoding that Python knows."""
    try:
        "".encode(value)
    except (LookupError, ValueError) as e:
        raise ValueError("must be the name of an encoding, such as utf-8 or gb18030") from e
    return value


def header_name(value: str) -> str:
    """Accept the name of an HTTP header."""
    if not _HEADER_NAME.fullmatch(value):
        raise ValueError("must be the name of an HTTP header")
    return value


def one_line(value: str) -> str:
    """Accept text without control characters, so that no header can be smuggled in."""
    if _CONTROL.search(value):
        raise private("must be one line, without control characters")
    return value


def _one_secret_line(value: SecretStr) -> SecretStr:
    one_line(value.get_secret_value())
    return value


def as_list(value: Any) -> Any:
    """Read a single text as a list of one."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, (list, tuple)):
        raise ValueError("must be text or a list of texts")
    return value


_LISTED = BeforeValidator(as_list, json_schema_input_type=str | list[str])
_DURATION_TEXT = Annotated[str, Field(pattern=DURATION_FORM)]
_SHARE_TEXT = Annotated[int, Field(ge=1)] | Annotated[str, Field(pattern=SHARE_FORM)]
_SIZE_TEXT = int | Annotated[str, Field(pattern=SIZE_FORM)]

Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[tuple[Text, ...], _LISTED]
DateFormats = Annotated[tuple[Annotated[Text, AfterValidator(date_format)], ...], _LISTED]
Pause = Annotated[timedelta, BeforeValidator(duration, json_schema_input_type=_DURATION_TEXT)]
Duration = Annotated[Pause, AfterValidator(_positive)]
Every = Annotated[Pause, AfterValidator(_check_min_every)]
Size = Annotated[int, Field(ge=1), BeforeValidator(size, json_schema_input_type=_SIZE_TEXT)]
Share = Annotated[int | str, BeforeValidator(share, json_schema_input_type=_SHARE_TEXT)]
ZoneName = Annotated[str, AfterValidator(zone_name)]
Pattern = Annotated[Text, AfterValidator(pattern)]
Patterns = Annotated[tuple[Pattern, ...], _LISTED]
Identifier = Annotated[
    str,
    AfterValidator(identifier),
    Field(json_schema_extra={"pattern": f"^{_IDENTIFIER.pattern}$"}),
]
Identifiers = Annotated[tuple[Identifier, ...], _LISTED]
ProxyUrl = Annotated[str, AfterValidator(proxy_url)]
PlainUrl = Annotated[
    str, AfterValidator(plain_url), Field(json_schema_extra={"pattern": "^https?://"})
]
Listen = Annotated[str, AfterValidator(listen)]
DatabaseUrl = Annotated[str, AfterValidator(database_url)]
ConfigPath = Annotated[Path, BeforeValidator(resolve_path, json_schema_input_type=str)]
Language = Annotated[str, AfterValidator(language)]
Languages = Annotated[tuple[Language, ...], _LISTED]
Moment = Annotated[str, AfterValidator(moment)]
Charset = Annotated[str, AfterValidator(charset)]
HeaderName = Annotated[str, AfterValidator(header_name)]
HeaderValue = Annotated[SecretStr, AfterValidator(_one_secret_line)]
OneLine = Annotated[Text, AfterValidator(one_line)]
