"""Which Content-Type a document of a format is sent with."""

from __future__ import annotations

MEDIA_TYPES: dict[str, tuple[str, ...]] = {
    "json": ("application/json",),
    "xml": ("application/xml", "text/xml"),
    "csv": ("text/csv",),
    "fixed_width": ("text/plain",),
    "x12": ("application/edi-x12",),
    "edifact": ("application/edifact",),
    "hl7": ("x-application/hl7-v2+er7",),
    "other": ("application/octet-stream",),
}
FILE_ENDINGS = {
    "json": "json", "xml": "xml", "csv": "csv", "fixed_width": "txt", "x12": "x12", "edifact": "edi",
    "hl7": "hl7", "other": "bin",
}  # fmt: skip
