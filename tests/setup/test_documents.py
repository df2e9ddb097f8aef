"""The documents keep their word: links lead somewhere, menus are called so, every code is explained."""

import ast
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from urllib.parse import unquote

import pytest

from odoo.addons.healthcare_integration_rcm_posting.posting import checks, issues

ROOT = Path(__file__).resolve().parents[2]
POSTING = ROOT / "addons" / "healthcare_integration_rcm_posting"
FOLDERS = ("addons", "docker", "docs", "setup", "tests")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(path for name in FOLDERS for path in (ROOT / name).rglob("*.md"))])
#: Codes that are put together of a prefix and a name of a table.
FAMILIES = {
    "remittance.hold.": checks._HOLDS,
    "remittance.claim.": issues._CLAIM_TEXTS,
    "remittance.provider_adjustment.": issues._PROVIDER_TEXTS,
}

_LINK = re.compile(r"(?<!\\)\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
_FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"remittance(\.[a-z_]+)+")
_CODE_ROW = re.compile(r"^\| `(remittance(?:\.[a-z_]+)+)` \| (\S[^|]*) \| (\S[^|]*) \|$", re.MULTILINE)


def _prose(document: Path) -> str:
    """Return a document without its blocks of code, in which brackets mean something else."""
    return _FENCE.sub("", document.read_text(encoding="utf-8"))


def _anchors(document: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#{1,6} +(.+?)\s*$", _prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_lead_somewhere(document):
    broken = []
    for target in _LINK.findall(_prose(document)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _hash, anchor = unquote(target).partition("#")
        linked = (document.parent / name).resolve() if name else document
        is_known = linked.exists() and linked.is_relative_to(ROOT)
        if not is_known or (anchor and anchor not in _anchors(linked)):
            broken.append(target)
    assert broken == []


def test_links_images_and_anchors_are_recognised(tmp_path):
    text = "# What is it, for whom?\n\n```\n[no](link.md)\n```\n[a](b.md#c), ![d](e.svg), [![f](g.png)](h)\n"
    document = tmp_path / "README.md"
    document.write_text(text, encoding="utf-8")
    assert _LINK.findall(_prose(document)) == ["b.md#c", "e.svg", "g.png"]
    assert _anchors(document) == {"what-is-it-for-whom"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_menus_are_called_as_the_application_calls_them(document):
    menus = _menus()
    unknown = [path for path in _menus_named_in(_prose(document), menus) if not _is_menu(path, menus)]
    assert unknown == []


def test_menus_are_recognised():
    menus = _menus()
    text = "*Integrations > Systems >\nFlows > New*, *Systems > Endpoint*; Remittances > Claims | *x > Flows*"
    found = _menus_named_in(text, menus)
    assert found == [("Systems", "Flows", "New"), ("Systems", "Endpoint"), ("Remittances", "Claims")]
    assert [_is_menu(path, menus) for path in found] == [True, False, True]


def _menus_named_in(text: str, menus: dict[tuple[str, ...], bool]) -> list[tuple[str, ...]]:
    """Return the paths that begin with a section of the application, such as ``Systems > Flows > New``."""
    sections = "|".join(sorted({path[0] for path in menus}))
    paths = re.findall(rf"\b(?:{sections})(?: > [A-Z][\w-]*(?: [\w-]+)*)+", " ".join(text.split()))
    return [tuple(path.split(" > ")) for path in paths]


def _is_menu(path: tuple[str, ...], menus: dict[tuple[str, ...], bool]) -> bool:
    """Tell whether a path leads to an entry of the menu, or to a button on the screen that an entry opens."""
    return path in menus or menus.get(path[:-1], False)


def _menus() -> dict[tuple[str, ...], bool]:
    """Return each menu below the application as the names on the way, and whether it opens a screen."""
    views = [ElementTree.parse(path).getroot() for path in sorted((ROOT / "addons").glob("*/*/*.xml"))]
    titles = {
        record.get("id"): field.text
        for view in views
        for record in view.iter("record")
        for field in record.findall("field[@name='name']")
    }
    menus: dict[tuple[str, ...], bool] = {}
    for view in views:
        for entry in view.findall("menuitem"):
            if not entry.get("parent") or entry.get("parent", "").endswith(".menu_integration_root"):
                _add_menus(menus, entry, (), titles)
    return menus


def _add_menus(menus: dict, entry: ElementTree.Element, above: tuple[str, ...], titles: dict) -> None:
    is_root = entry.get("id") == "menu_integration_root"
    path = () if is_root else (*above, entry.get("name") or titles[entry.get("action")])
    if path:
        menus[path] = bool(entry.get("action"))
    for below in entry.findall("menuitem"):
        _add_menus(menus, below, path, titles)


def test_every_code_of_a_remittance_is_explained():
    explained = _explained_codes()
    assert len(explained) == len(set(explained)), "a code has one row"
    assert set(explained) == _raised_codes()


def _explained_codes() -> list[str]:
    rows = _CODE_ROW.findall((POSTING / "README.md").read_text(encoding="utf-8"))
    return [code for code, _meaning, _remedy in rows]


def _raised_codes() -> set[str]:
    """Return the codes in the addon's source; events of the audit log are no codes of exceptions."""
    codes, families = set(), set()
    for path in POSTING.rglob("*.py"):
        if "tests" in path.relative_to(POSTING).parts:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        events = {id(node.args[0]) for node in ast.walk(tree) if _records_event(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and id(node) not in events and _is_code(node.value):
                codes.add(node.value)
            elif isinstance(node, ast.JoinedStr) and _is_code(_prefix(node).rstrip(".")):
                families.add(_prefix(node))
    assert families == set(FAMILIES), "a family of codes that this test does not know"
    return codes | {prefix + name for prefix, table in FAMILIES.items() for name in table}


def _records_event(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "_record"
        and bool(node.args)
    )


def _prefix(node: ast.JoinedStr) -> str:
    """Return what an f-string begins with, if that ends at a dot; identity keys of tasks do not."""
    first = node.values[0]
    text = first.value if isinstance(first, ast.Constant) else ""
    return text if text.endswith(".") else ""


def _is_code(value: object) -> bool:
    return isinstance(value, str) and bool(_CODE.fullmatch(value))
