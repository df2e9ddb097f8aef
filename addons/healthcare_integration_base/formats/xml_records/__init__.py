"""XML as a stream of record elements, read by a closed parser, and written."""

from .names import clark_name, parse_namespaces
from .reader import read_xml
from .writer import write_xml
