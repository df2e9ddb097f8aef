"""What is said about a value that cannot be mapped: row and path, value, rule, remedy."""

from __future__ import annotations

from ...errors import Finding, MappingError
from ..date_patterns import InvalidValue
from ..showing import shown
from .rules import Rule
from .transforms import TRANSFORMS


def invalid_value(rule: Rule, place: str, raw: object, error: InvalidValue) -> MappingError:
    return MappingError(
        code="mapping.invalid_value",
        message=f"The value for {rule.target} cannot be read as {TRANSFORMS[rule.transform].label}.",
        location=f"{place}{rule.source}",
        subject=rule.target,
        expected=error.expected,
        found="nothing" if raw is None else shown(raw, is_private=rule.is_private),
        remedy="Correct the document at its source, or the transform of the mapping line.",
    )


def missing_value(rule: Rule, place: str) -> MappingError:
    return MappingError(
        code="mapping.required_value_missing",
        message=f"The document has no value for {rule.target}.",
        location=f"{place}{rule.source}",
        subject=rule.target,
        expected="a value",
        found="nothing",
        remedy="Correct the document at its source, or give the mapping line a default.",
    )


def unknown_code(rule: Rule, place: str, found: str, code: str = "crosswalk.unknown_code") -> MappingError:
    return MappingError(
        code=code,
        message=f"The crosswalk of {rule.target} does not translate the value.",
        location=f"{place}{rule.source}",
        subject=f"{rule.crosswalk}:{rule.target if rule.is_private else found}",
        expected="a code of the crosswalk",
        found=shown(found, is_private=rule.is_private),
        remedy="Add the code to the crosswalk.",
    )


def summed_up(errors: list[MappingError], count: int) -> MappingError:
    """Return the first error, carrying all of them as findings when there are more."""
    first = errors[0]
    if count > 1:
        first.findings = (*(error.as_finding() for error in errors), *_omitted(count - len(errors), count))
    return first


def _omitted(omitted: int, count: int) -> tuple[Finding, ...]:
    if not omitted:
        return ()
    return (
        Finding(
            code="findings.omitted",
            message=f"{omitted} more errors of this record are not listed.",
            found=str(count),
            remedy="Solve the listed ones first: they usually share one cause.",
            severity="warning",
        ),
    )
