"""The types of single values (`15m`, `16MiB`, `Europe/Paris`).

A validator raises ValueError with what is allowed; the message that users see adds the
value. `private_error` is for values that no message may repeat.
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

from aggregator.config.record import validation_context
from aggregator.config.regex import compile_pattern
from aggregator.config.words import find_nearest, guess_url, slug

MIN_EVERY = timedelta(minutes=5)
MAX_DURATION = timedelta(days=36500)
DURATION_PATTERN = "^[0-9]+[smhdw]$"  # for editors; the same form as _DURATION
SHARE_PATTERN = "^([1-9][0-9]?|100)%$"
SIZE_PATTERN = "^[0-9]+ ?([kKmMgG]i?[bB]|[bB]|)$"

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
_HOST_NAME = re.compile(r"(?:[\w-]+\.)+[\w-]+")
_ORIGIN = re.compile(
    r"https?://[\w.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:.]+\](:[0-9]{1,5})?", re.ASCII
)
_UNPADDED_NUMBER = re.compile(r"%-(?=[dmHMS])")
_STRPTIME_DEFAULT = datetime(1900, 1, 1)  # noqa: DTZ001  strptime's result for a format without fields
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def private_error(message: str) -> PydanticCustomError:
    """Make an error whose message does not repeat the value."""
    return PydanticCustomError("private", "{message}", {"message": message})


def parse_duration(value: Any) -> Any:
    """Parse `30s`, `15m`, `1h`, `90d` or `2w`; a value that is not text is returned as it is."""
    if not isinstance(value, str):
        return value
    match = _DURATION.fullmatch(value)
    if not match:
        raise ValueError("must be a whole number and a unit, such as 30s, 15m, 1h, 90d or 2w")
    span = _make_timedelta(int(match[1]), _UNITS[match[2]])
    if span > MAX_DURATION:
        raise ValueError("must be at most 36500d")
    return span


def _make_timedelta(count: int, unit: str) -> timedelta:
    try:
        return timedelta(**{unit: count})
    except OverflowError:
        return timedelta.max


def _check_positive(span: timedelta) -> timedelta:
    if span <= timedelta(0):
        raise ValueError("must be longer than 0s")
    return span


def _check_min_every(span: timedelta) -> timedelta:
    if span < MIN_EVERY:
        raise ValueError("must be at least 5m")
    return span


def parse_size(value: Any) -> Any:
    """Parse a number of bytes (`16MiB`, `500kB`, `2GB`, `1024`); a value that is not text is returned as it is."""
    if not isinstance(value, str):
        return value
    match = _SIZE.fullmatch(value)
    if not match:
        raise ValueError("must be a number of bytes, such as 16MiB, 500kB, 2GB or 1024")
    return int(match[1]) * _SIZES[match[2].lower()]


def parse_share(value: Any) -> Any:
    """Read a whole number of entries from 1, or a percentage such as `25%`, which stays text.

    >>> parse_share("25"), parse_share(25), parse_share("25%")
    (25, 25, '25%')
    """
    text = str(value)
    if _COUNT.fullmatch(text):
        return int(text)
    if re.fullmatch(SHARE_PATTERN, text, re.ASCII):
        return text
    raise ValueError("must be a whole number from 1, or a share of the limit such as 25%")


def check_zone_name(value: str) -> str:
    """Check that a value is the name of an IANA timezone."""
    try:
        zoneinfo.ZoneInfo(value)
    except (KeyError, ValueError, OSError) as e:
        guess = find_nearest(value, zoneinfo.available_timezones())
        raise ValueError("must be an IANA timezone, such as " + (guess or "Europe/Paris")) from e
    return value


def check_pattern(value: str) -> str:
    """Check that a value is a regular expression without exponential run time."""
    try:
        compile_pattern(value)
    except ValueError as e:
        raise ValueError(f"must be a regular expression ({e})") from e
    return value


def check_date_format(value: str) -> str:
    """Check that a value is a format of `strptime`; numbers without a leading zero (`%-d`) are allowed."""
    moment = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
    form = _UNPADDED_NUMBER.sub("%", value.strip())
    try:
        read = datetime.strptime(moment.strftime(form), form)  # noqa: DTZ007  only whether it can be read counts
    except (ValueError, re.error) as e:
        raise ValueError(
            "must be a format of `strptime`, each directive once, such as %d/%m/%Y %H:%M"
        ) from e
    if read == _STRPTIME_DEFAULT:
        raise ValueError("must be a format of `strptime` that names a day, such as %d/%m/%Y %H:%M")
    return value


def check_identifier(value: str) -> str:
    """Check that a name is safe in URLs and file names."""
    if not _IDENTIFIER.fullmatch(value):
        guess = slug(value)
        hint = f", such as {guess}" if guess else ""
        raise ValueError(f"must be lower-case letters, digits, `.`, `_` and `-`{hint}")
    return value


def check_web_url(value: str, *, usual_scheme: str = "https") -> str:
    """Check that a value is an absolute http or https URL; it is returned as written.

    The error's context has the URL that was probably `meant`, None without a guess. A
    value without a scheme gets the `usual_scheme`.
    """
    if not _is_web_url(value):
        message = "must be an absolute http or https URL"
        raise PydanticCustomError("no_url", message, {"meant": guess_url(value, usual_scheme)})
    return value


def _is_web_url(value: str) -> bool:
    parts = _split_url(value)
    if parts is None or _CONTROL.search(value):
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def check_proxy_url(value: str) -> str:
    """Check the URL of a proxy; its usual scheme is http."""
    return check_web_url(value, usual_scheme="http")


def check_plain_url(value: str) -> str:
    """Check a web URL and reject user names and passwords, because URLs are shown in pages and logs."""
    parts = _split_url(check_web_url(value))
    if parts is None:
        return value
    if parts.username is not None or parts.password is not None:
        raise private_error(
            "must not hold a user name or a password; write them under http.basic_auth"
        )
    return value


def _split_url(value: str) -> SplitResult | None:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return None
    return parts


def check_origin(value: str) -> str:
    """Accept an origin of the web as browsers send it (RFC 6454 §6.2), or `*` for any."""
    if value != "*" and not _ORIGIN.fullmatch(value):
        raise ValueError("must be an origin (https://host, without a path), or *")
    return value


def check_listen(value: str) -> str:
    """Check that a value is `host:port`; an IPv6 address needs brackets."""
    host, _, port = value.rpartition(":")
    address = host
    has_brackets = host.startswith("[") and host.endswith("]")
    if has_brackets:
        address = host[1:-1]

    # Only IPv6 addresses contain colons; `[localhost]` is invalid.
    is_ipv6 = ":" in address
    is_address = address != "" and is_ipv6 == has_brackets
    if not is_address or not _is_port(port):
        raise ValueError("must be host:port, such as 127.0.0.1:8080")
    return value


def _is_port(text: str) -> bool:
    if not re.fullmatch("[0-9]{1,5}", text):
        return False
    return int(text) <= 65535


def resolve_database_url(value: str, info: ValidationInfo) -> str:
    """Check the URL of a database; the path of `sqlite:///path` is made absolute."""
    if value.startswith(("postgresql://", "postgresql+psycopg://")):
        return value
    head, rest = value[: len("sqlite:///")], value[len("sqlite:///") :]
    path, mark, query = rest.partition("?")
    if head != "sqlite:///" or not path or path == ":memory:":
        raise private_error(
            "must be sqlite:///path/to/file.db or postgresql+psycopg://user@host/name"
        )
    return f"sqlite:///{_absolute_path(path, info)}{mark}{query}"


def resolve_path(value: Any, info: ValidationInfo) -> Any:
    """Make a path absolute, from the folder of the file that names it."""
    if not isinstance(value, str):
        return value
    if not value or "\0" in value:
        raise ValueError("must be a path")
    if "://" in value:
        raise ValueError("must be a path, without file://")
    return _absolute_path(value, info)


def _absolute_path(path: str, info: ValidationInfo) -> Path:
    return Path(abspath(validation_context(info).base / path))  # noqa: PTH100  resolve() would follow links a person set up


def check_language(value: str) -> str:
    """Check that a value is a BCP 47 tag."""
    if not _LANGUAGE.fullmatch(value):
        raise ValueError("must be a language tag, such as en, fr or zh-Hans")
    return value


def check_moment(value: str) -> str:
    """Check that a value is a date and time with an offset (RFC 3339)."""
    try:
        stated = datetime.fromisoformat(value)
    except ValueError:
        stated = None
    if stated is None or stated.tzinfo is None:
        raise ValueError(
            "must be a date and time with an offset (RFC 3339), such as 2026-07-03T12:30:00Z"
        )
    return value


def check_charset(value: str) -> str:
    """Check that a value is the name of an encoding that Python knows."""
    try:
        "".encode(value)
    except (LookupError, ValueError) as e:
        raise ValueError("must be the name of an encoding, such as utf-8 or gb18030") from e
    return value


def check_header_name(value: str) -> str:
    """Check that a value is the name of an HTTP header."""
    if not _HEADER_NAME.fullmatch(value):
        raise ValueError("must be the name of an HTTP header")
    return value


def check_host_name(value: str) -> str:
    """Accept the name of a host, without scheme, port and path; make it lower-case."""
    if not _HOST_NAME.fullmatch(value):
        raise ValueError("must be a host, such as example.org")
    return value.lower()


def check_one_line(value: str) -> str:
    """Check that a text has no control characters, to prevent header injection."""
    if _CONTROL.search(value):
        raise private_error("must be one line, without control characters")
    return value


def _check_secret_line(value: SecretStr) -> SecretStr:
    check_one_line(value.get_secret_value())
    return value


def as_list(value: Any) -> Any:
    """Return a single text as a list of one."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, (list, tuple)):
        raise ValueError("must be text or a list of texts")
    return value


_AS_LIST = BeforeValidator(as_list, json_schema_input_type=str | list[str])
_DURATION_TEXT = Annotated[str, Field(pattern=DURATION_PATTERN)]
_SHARE_TEXT = Annotated[int, Field(ge=1)] | Annotated[str, Field(pattern=SHARE_PATTERN)]
_SIZE_TEXT = int | Annotated[str, Field(pattern=SIZE_PATTERN)]

Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[tuple[Text, ...], _AS_LIST]
DateFormats = Annotated[tuple[Annotated[Text, AfterValidator(check_date_format)], ...], _AS_LIST]
Pause = Annotated[timedelta, BeforeValidator(parse_duration, json_schema_input_type=_DURATION_TEXT)]
Duration = Annotated[Pause, AfterValidator(_check_positive)]
Every = Annotated[Pause, AfterValidator(_check_min_every)]
Size = Annotated[int, Field(ge=1), BeforeValidator(parse_size, json_schema_input_type=_SIZE_TEXT)]
Share = Annotated[int | str, BeforeValidator(parse_share, json_schema_input_type=_SHARE_TEXT)]
ZoneName = Annotated[str, AfterValidator(check_zone_name)]
Pattern = Annotated[Text, AfterValidator(check_pattern)]
Patterns = Annotated[tuple[Pattern, ...], _AS_LIST]
Identifier = Annotated[
    str,
    AfterValidator(check_identifier),
    Field(json_schema_extra={"pattern": f"^{_IDENTIFIER.pattern}$"}),
]
Identifiers = Annotated[tuple[Identifier, ...], _AS_LIST]
HostNames = Annotated[tuple[Annotated[Text, AfterValidator(check_host_name)], ...], _AS_LIST]
ProxyUrl = Annotated[str, AfterValidator(check_proxy_url)]
PlainUrl = Annotated[
    str, AfterValidator(check_plain_url), Field(json_schema_extra={"pattern": "^https?://"})
]
Origins = Annotated[tuple[Annotated[str, AfterValidator(check_origin)], ...], _AS_LIST]
Listen = Annotated[str, AfterValidator(check_listen)]
DatabaseUrl = Annotated[str, AfterValidator(resolve_database_url)]
ConfigPath = Annotated[Path, BeforeValidator(resolve_path, json_schema_input_type=str)]
Language = Annotated[str, AfterValidator(check_language)]
Languages = Annotated[tuple[Language, ...], _AS_LIST]
Moment = Annotated[str, AfterValidator(check_moment)]
Charset = Annotated[str, AfterValidator(check_charset)]
HeaderName = Annotated[str, AfterValidator(check_header_name)]
HeaderValue = Annotated[SecretStr, AfterValidator(_check_secret_line)]
OneLine = Annotated[Text, AfterValidator(check_one_line)]
