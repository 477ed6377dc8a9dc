"""Turns errors of the HTTP client into SourceErrors that a person can act on.

Every exception of the HTTP client becomes a SourceError here. Messages name the host, never a password or query.
"""

from __future__ import annotations

import re
import socket
import ssl
from http import HTTPStatus
from typing import TYPE_CHECKING

import aiohttp

from aggregator.errors import SourceError
from aggregator.fetch.connector import AddressRefusedError

if TYPE_CHECKING:
    from datetime import timedelta

    from aggregator.errors import ErrorClass
    from aggregator.fetch.request_url import Target

# What aiohttp may raise for one request; ValueError is its answer to headers that cannot be sent.
CLIENT_ERRORS = (aiohttp.ClientError, OSError, ValueError)
# aiohttp's parser says only in its message which limit was hit.
_TOO_LARGE_MESSAGES = ("Got more than", "Too many")
# Its other messages: `Invalid header token:`, lines of explanation, and the bytes as Python writes them.
_REFUSED = re.compile(
    r"""(?P<what>(?!Invalid HTTP)[A-Za-z -]{1,60}):[^'"]{0,100}b['"](?P<bytes>[^'"]*)"""
)
_FORBIDDEN_STATUSES = frozenset({401, 403})


def to_source_error(error: Exception, target: Target) -> SourceError:
    """Turn an exception of the HTTP client into ours."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return _connection_error(error, target)
    kind, message = _classify(error, target)
    return SourceError(kind, message)


def status_error(status: int, target: Target, wait: timedelta | None) -> SourceError:
    """Make the error of an HTTP status that brings no document."""
    kind: ErrorClass = "http"
    if status == HTTPStatus.GONE:
        kind = "gone"
    elif status in _FORBIDDEN_STATUSES:
        kind = "forbidden"
    return SourceError(
        kind,
        f"{_status_text(status)} at {target.display_url}",
        status=status,
        retry_after=wait,
        url=target.text,
    )


def _status_text(status: int) -> str:
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"


def _connection_error(error: aiohttp.ClientConnectorError, target: Target) -> SourceError:
    reason = error.os_error
    if isinstance(reason, AddressRefusedError):
        return SourceError("blocked", f"{reason}; set allow_private for a source that you trust")
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return SourceError("connect", f"the proxy cannot be reached ({_os_reason(reason)})")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return SourceError("dns", f"{target.host} cannot be looked up ({_dns_reason(reason)})")
    if isinstance(error, aiohttp.ClientSSLError):
        return SourceError("tls", f"no secure connection to {target.host} ({_tls_reason(reason)})")
    return SourceError("connect", f"no connection to {target.host} ({_os_reason(reason)})")


def _classify(error: Exception, target: Target) -> tuple[ErrorClass, str]:
    if isinstance(error, TimeoutError):
        return "timeout", f"no connection to {target.host} in time"
    if isinstance(error, ssl.SSLError):
        return "tls", f"the secure connection to {target.host} failed ({_tls_reason(error)})"
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return "connect", f"the proxy answered HTTP {error.status}"
    if isinstance(error, aiohttp.ClientResponseError):
        return _protocol_error(error, target)
    if isinstance(error, aiohttp.InvalidURL | ValueError):
        return (
            "blocked",
            f"the request to {target.display_url} cannot be sent: URL or headers are not valid",
        )
    return "connect", f"{target.host} broke off the connection before its answer was complete"


def _protocol_error(error: aiohttp.ClientResponseError, target: Target) -> tuple[ErrorClass, str]:
    if error.message.startswith(_TOO_LARGE_MESSAGES):
        return "too-large", f"the headers of {target.host} are too large"
    reason = _parser_reason(error.message)
    return "unreadable", f"the answer of {target.host} is not HTTP{reason}"


def _parser_reason(message: str) -> str:
    """Return what the parser refused, as ` (invalid header token at 'X-Bad')`; "" if it is not said.

    Only the name of a header is shown, because its value may be a secret.
    """
    refused = _REFUSED.match(message)
    if refused is None:
        return ""
    name = refused["bytes"].partition(":")[0][:40]
    return f" ({refused['what'].lower()} at '{name}')"


def _dns_reason(reason: OSError) -> str:
    if not isinstance(reason, socket.gaierror):
        return str(reason)
    if reason.errno == socket.EAI_AGAIN:
        return "the DNS does not answer"
    return "no such host"


def _os_reason(reason: OSError) -> str:
    return (reason.strerror or str(reason) or type(reason).__name__).lower()


def _tls_reason(reason: BaseException) -> str:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return reason.verify_message
    words = getattr(reason, "reason", None) or str(reason)
    return str(words).replace("_", " ").lower()
