"""From the lines of a mapping to the steps that the engine runs: all paths, defaults and tests made once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..date_patterns import InvalidValue
from ..value_types import plain_text
from .paths import PathLanguage, Read
from .rules import MAX_LINES, Rule, check_rule
from .transforms import GROUP, TRANSFORMS, Convert


class InvalidMapping(ValueError):
    """A mapping that cannot run; ``problems`` are sentences, one for each thing to mend."""

    def __init__(self, problems: list[str]):
        super().__init__(" ".join(problems))
        self.problems = problems


@dataclass(slots=True)
class Step:
    """A line made ready: ``read`` a value, ``convert`` it, put it at ``key`` below ``parents``.

    :ivar applies: the condition, or None when there is none
    :ivar default: the converted default, or None
    :ivar steps: of the items, when this is a repeated group; then ``read`` gives its items
    """

    rule: Rule
    applies: Read | None
    read: Read
    convert: Convert
    default: object
    parents: tuple[str, ...]
    key: str
    steps: list[Step] | None


def compile_steps(rules: Iterable[Rule], language: PathLanguage) -> list[Step]:
    """Check all lines together and make their steps.

    :raise InvalidMapping: with every problem of every line
    """
    rules = list(rules)
    compiler = _Compiler(rules, language)
    steps = compiler.steps_below("")
    if not rules:
        compiler.problems.append("A mapping needs lines.")
    if len(rules) > MAX_LINES:
        compiler.problems.append(f"A mapping has at most {MAX_LINES} lines.")
    if compiler.problems:
        raise InvalidMapping(compiler.problems)
    return steps


def check_line(rule: Rule, language: PathLanguage | None = None) -> None:
    """Check one line before it is saved; what concerns other lines is checked when all are compiled.

    :param language: of the paths; without one they are left for later
    :raise ValueError: a sentence that says what is wrong with the line
    """
    check_rule(rule)
    _converted_default(rule)
    for path in filter(None, (rule.source, rule.condition_source)) if language else ():
        language.value(path)


class _Compiler:
    def __init__(self, rules: list[Rule], language: PathLanguage):
        self.problems: list[str] = []
        self._language = language
        self._groups = [rule.target for rule in rules if rule.transform == GROUP]
        self._members: dict[str, list[Rule]] = {}
        for rule in rules:
            self._members.setdefault(self._group_of(rule.target), []).append(rule)

    def _group_of(self, target: str) -> str:
        """Return the innermost group whose items a line fills, or an empty text."""
        return max((group for group in self._groups if target.startswith(f"{group}.")), key=len, default="")

    def steps_below(self, group: str) -> list[Step]:
        members = self._members.get(group, [])
        self._check_targets(members)
        return [step for rule in members if (step := self._step(rule, group))]

    def _check_targets(self, rules: list[Rule]) -> None:
        leaves = set()
        for rule in rules:
            if rule.target in leaves:
                self.problems.append(f"{rule.target} has more than one line.")
            leaves.add(rule.target)
        for target in sorted(leaves):
            parts = target.split(".")
            if outer := {".".join(parts[:count]) for count in range(1, len(parts))} & leaves:
                self.problems.append(f"{target} is inside {min(outer)}, which is a single value.")

    def _step(self, rule: Rule, group: str) -> Step | None:
        try:
            check_rule(rule)
            *parents, key = rule.target[len(group) + 1 if group else 0 :].split(".")
            return Step(
                rule=rule,
                applies=self._condition(rule),
                read=self._reader(rule),
                convert=TRANSFORMS[rule.transform].make(rule.argument),
                default=_converted_default(rule),
                parents=tuple(parents),
                key=key,
                steps=self._group_steps(rule),
            )
        except ValueError as error:
            self.problems.append(_about(rule, str(error)))
            return None

    def _reader(self, rule: Rule) -> Read:
        if not rule.source:
            return _nothing
        return (
            self._language.items(rule.source)
            if rule.transform == GROUP
            else self._language.value(rule.source)
        )

    def _group_steps(self, rule: Rule) -> list[Step] | None:
        if rule.transform != GROUP:
            return None
        steps = self.steps_below(rule.target)
        if not self._members.get(rule.target):
            raise ValueError("a repeated group needs lines below it.")
        return steps

    def _condition(self, rule: Rule) -> Read | None:
        if not rule.condition:
            return None
        return _TESTS[rule.condition](self._language.value(rule.condition_source), rule.condition_value)


def _about(rule: Rule, sentence: str) -> str:
    return sentence if sentence.startswith(rule.target) else f"{rule.target}: {sentence}"


def _nothing(_record: object) -> None:
    return None


def _converted_default(rule: Rule) -> object:
    if not rule.default:
        return None
    try:
        return TRANSFORMS[rule.transform].make(rule.argument)(rule.default)
    except InvalidValue as error:
        raise ValueError(f"the default {rule.default} is not {error.expected}.") from None


def is_empty(value: object) -> bool:
    """Tell whether a value counts as none: zero and no are values."""
    return value is None or value == "" or value == [] or (isinstance(value, str) and not value.strip())


def _equals(read: Read, expected: str) -> Read:
    def test(record: object) -> bool:
        value = read(record)
        values = value if isinstance(value, list) else [value]
        return any(item is not None and _as_text(item) == expected for item in values)

    return test


def _as_text(value: object) -> str | None:
    try:
        return plain_text(value)
    except InvalidValue:
        return None


_TESTS: dict[str, Callable[[Read, str], Read]] = {
    "present": lambda read, _expected: lambda record: not is_empty(read(record)),
    "absent": lambda read, _expected: lambda record: is_empty(read(record)),
    "equals": lambda read, expected: _equals(read, expected.strip()),
    "differs": lambda read, expected: lambda record: not _equals(read, expected.strip())(record),
}
