"""The suite's model classes as they are written: what can be proved by reading the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ADDONS = Path(__file__).resolve().parents[2] / "addons"
FOLDERS = ("models", "wizards", "handlers", "controllers")


@dataclass(frozen=True)
class Method:
    """A method of a class in an addon.

    :ivar file: path below ``addons``
    :ivar is_of_model: the class is one of Odoo's models, whose methods are open to RPC
    """

    file: str
    class_name: str
    is_of_model: bool
    node: ast.FunctionDef

    @property
    def name(self) -> str:
        return self.node.name

    def __str__(self) -> str:
        return f"{self.file}:{self.node.lineno} {self.class_name}.{self.name}"

    def decorators(self) -> set[str]:
        return {ast.unparse(decorator) for decorator in self.node.decorator_list}

    def statements(self) -> list[ast.stmt]:
        """The body without its documentation."""
        return [statement for statement in self.node.body if not _is_text(statement)]


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def methods(folders: tuple[str, ...] = FOLDERS) -> Iterator[Method]:
    """Yield the methods of all classes in these folders of all addons."""
    for folder in folders:
        for path in sorted(ADDONS.glob(f"*/{folder}/*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    for item in node.body:
                        if isinstance(item, ast.FunctionDef):
                            yield Method(str(path.relative_to(ADDONS)), node.name, _is_model(node), item)


def _is_model(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base).startswith("models.") for base in node.bases)


def called_names(node: ast.AST) -> set[str]:
    """Return the names of the functions and methods that are called within a node."""
    names = set()
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            function = call.func
            names.add(function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", ""))
    return names
