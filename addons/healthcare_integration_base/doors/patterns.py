"""Regular expressions that a person enters and a partner's texts meet: matched in linear time, by RE2.

Python's own engine may need ages for a pattern such as ``^(a+)+$``; RE2 never looks at a character twice as
often as its program has instructions. It has no look-around and no references back.
"""

from __future__ import annotations

import re
from functools import lru_cache

import re2

#: Instructions times characters that one search may cost: about half a second of a processor at worst.
MOST_WORK = 100_000_000
_LARGEST_PROGRAM_BYTES = 8 * 2**20
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)


class InvalidPattern(ValueError):
    """The text is no pattern that can be used here."""


class Pattern:
    """A pattern as JSON Schema has it: it matches anywhere in a text unless it has anchors.

    ``$`` is the end of the text, ``\\d`` and ``\\w`` are ASCII, as in ECMA-262.

    :ivar longest: characters that a text may have at most
    """

    def __init__(self, text: str):
        options = re2.Options()
        options.log_errors = False
        options.max_mem = _LARGEST_PROGRAM_BYTES
        try:
            self._compiled = re2.compile(_ESCAPE.sub(_as_re2, text), options)
        except re2.error as error:
            reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
            raise InvalidPattern(reason) from None
        except UnicodeEncodeError:
            raise InvalidPattern("half of a surrogate pair") from None
        self.longest = MOST_WORK // max(self._compiled.programsize, 1)

    def is_in(self, text: str) -> bool:
        """Tell whether the pattern matches somewhere; the text has at most ``longest`` characters."""
        return self._compiled.search(_storable(text)) is not None


@lru_cache(maxsize=64)
def compile_pattern(text: str) -> Pattern:
    """Return a pattern, compiled once; :raises InvalidPattern: saying what RE2 does not take."""
    return Pattern(text)


def _as_re2(match: re.Match) -> str:
    return f"\\x{{{match[1][1:]}}}" if len(match[1]) == 5 else match[0]


def _storable(text: str) -> str:
    """Return a text that has an encoding: JSON can spell half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode()
