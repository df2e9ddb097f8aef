"""Sends requests to one server: guarded, limited in time and size, repeated only where that is safe."""

from __future__ import annotations

import io
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import requests
import urllib3

from ...errors import IntegrationError, TransientError
from ..settings import ConfigurationError
from . import errors
from .adapter import DialingAdapter
from .authentication import Authentication, NoAuthentication, basic
from .content_coding import BLOCK, decoded, is_known
from .deadline import Deadline
from .dialer import Dialer
from .exchange_errors import exchange_error
from .headers import check_headers
from .messages import Answer, Request, join, origin
from .retries import Backoff, parse_retry_after
from .settings import HttpSettings
from .signing import Signer

USER_AGENT = "healthcare-integration"
LARGEST_REDIRECTS = 5
# answers that send whoever posted something to what became of it (RFC 9110, 15.4.3 and 15.4.4)
_SEE_WHAT_BECAME = (302, 303)
_MAYBE_OBEYED = (errors.AnswerError, errors.LostAnswerError, errors.UnreadAnswerError)


class HttpClient:
    """One exchange with a server: open it, send any number of requests, close it.

    :param context: TLS settings of :func:`.tls.make_context`
    :param authentication: adds who we are to each request
    :param signer: signs each request, if given
    :param admit: called before each request that leaves; may wait, or raise to refuse it
    :param refusal: returns the error for an answer that is final and no success
    :param sleep: waits between attempts
    """

    def __init__(
        self,
        settings: HttpSettings,
        context: ssl.SSLContext,
        deadline: Deadline,
        dialer: Dialer,
        *,
        authentication: Authentication | None = None,
        signer: Signer | None = None,
        admit: Callable[[], None] = lambda: None,
        refusal: Callable[[Request, Answer], IntegrationError] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self._settings = settings
        self._deadline = deadline
        self._dialer = dialer
        self._authentication = authentication or NoAuthentication()
        self._signer = signer
        self._admit = admit
        self._sleep = sleep
        self._refusal = refusal or self._status_error
        # the adapter alone: a session would take proxies, authorities and passwords from the environment,
        # keep cookies, and read the bodies of redirects without a limit
        self._adapter = DialingAdapter(dialer, context, _proxy_headers(settings))

    def close(self) -> None:
        """Close the connections; closing twice is fine."""
        self._adapter.close()

    def send(self, request: Request) -> Answer:
        """Send a request and return its answer of success (2xx).

        The credential is renewed once when the server refuses it. Redirects are followed for GET and HEAD,
        and within the same origin only.

        :raises TransientError: when it may succeed later; ``retry_after`` is what the server asks for
        :raises DocumentError: the server refuses what was sent
        :raises BusinessRuleError: it is not known whether what was sent arrived, and repeating is not safe
        :raises ConfigurationError: a person has to change something
        """
        answer = self._repeated(request)
        if answer.status == 401 and self._authentication.renew():
            answer = self._repeated(request)
        if answer.status in (301, 302, 303, 307, 308):
            answer = self._follow(request, answer)
        if not 200 <= answer.status < 300:
            raise self._refusal(request, answer)
        return answer

    # === REPEATING === #

    def _repeated(self, request: Request) -> Answer:
        """Send until there is an answer other than "later", as often as the backoff allows."""
        backoff: Backoff = self._settings.backoff
        for attempt in range(1, backoff.attempts + 1):
            failure = None
            try:
                answer = self._once(request)
                if not errors.is_later(answer.status):
                    return answer
                failure = self._status_error(request, answer)
            except errors.UnreadAnswerError as error:
                raise self._final(request, error) from None
            except TransientError as error:
                failure = error
            if not _may_repeat(request, failure):
                raise self._final(request, failure)
            wait = backoff.delay(attempt, failure.retry_after)
            if attempt == backoff.attempts or wait > min(backoff.cap, self._deadline.remaining):
                raise failure
            self._sleep(wait)
        raise AssertionError("a backoff has at least one attempt")

    def _final(self, request: Request, failure: IntegrationError) -> IntegrationError:
        """Return the error ending a request; where it may have been obeyed, a person decides on repeats."""
        refused = isinstance(failure, errors.AnswerError) and failure.status in (*errors.NOT_TAKEN_UP, 503)
        if request.is_repeatable or refused or not isinstance(failure, _MAYBE_OBEYED):
            return failure
        return errors.outcome_unknown(errors.safe_url(request.url), failure.found)

    def _status_error(self, request: Request, answer: Answer) -> IntegrationError:
        return errors.status_error(
            answer.status,
            errors.safe_url(answer.url),
            sending=request.is_sending,
            retry_after=parse_retry_after(answer.headers.get("retry-after")),
        )

    # === REDIRECTS === #

    def _follow(self, request: Request, answer: Answer) -> Answer:
        """Follow redirects within the origin; each target gets the same checks as the first request."""
        for _hop in range(LARGEST_REDIRECTS):
            target = join(answer.url, answer.headers.get("location", ""))
            if (
                request.is_sending
                or "location" not in answer.headers
                or not _same_origin(request.url, target)
            ):
                raise _not_followed(request, answer, target)
            answer = self._repeated(replace(request, url=target))
            if answer.status not in (301, 302, 303, 307, 308):
                return answer
        raise _not_followed(request, answer, answer.url)

    # === ONE EXCHANGE === #

    def _once(self, request: Request) -> Answer:
        """Send one request and read its whole answer, whatever its status."""
        self._admit()
        place = errors.safe_url(request.url)
        prepared = self._prepare(request)
        self._check_proxied_target(request.url)
        try:
            response = self._adapter.send(
                prepared,
                stream=True,
                timeout=(
                    self._deadline.allow(self._settings.connect_timeout),
                    self._deadline.allow(self._settings.read_timeout),
                ),
                proxies=_proxies(self._settings),
            )
            with response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status_code, request.url, headers, self._read(response, place))
        except IntegrationError as error:
            raise self._in_time(error, place) from error.__cause__
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise self._in_time(exchange_error(error, place), place) from None

    def _prepare(self, request: Request) -> requests.PreparedRequest:
        """Return the request with default headers, credential and signature, checked header by header."""
        defaults = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **dict(self._settings.headers)}
        request = replace(request, url=_encoded(request.url))
        request = self._authentication.apply(request.with_headers({**defaults, **request.headers}))
        if self._signer is not None:
            request = self._signer.sign(request)
        check_headers(request.headers)
        # a stream goes out in blocks, so that the silence allowed is that of a block
        body = io.BytesIO(request.body) if request.body else None
        return requests.Request(request.method, request.url, dict(request.headers), data=body).prepare()

    def _read(self, response: requests.Response, place: str) -> bytes:
        """Return the decompressed body; of a refusal in a coding that is not known here, nothing.

        :raises UnreadAnswerError: it is larger than allowed, as sent or decompressed, or in an unknown coding
        """
        limit = self._settings.maximum_response_bytes
        announced = response.headers.get("Content-Length", "")
        if announced.isdigit() and int(announced) > limit:
            raise errors.answer_too_large(place, limit)
        coding = response.headers.get("Content-Encoding", "")
        if response.status_code >= 300 and not is_known(coding):
            return b""
        sent = _at_most(limit, response.raw.stream(BLOCK, decode_content=False), place)
        return b"".join(_at_most(limit, decoded(sent, coding, place), place))

    def _in_time(self, error: IntegrationError, place: str) -> IntegrationError:
        """Return the error, said to be the total time's where that has ended."""
        if not self._deadline.expired or not isinstance(error, TransientError):
            return error
        late = type(error)(
            code="http.total_timeout",
            message="The exchange took longer than the endpoint allows",
            location=place,
            expected=f"an end within {self._settings.total_timeout:g} seconds",
            found="still busy",
            remedy="It is tried again later; raise the total time if the answers are that large.",
            subject=place,
        )
        late.retry_after = error.retry_after
        return late

    def _check_proxied_target(self, url: str) -> None:
        """Refuse what the guard knows of, where the proxy and not the dialer connects to it.

        A name that only the proxy can resolve is left to the proxy.
        """
        if not self._settings.proxy_url:
            return
        _scheme, host, port = origin(url)
        try:
            self._dialer.require_all_allowed(host, port or 443)
        except errors.NotConnectedError:
            return


def _at_most(limit: int, blocks: Iterator[bytes], place: str) -> Iterator[bytes]:
    size = 0
    for block in blocks:
        size += len(block)
        if size > limit:
            raise errors.answer_too_large(place, limit)
        yield block


def _proxy_headers(settings: HttpSettings) -> dict[str, str]:
    if not settings.proxy_username:
        return {}
    return {"Proxy-Authorization": basic(settings.proxy_username, settings.proxy_password)}


def _proxies(settings: HttpSettings) -> dict[str, str]:
    return {"http": settings.proxy_url, "https": settings.proxy_url} if settings.proxy_url else {}


def _encoded(url: str) -> str:
    """Return the URL as it is sent, which is what a signature must cover."""
    prepared = requests.PreparedRequest()
    prepared.prepare_url(url, None)
    return prepared.url


def _may_repeat(request: Request, failure: TransientError) -> bool:
    return request.is_repeatable or isinstance(failure, errors.NotConnectedError)


def _same_origin(one: str, other: str) -> bool:
    return origin(one) == origin(other) and "@" not in urlsplit(other).netloc


def _not_followed(request: Request, answer: Answer, target: str) -> IntegrationError:
    place = errors.safe_url(answer.url)
    found = f"{answer.status} to {errors.safe_url(target) if target else 'what is no address'}"
    if not request.is_repeatable and answer.status in _SEE_WHAT_BECAME:
        return errors.outcome_unknown(place, found)
    return ConfigurationError(
        code="http.redirect_refused",
        message="The server sends us elsewhere; the redirect was not followed",
        location=place,
        expected="an answer, or a redirect of a GET within the same host",
        found=found,
        remedy="If the partner confirms the new address, enter it in the endpoint.",
        subject=place,
    )
