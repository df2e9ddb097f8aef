"""Values as errors and previews show them: of bounded length, and masked where they are private."""

from __future__ import annotations

_LONGEST_FOUND = 80


def masked(value: object) -> str:
    """Return what may be said of a private value.

    >>> masked("Jane Doe")
    'a private value of 8 characters'
    """
    return f"a private value of {len(value) if isinstance(value, str) else len(_shortened(value))} characters"


def shown(value: object, *, is_private: bool = False) -> str:
    """Return a value as text of bounded length."""
    return masked(value) if is_private else _shortened(value)


def _shortened(value: object) -> str:
    if not isinstance(value, str):
        try:
            value = repr(value)
        except (ValueError, RecursionError):  # a number of very many digits, or nesting without end
            value = type(value).__name__
    return value if len(value) <= _LONGEST_FOUND else f"{value[: _LONGEST_FOUND - 3]}..."
