import logging
import re
from typing import Any, NamedTuple

from odoo import api, models
from odoo.exceptions import AccessError

from ..doors.json_document import complaints
from ..doors.problem import ApiProblem, Place

_logger = logging.getLogger(__name__)

LARGEST_PAGE = 1000
_WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")


class ReadPage(NamedTuple):
    """One answer to a named read.

    :ivar rows: dicts of the fields that the client may see
    :ivar next: what to ask for as ``after`` to go on, None at the end
    """

    rows: list[dict[str, Any]]
    next: str | None


class IntegrationRead(models.AbstractModel):
    """A named question that other systems may ask and that is answered at once, such as the stock of an item.

    An addon makes a model that inherits this one and fills in the attributes and :meth:`_rows`:

    ``_read_code``
        its name in the address, e.g. ``stock``
    ``_read_title``
        what it answers, one sentence
    ``_read_parameters``
        JSON Schema of each parameter by name; those of the type integer, number and boolean are converted
    ``_read_required``
        the names of the parameters without which it does not answer
    ``_read_fields``
        JSON Schema of each field of a row by name, in the order in which they are told
    ``_read_key``
        the field by which rows are ordered and pages continued; unique
    ``_read_data_class``
        the most sensitive data in a row, as document types have it
    """

    _name = "integration.read"
    _description = "Integration Read"

    _read_code = ""
    _read_title = ""
    _read_parameters: dict[str, dict] = {}
    _read_required: tuple[str, ...] = ()
    _read_fields: dict[str, dict] = {}
    _read_key = ""
    _read_data_class = "none"

    def _rows(self, parameters, limit, after):
        """Return at most ``limit`` rows as dicts, ordered by the key, of those behind ``after``.

        Runs as the client's user in the client's company: its rights and record rules apply.

        :param dict parameters: as declared, checked
        :param after: the key of the last row that the caller has, as text; None at the beginning
        """
        raise NotImplementedError

    # === REGISTRY === #

    @api.model
    def _all_reads(self):
        """Return the models of all named reads by code."""
        names = self.env.registry.descendants(["integration.read"], "_inherit") - {"integration.read"}
        return {self.env[name]._read_code: self.env[name] for name in sorted(names)}

    @api.model
    def _selection_codes(self):
        return [(code, f"{code}: {read._read_title}") for code, read in self._all_reads().items()]

    # === ANSWERING === #

    def _answer(self, grant, query):
        """Answer a client.

        :param grant: the integration.client.read that allows it
        :param query: the parameters of the address, as text by name
        :rtype: ReadPage
        :raise ApiProblem: 400 for parameters that are not as declared, 403 if the client's user lacks a right
        """
        query = dict(query)
        if unreadable := [name for name, text in query.items() if "\0" in text]:
            raise self._refusal([Place(name, "text without NUL", "another text") for name in unreadable])
        after = query.pop("after", None)
        limit = self._page_size(query.pop("limit", None), grant)
        rows = self._permitted_rows(grant, self._checked(query), limit + 1, after)
        names = grant._field_names_told(self)
        told = [{name: row[name] for name in names} for row in rows[:limit]]
        return ReadPage(told, str(rows[limit - 1][self._read_key]) if len(rows) > limit else None)

    def _permitted_rows(self, grant, parameters, limit, after):
        try:
            return self._rows(parameters, limit, after)
        except AccessError:
            # Its text may name records, which are private.
            client_id = grant.client_id.id
            _logger.warning("The user of the API client %s lacks a right for %s", client_id, self._name)
            raise ApiProblem(
                403, "read.forbidden", "The client may ask this, but lacks a right to what is asked for.",
                remedy="Ask the hospital for the right.",
            ) from None  # fmt: skip

    def _page_size(self, text, grant):
        largest = min(grant.row_limit, LARGEST_PAGE)
        if text is None:
            return largest
        if not (_WHOLE_NUMBER.fullmatch(text) and 1 <= int(text) <= largest):
            raise self._refusal([Place("limit", f"a whole number from 1 to {largest}", "another text")])
        return int(text)

    def _checked(self, query):
        """Return the parameters in their types."""
        schema = {
            "type": "object",
            "properties": self._read_parameters,
            "required": list(self._read_required),
            "additionalProperties": False,
        }
        parameters = {name: self._converted(name, text) for name, text in query.items()}
        if places := complaints(schema, parameters):
            raise self._refusal(places)
        return parameters

    def _converted(self, name, text):
        """Return a parameter in the type that it is declared with; as text where it is not of that type."""
        kind = self._read_parameters.get(name, {}).get("type")
        try:
            if kind == "integer":
                return int(text)
            if kind == "number":
                return float(text)
        except ValueError:
            return text
        return {"true": True, "false": False}.get(text, text) if kind == "boolean" else text

    def _refusal(self, places):
        return ApiProblem(
            400, "read.parameters", "The parameters are not as this read declares them.",
            remedy="Compare them with the description at /integration/api/v1/openapi.json.", places=places,
        )  # fmt: skip
