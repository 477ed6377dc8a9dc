"""Decides which network addresses may be dialled.

Every address that is not known to be public unicast is refused (IANA special-purpose registries, RFC 6890).
"""

from __future__ import annotations

import re
import socket
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# First match wins, so the more precise name stands before the wider block.
_REFUSED_V4 = tuple(
    (IPv4Network(block), name)
    for block, name in (
        ("169.254.169.254/32", "cloud metadata"),
        ("100.100.100.200/32", "cloud metadata"),
        ("168.63.129.16/32", "cloud metadata"),  # Azure's, inside a public block
        ("192.0.0.192/32", "cloud metadata"),
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_REFUSED_V6 = tuple(
    (IPv6Network(block), name)
    for block, name in (
        ("::1/128", "loopback"),
        ("::/128", "unspecified"),
        ("::ffff:0:0/96", "IPv4-mapped"),
        ("fd00:ec2::254/128", "cloud metadata"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
        ("2001::/32", "Teredo"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("3fff::/20", "documentation"),
    )
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_NUMERIC_HOST = re.compile(r"(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+)){0,3}\.?", re.IGNORECASE)


@lru_cache(maxsize=4096)
def refusal_reason(address: str) -> str | None:
    """Return in a word why a numeric address is refused, None if it may be dialled.

    >>> refusal_reason("127.0.0.1"), refusal_reason("64:ff9b::a00:1"), refusal_reason("1.1.1.1")
    ('loopback', 'NAT64 of private', None)
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return "not an address"

    if isinstance(parsed, IPv4Address):
        return _refusal_reason_v4(parsed)
    return _refusal_reason_v6(parsed)


def host_refusal_reason(host: str) -> str | None:
    """Return why the host of a URL is refused without a DNS look-up; None for names and public addresses."""
    if ":" in host:
        return refusal_reason(host)
    if not _NUMERIC_HOST.fullmatch(host):
        return None
    return refusal_reason(host) if _is_dotted_quad(host) else "an address in disguise"


def is_loopback_host(host: str) -> bool:
    """Tell whether a host is written as this machine."""
    return host == "localhost" or refusal_reason(host) == "loopback"


def _is_dotted_quad(host: str) -> bool:
    try:
        return socket.inet_ntoa(socket.inet_pton(socket.AF_INET, host)) == host
    except OSError:
        return False


def _refusal_reason_v4(address: IPv4Address) -> str | None:
    for block, name in _REFUSED_V4:
        if address in block:
            return name
    return None


def _refusal_reason_v6(address: IPv6Address) -> str | None:
    # A NAT64 gateway dials the embedded IPv4 address, so that one is checked. IPv6-only networks need NAT64.
    if address in _NAT64:
        inner = _refusal_reason_v4(IPv4Address(int(address) & 0xFFFFFFFF))
        if inner is None:
            return None
        return f"NAT64 of {inner}"

    for block, name in _REFUSED_V6:
        if address in block:
            return name
    if address not in _GLOBAL_UNICAST:
        return "not global unicast"
    return None
