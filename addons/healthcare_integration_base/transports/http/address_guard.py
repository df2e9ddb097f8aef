"""Which addresses may be connected to, decided on the address itself, never on a name.

A name may resolve to anything, and to something else a moment later. So the rule is applied to the
address that is then connected to. What an IPv6 address carries inside (IPv4-mapped, NAT64, 6to4, Teredo)
is judged by the IPv4 address it leads to. Those of a network's own NAT64 are refused as a whole.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Where clouds hand out the machine's own credentials: AWS, Azure, Google, Oracle (link-local), AWS over
# IPv6, Alibaba, Azure's WireServer, Google over IPv6. Some lie in networks that are otherwise harmless.
METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "100.100.100.200",
        "168.63.129.16",
        "fd20:ce::254",
    )
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# RFC 8215: a network's own translator; which bits are the IPv4 address, only that network knows (RFC 6052).
_LOCAL_NAT64 = ipaddress.ip_network("64:ff9b:1::/48")
_SITE_LOCAL = ipaddress.ip_network("fec0::/10")
_SHARED = ipaddress.ip_network("100.64.0.0/10")


@dataclass(frozen=True)
class AddressGuard:
    """Public addresses may be reached, all others only by an administrator's leave.

    >>> guard = AddressGuard(parse_networks("10.20.0.0/16"))
    >>> guard.refusal(ipaddress.ip_address("10.20.1.1"))
    ''
    >>> guard.refusal(ipaddress.ip_address("::ffff:127.0.0.1"))
    'a loopback address'

    :ivar allowed: networks that are allowed though they are not public; a metadata address needs an
        entry of its own
    """

    allowed: tuple[Network, ...] = ()

    def refusal(self, address: Address) -> str:
        """Return what kind of refused address this is; empty when it may be connected to."""
        address = innermost(address)
        if address in METADATA or METADATA.intersection(_possible_targets(address)):
            own_entry = any(
                network.prefixlen == network.max_prefixlen and address in network for network in self.allowed
            )
            return "" if own_entry else "a cloud's metadata address"
        if any(address.version == network.version and address in network for network in self.allowed):
            return ""
        return _kind(address)


def parse_networks(text: str | Iterable[str]) -> tuple[Network, ...]:
    """Return networks from a text that separates them by commas, spaces or lines.

    :raises ValueError: for what is neither an address nor a network in CIDR notation
    """
    parts = text.replace(",", " ").split() if isinstance(text, str) else text
    return tuple(_unmapped(ipaddress.ip_network(part)) for part in parts)


def innermost(address: Address) -> Address:
    """Return the address that packets to ``address`` end at: the IPv4 one inside an IPv6 one, if any."""
    if address.version == 4:
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if int(address) >> 32 == 0 and int(address) > 1:  # ::a.b.c.d, deprecated but still parsed
        return ipaddress.IPv4Address(int(address))
    return address


def _possible_targets(address: Address) -> list[Address]:
    """Return every IPv4 address that a network's own NAT64 may make of an address, per RFC 6052."""
    if address not in _LOCAL_NAT64:
        return []
    bits = int(address)
    # Prefixes of 48, 56, 64 and 96 bits; bits 64 to 71 belong to none.
    numbers = (
        (bits >> 64 & 0xFFFF) << 16 | bits >> 40 & 0xFFFF,
        (bits >> 64 & 0xFF) << 24 | bits >> 32 & 0xFFFFFF,
        bits >> 24 & 0xFFFFFFFF,
        bits & 0xFFFFFFFF,
    )
    return [ipaddress.IPv4Address(number) for number in numbers]


def _unmapped(network: Network) -> Network:
    """Return the IPv4 network that an entry such as ``::ffff:10.0.0.0/104`` means."""
    if network.version == 6 and network.prefixlen >= 96 and network.network_address.ipv4_mapped:
        return ipaddress.ip_network((network.network_address.ipv4_mapped, network.prefixlen - 96))
    return network


def _kind(address: Address) -> str:
    if address.is_unspecified:
        return "the unspecified address"
    if address.is_loopback:
        return "a loopback address"
    if address.is_link_local:
        return "a link-local address"
    if address.is_multicast:
        return "a multicast address"
    if address.version == 4 and address in _SHARED:
        return "a shared address of a provider's network"
    if address.version == 6 and address in _SITE_LOCAL:
        return "a site-local address"
    if address in _LOCAL_NAT64:
        return "an address of a translator (NAT64) of the local network"
    if address.is_private:
        return "a private address"
    if address.is_reserved or not address.is_global:
        return "a reserved address"
    return ""
