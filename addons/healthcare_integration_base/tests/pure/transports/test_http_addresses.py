"""Which addresses may be connected to, and that the one that was judged is the one that is connected to."""

import ipaddress
import socket

import pytest
from http_endpoints import endpoint, refused

from odoo.addons.healthcare_integration_base.transports import ConfigurationError
from odoo.addons.healthcare_integration_base.transports.http.address_guard import (
    AddressGuard,
    parse_networks,
)

from tests.sandbox.http_partner import running

REFUSED = [
    "127.0.0.1",
    "127.8.9.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.1.1",
    "169.254.169.254",
    "100.100.100.200",
    "100.64.0.1",
    "168.63.129.16",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "::7f00:1",
    "::ffff:0:7f00:1",
    "::ffff:0:808:808",
    "64:ff9b::10.0.0.1",
    "64:ff9b::100.100.100.200",
    "64:ff9b:1::8.8.8.8",
    "64:ff9b:1:7f00:0:100:808:808",
    "64:ff9b:1:ffff::1",
    "2002:a00:1::8.8.8.8",
    "2001:0:808:808:8000:63bf:5601:5601",
]


def refusal(address, allowed=""):
    return AddressGuard(parse_networks(allowed)).refusal(ipaddress.ip_address(address))


def addresses(*texts, port=443):
    """Return what a name service says, in the shape of ``socket.getaddrinfo``."""
    return [
        (socket.AF_INET6 if ":" in text else socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, port))
        for text in texts
    ]


class TestGuard:
    @pytest.mark.parametrize("address", REFUSED)
    def test_what_is_not_public_is_refused(self, address):
        assert refusal(address)

    @pytest.mark.parametrize(
        "address",
        [
            "8.8.8.8",
            "193.99.144.80",
            "2a00:1450:4001::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
            "2001:0:4136:e378:8000:63bf:f7f7:f7f7",
        ],
    )
    def test_what_is_public_is_allowed(self, address):
        assert not refusal(address)

    @pytest.mark.parametrize(
        ("address", "allowed"),
        [
            ("10.20.1.1", "10.20.0.0/16"),
            ("::ffff:10.20.1.1", "10.20.0.0/16"),
            ("10.20.1.1", "::ffff:10.20.0.0/112"),
            ("127.0.0.1", "127.0.0.1"),
            ("::1", "::1"),
            ("fd12::1", "10.0.0.0/8, fd12::/16"),
            ("169.254.169.254", "169.254.169.254/32"),
            ("64:ff9b::10.20.1.1", "10.20.0.0/16"),
            ("2002:a14:101::1", "10.20.0.0/16"),
            ("64:ff9b:1::8.8.8.8", "64:ff9b:1::/48"),
        ],
    )
    def test_an_administrator_allows_networks(self, address, allowed):
        assert not refusal(address, allowed)

    @pytest.mark.parametrize(
        ("address", "allowed"),
        [
            ("10.21.1.1", "10.20.0.0/16"),
            ("169.254.169.254", "169.254.0.0/16"),
            ("169.254.169.254", "0.0.0.0/0"),
            ("::ffff:169.254.169.254", "::/0, 0.0.0.0/0"),
            ("fd00:ec2::254", "fc00::/7"),
            ("127.0.0.1", "::1"),
            ("64:ff9b::a9fe:a9fe", "64:ff9b::/96, 169.254.0.0/16"),
            ("64:ff9b:1::10.20.1.1", "10.20.0.0/16"),
            ("64:ff9b:1::a9fe:a9fe", "64:ff9b:1::/48"),
            ("64:ff9b:1:a9fe:a9:fe00::", "64:ff9b:1::/48"),
            ("64:ff9b:1:a9:fe:a9fe::", "64:ff9b:1::/48"),
            ("64:ff9b:1:0:a9:fea9:fe00:0", "64:ff9b:1::/48"),
        ],
    )
    def test_a_metadata_address_needs_an_entry_of_its_own(self, address, allowed):
        assert refusal(address, allowed)

    @pytest.mark.parametrize("text", ["10.0.0.1/8", "example.com", "10.0.0.0/33", "1"])
    def test_what_is_no_network_is_refused(self, text):
        with refused("http.setting", ConfigurationError):
            endpoint("https://api.example.com", allowed_networks=text)


class TestConnecting:
    @pytest.mark.parametrize(
        "host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost", "0x7f.1", "2130706433"]
    )
    def test_loopback_is_refused_however_it_is_written(self, host):
        with running() as partner:
            transport = endpoint(f"http://{host}:{partner.port}", allowed_networks="")
            with transport, refused("http.address_refused", ConfigurationError) as caught:
                transport.request("GET", "/echo")
            assert not partner.seen and "loopback" in caught[0].found

    def test_a_name_that_changes_its_address_does_not_get_in(self):
        """The second answer of the name service is not asked for: what was judged is connected to."""
        with running() as partner:
            transport = endpoint(
                f"http://rebind.example:{partner.port}", allowed_networks="127.0.0.2", attempts=1
            )
            answers = [addresses("127.0.0.2", port=1), addresses("127.0.0.1", port=partner.port)]
            asked = []

            def resolver(host, port):
                asked.append(host)
                return answers[min(len(asked), 2) - 1]

            transport.resolver = resolver
            with transport, refused("http.connection_refused"):
                transport.request("GET", "/echo")
            assert asked == ["rebind.example"] and not partner.seen
            with transport, refused("http.address_refused"):
                transport.request("GET", "/echo")
            assert not partner.seen

    def test_refused_addresses_of_a_name_are_passed_over(self):
        with running() as partner:
            transport = endpoint(f"http://mixed.example:{partner.port}")
            transport.resolver = lambda host, port: addresses("10.0.0.1", "127.0.0.1", port=port)
            with transport:
                assert transport.request("GET", "/echo").status == 200
            assert partner.seen[0].headers["host"] == f"mixed.example:{partner.port}"

    def test_a_redirect_and_the_token_server_are_judged_too(self):
        values = {
            "authentication": "client_secret_post",
            "username": "hospital",
            "password": "s3cret",
            "token_url": "http://tokens.example/token",
        }
        with running() as partner:
            transport = endpoint(f"http://api.example:{partner.port}", **values)
            names = {"api.example": "127.0.0.1", "tokens.example": "169.254.169.254"}
            transport.resolver = lambda host, port: addresses(names[host], port=port)
            with transport, refused("http.address_refused") as caught:
                transport.request("GET", "/echo")
            assert caught[0].location == "tokens.example" and not partner.seen

    def test_an_unknown_name(self):
        transport = endpoint("https://no-such-host.invalid", attempts=1)
        with transport, refused("http.host_unknown"):
            transport.request("GET", "/")


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("::127.0.0.1", "a loopback address"),
        ("::169.254.169.254", "a cloud's metadata address"),
        ("::1", "a loopback address"),
    ],
)
def test_compatible_address_is_judged_by_what_it_carries(address, kind):
    assert AddressGuard().refusal(ipaddress.ip_address(address)) == kind
    every_ipv6_address = AddressGuard(parse_networks("::/0"))
    allowed = address == "::1"
    assert (every_ipv6_address.refusal(ipaddress.ip_address(address)) == "") is allowed
