"""Names of elements and attributes with prefixes, as configuration writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping

_LOCAL = re.compile(r"[^\W\d][\w-]*")


def clark_name(name: str, namespaces: Mapping[str, str] | None) -> str:
    """Return ``{namespace}local`` of ``prefix:local``.

    :raise ValueError: if the name is none, or its prefix is not declared
    """
    prefix, colon, local = name.rpartition(":")
    if not _LOCAL.fullmatch(local) or (colon and not _LOCAL.fullmatch(prefix)):
        raise ValueError(f"{name or 'An empty text'} is no name of an element.")
    if not colon:
        return local
    if prefix not in (namespaces or {}):
        raise ValueError(f"The prefix {prefix} has no namespace.")
    return f"{{{namespaces[prefix]}}}{local}"


def parse_namespaces(text: str) -> dict[str, str]:
    """Return ``{prefix: namespace}`` of lines such as ``wd=urn:com.workday/bsvc``.

    :raise ValueError: a sentence about the first line that is none
    """
    namespaces = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        prefix, sign, namespace = map(str.strip, line.partition("="))
        if not sign or not namespace or not _LOCAL.fullmatch(prefix) or prefix.lower().startswith("xml"):
            raise ValueError(f"{line}: write a prefix, an equals sign and the namespace.")
        namespaces[prefix] = namespace
    return namespaces
