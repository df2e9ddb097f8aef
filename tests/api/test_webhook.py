"""The webhook on a real server: what partners do at the same moment."""

import hashlib
import hmac
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import requests

SENDERS = 16
TIMEOUT = 60


def send(api, body, secret):
    """Sign as a partner does that knows nothing of the suite, and return the response."""
    timestamp = str(int(time.time()))
    code = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Timestamp": timestamp, "X-Signature": code}
    return requests.post(api.url + api.webhook, data=body, headers=headers, timeout=TIMEOUT)


def test_an_event_that_is_sent_many_times_at_once_is_one_message(api):
    with ThreadPoolExecutor(SENDERS) as senders:
        answers = list(senders.map(lambda _n: send(api, b'{"event": "once"}', api.secret), range(SENDERS)))
    assert Counter(answer.status_code for answer in answers) == {202: 1, 200: SENDERS - 1}
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_different_events_at_once_are_all_taken_in(api):
    bodies = [f'{{"event": {number}}}'.encode() for number in range(4 * SENDERS)]
    with ThreadPoolExecutor(SENDERS) as senders:
        answers = list(senders.map(lambda body: send(api, body, api.secret), bodies))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == len(bodies)


def test_who_does_not_know_the_secret_is_told_nothing(api):
    answer = send(api, b"{}", "another secret of somebody")
    assert (answer.status_code, answer.json()) == (401, {"error": "unauthorized"})
