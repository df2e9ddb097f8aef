"""Makes ``requests`` connect through a :class:`.dialer.Dialer`, with our TLS settings and no others."""

from __future__ import annotations

import ssl

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from . import library_log
from .dialer import Dialer
from .errors import connect_error, tls_error

library_log.install()


class _Dialing:
    """A connection of urllib3 whose socket comes from the dialer."""

    dialer: Dialer

    def _new_conn(self):
        return self.dialer.connect(self._dns_host, self.port)


class _PlainConnection(_Dialing, HTTPConnection):
    pass


class _TlsConnection(_Dialing, HTTPSConnection):
    def connect(self) -> None:
        place = f"{self._tunnel_host or self.host}:{self._tunnel_port or self.port}"
        try:
            super().connect()
        except ssl.SSLError as error:
            raise tls_error(error, place) from error
        except OSError as error:
            raise connect_error(error, place) from error
        self.sock.deadline = self.dialer.deadline


class DialingAdapter(HTTPAdapter):
    """Sends requests over connections of a dialer.

    :param context: TLS settings; the ``verify`` and ``cert`` of requests are not looked at
    """

    def __init__(self, dialer: Dialer, context: ssl.SSLContext, proxy_headers: dict[str, str] | None = None):
        self._classes = {
            "http": type("PlainConnection", (_PlainConnection,), {"dialer": dialer}),
            "https": type("TlsConnection", (_TlsConnection,), {"dialer": dialer}),
        }
        self._context = context
        self._proxy_headers = proxy_headers or {}
        super().__init__(pool_connections=4, pool_maxsize=1, max_retries=0)

    def get_connection_with_tls_context(self, request, verify, proxies=None, cert=None):
        pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
        pool.ConnectionCls = self._classes[pool.scheme]
        return pool

    def build_connection_pool_key_attributes(self, request, verify, cert=None):
        host, pool = super().build_connection_pool_key_attributes(request, True, None)
        return host, {**pool, "ssl_context": self._context, "cert_reqs": "CERT_REQUIRED"}

    def cert_verify(self, conn, url, verify, cert):
        """The context decides alone: the authorities that requests would add are not trusted."""

    def proxy_headers(self, proxy):
        return dict(self._proxy_headers)
