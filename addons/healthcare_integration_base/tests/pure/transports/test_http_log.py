"""What the HTTP libraries themselves write to the log."""

import logging
import socket
import threading
from contextlib import contextmanager

from http_endpoints import endpoint

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nno header\r\nA: b\r\n\r\nok"


@contextmanager
def _careless_partner():
    """Yield the address of a server whose one answer holds a line that is no header."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            connection, _peer = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(ANSWER)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join(5)


def test_a_key_in_the_address_is_not_logged_with_a_broken_answer(caplog):
    values = {"authentication": "api_key_query", "api_key_name": "key", "password": "s3cret-key"}
    with caplog.at_level(logging.DEBUG), _careless_partner() as url, endpoint(url, **values) as transport:
        transport.request("GET", "/items")
    assert "/items" in caplog.text
    assert "HeaderParsingError" in caplog.text
    assert "s3cret-key" not in caplog.text and "no header" not in caplog.text
