"""The lines of a mapping as data, and what can be checked of each before it runs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .transforms import GROUP, TRANSFORMS

CONDITIONS = {
    "present": "if a value is present",
    "absent": "if no value is present",
    "equals": "if a value equals",
    "differs": "if a value differs from",
}
MAX_LINES = 1_000
_TARGET_PART = re.compile(r"(@|#)?[^\W\d][\w:-]*")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a mapping.

    :ivar source: path in the record, in the language of its format; without one, ``default`` is a constant
    :ivar target: name of the field to fill; dots nest (``address.city``). Below the target of a group the
        line fills the items of the group, and its path starts at an item
    :ivar transform: a key of :data:`transforms.TRANSFORMS`; ``group`` maps a list of sub-records
    :ivar argument: what the transform asks for, such as a date pattern
    :ivar default: text used where the record has no value; it is transformed and translated like one
    :ivar is_required: without a value the record cannot be mapped
    :ivar is_private: errors do not repeat the value
    :ivar crosswalk: code of the crosswalk that translates the transformed value
    :ivar condition: a key of :data:`CONDITIONS`, tested on ``condition_source``; else the line is left out
    """

    source: str
    target: str
    transform: str = "text"
    argument: str = ""
    default: str = ""
    is_required: bool = False
    is_private: bool = False
    crosswalk: str = ""
    condition: str = ""
    condition_source: str = ""
    condition_value: str = ""


def check_rule(rule: Rule) -> None:
    """Check what one line says by itself; its paths are checked when the mapping is compiled.

    :raise ValueError: a sentence that says what is wrong with the line
    """
    if not rule.target or not all(map(_TARGET_PART.fullmatch, rule.target.split("."))):
        raise ValueError(f"{rule.target or 'A line'}: name the target field, with dots between nested names.")
    if not rule.source and not rule.default:
        raise ValueError(f"{rule.target}: a line needs a source path or a default.")
    if rule.transform not in TRANSFORMS:
        raise ValueError(f"{rule.target}: there is no transform named {rule.transform}.")
    if rule.transform == GROUP and (rule.crosswalk or rule.default):
        raise ValueError(f"{rule.target}: a repeated group has neither crosswalk nor default.")
    TRANSFORMS[rule.transform].check_argument(rule.argument)
    if rule.condition and rule.condition not in CONDITIONS:
        raise ValueError(f"{rule.target}: there is no condition named {rule.condition}.")
    if bool(rule.condition) != bool(rule.condition_source):
        raise ValueError(f"{rule.target}: a condition has a test and a path.")
