"""Fields that hold what identifies a patient or an employee are masked without the role Unmasked."""

import ast
import re

from tests.security.suite_source import ADDONS

_PRIVATE_NAME = re.compile(r"(^|_)(patient|subscriber|member|birth|ssn|social_security|passport)(_|$)")
#: Fields whose names only look private, and why.
NOT_PRIVATE = {
    ("account_move.py", "rcm_patient_id"): "A contact, which who may read the invoice sees as its customer.",
    ("rcm_claim.py", "patient_responsibility"): "An amount.",
}


def _fields():
    """Yield (file, name, groups) of each field of a model of the suite."""
    for path in sorted(ADDONS.glob("*/[mw]*/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_made = isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
            if is_made and ast.unparse(node.value.func).startswith("fields."):
                keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in node.value.keywords}
                yield path.name, ast.unparse(node.targets[0]), keywords.get("groups", "")


def test_private_fields_are_masked():
    private = [
        field for field in _fields() if _PRIVATE_NAME.search(field[1]) and field[:2] not in NOT_PRIVATE
    ]
    assert private
    unmasked = [
        (file, name) for file, name, groups in private if groups != "PRIVATE" and "group_phi" not in groups
    ]
    assert not unmasked
