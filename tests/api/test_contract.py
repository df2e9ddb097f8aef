"""The API against its own description: what it allows is taken, what it forbids is refused as described."""

from http import HTTPStatus

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks

PATH = "/integration/api/v1"
ORDER = {"order": "A-1", "ordered_on": "2026-03-16", "lines": [{"item": "gloves", "quantity": 2}]}
EXAMPLES = 25
TIMEOUT = 60
CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.negative_data_rejection,
    openapi_checks.positive_data_acceptance,
    openapi_checks.missing_required_header,
    openapi_checks.ignored_auth,
]
BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def headers(api):
    return {"Authorization": f"Bearer {api.key}"}


def described(api):
    return schemathesis.openapi.from_url(
        f"{api.url}{PATH}/openapi.json", headers=headers(api), timeout=TIMEOUT
    )


def operations(api):
    return [result.ok() for result in described(api).get_all_operations()]


def exercise(api, mode):
    """Send generated requests to every operation and check the answers; return the statuses seen."""
    return {
        f"{operation.method.upper()} {operation.path}": _exercise(api, operation, mode)
        for operation in operations(api)
    }


def _exercise(api, operation, mode):
    statuses = set()

    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case):
        response = case.call(headers=headers(api), timeout=TIMEOUT)
        statuses.add(response.status_code)
        case.validate_response(response, checks=CHECKS, headers=headers(api))

    check()
    return statuses


def test_the_description_is_valid_openapi(api):
    document = requests.get(f"{api.url}{PATH}/openapi.json", headers=headers(api), timeout=TIMEOUT).json()
    assert document["openapi"] == "3.1.0"
    assert {operation.method for operation in operations(api)} == {"get", "post"}


def test_what_is_allowed_is_taken(api):
    seen = exercise(api, schemathesis.GenerationMode.POSITIVE)
    sent = seen[f"POST {PATH}/messages/orders"]
    # Two of the generated documents may come with the same generated key.
    assert HTTPStatus.ACCEPTED in sent and sent <= {HTTPStatus.ACCEPTED, HTTPStatus.CONFLICT}
    assert HTTPStatus.OK in seen[f"GET {PATH}/reads/messages"]


def test_what_is_forbidden_is_refused_as_described(api):
    seen = exercise(api, schemathesis.GenerationMode.NEGATIVE)
    assert HTTPStatus.UNPROCESSABLE_ENTITY in seen[f"POST {PATH}/messages/orders"]


def test_what_is_told_of_a_document_is_as_described(api):
    sent = answered(api, "POST", f"{PATH}/messages/orders", HTTPStatus.ACCEPTED, body=ORDER)
    assert sent.headers["location"] == [sent.json()["status_url"]]
    assert requests.get(api.url + sent.json()["status_url"], headers=headers(api), timeout=TIMEOUT).ok
    known = {"path_parameters": {"id": sent.json()["id"]}}
    status = answered(api, "GET", f"{PATH}/messages/{{id}}", HTTPStatus.OK, **known).json()
    assert (status["id"], status["flow"], status["state"]) == (sent.json()["id"], "orders", "received")
    rows = answered(api, "GET", f"{PATH}/reads/messages", HTTPStatus.OK).json()["rows"]
    assert {"orders"} == {row["flow"] for row in rows}


def answered(api, method, path, status, **request):
    """Send one request; return its answer if that has the status and is as the description has it."""
    case = described(api)[path][method].Case(method=method, **request)
    response = case.call(headers=headers(api), timeout=TIMEOUT)
    assert response.status_code == status, response.text
    case.validate_response(response, checks=[*CHECKS, has_a_described_body], headers=headers(api))
    return response


def has_a_described_body(_context, response, case):
    """Fail where there is nothing that the other checks would have compared with the body."""
    [content] = case.operation.definition.raw["responses"][str(response.status_code)]["content"].values()
    assert content["schema"]["required"]


def test_without_a_key_nothing_is_told(api):
    for path in ("openapi.json", "reads/messages", "messages/orders"):
        response = requests.get(f"{api.url}{PATH}/{path}", timeout=TIMEOUT)
        assert response.status_code == HTTPStatus.UNAUTHORIZED
