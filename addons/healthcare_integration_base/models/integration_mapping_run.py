from odoo import models

from ..errors import BusinessRuleError
from ..formats.mapping import (
    ColumnPaths,
    CompiledMapping,
    InvalidMapping,
    JsonPaths,
    XmlPaths,
    schema_problems,
)
from ..formats.records import SourceRecord
from ..formats.xml_records import clark_name

MOST_PROBLEMS = 30


class IntegrationMappingRun(models.Model):
    """A mapping at work: compiled from its lines, applied to records, checked before it is activated."""

    _inherit = "integration.mapping"

    # === APPLY === #

    def _map_records(self, records):
        """Yield a :class:`MappedRecord` for each record; a failing one does not stop the others.

        The codes of some hundred records are translated with one query per crosswalk. A crosswalk that stands
        for records yields records, with the caller's rights.

        :param records: of :meth:`_read_records`
        :raise BusinessRuleError: ``mapping.cannot_run``, as the lines of a draft may not
        """
        try:
            compiled = self._compiled()
        except ValueError as error:
            raise self._cannot_run(error) from error
        return compiled.apply_all(records, self._crosswalk_lookup())

    def _cannot_run(self, error):
        name = self.sudo().display_name
        return BusinessRuleError(
            code="mapping.cannot_run",
            message=self.env._("The mapping %s cannot run.", name),
            subject=name,
            expected=self.env._("a mapping that could be activated"),
            found=str(error)[:500],
            remedy=self.env._("Correct it in a new version, and choose that on the flow."),
        )

    def _map_values(self, sources):
        """Return the values of documents that a handler read itself.

        :param sources: list of nested dicts and lists
        :return: list of dicts by target field
        :raise MappingError: of the first document that cannot be mapped
        """
        records = (SourceRecord(number, f"document {number}", data) for number, data in enumerate(sources, 1))
        return [self._values_or_raise(mapped) for mapped in self._map_records(records)]

    def _write_documents(self, documents, header=None, trailer=None):
        """Yield a file of canonical documents, as bytes.

        :param documents: list of dicts of plain values; records go by their id
        :raise MappingError, DocumentError: of the first value that does not fit; no file is then complete
        """
        return self._write_records(self._map_values(documents), header, trailer)

    @staticmethod
    def _values_or_raise(mapped):
        if mapped.error:
            raise mapped.error
        return mapped.values

    def _compiled(self):
        """:raise InvalidMapping: if the lines cannot run, as those of a draft may"""
        self.ensure_one()
        mapping_sudo = self.sudo()
        return CompiledMapping(
            [line_sudo._rule() for line_sudo in mapping_sudo.line_ids], mapping_sudo._path_language()
        )

    def _path_language(self):
        """:raise ValueError: if the namespaces are not usable"""
        if self.direction == "out" or self.record_format in ("values", "json", "json_lines"):
            return JsonPaths()
        if self.record_format == "xml":
            return XmlPaths(self._namespaces())
        names = {
            role: {column.name for column in self.column_ids if column.role == role}
            for role in ("header", "detail")
        }
        return ColumnPaths(names["detail"], names["header"])

    def _crosswalk_lookup(self):
        """Return the function that the engine asks for codes: ``(crosswalk id as text, codes) -> dict``."""
        crosswalks = {
            str(crosswalk.id): crosswalk for crosswalk in self.sudo().line_ids.crosswalk_id.sudo(self.env.su)
        }
        if self.sudo().direction == "out":
            return lambda crosswalk_id, values: crosswalks[crosswalk_id]._external_codes(values)
        return lambda crosswalk_id, codes: crosswalks[crosswalk_id]._lookup_many(codes)

    # === CHECK === #

    def _problems(self):
        """Return a sentence for each thing that keeps this version from running."""
        self.ensure_one()
        problems = self._layout().problems() if self._is_tabular() else []
        try:
            self._check_record_path()
            self._compiled()
        except InvalidMapping as error:
            problems += error.problems
        except ValueError as error:
            problems.append(str(error))
        problems += self._target_problems()
        return problems[:MOST_PROBLEMS]

    def _check_record_path(self):
        if self.record_format == "xml":
            names = [name for name in (self.record_path or "").split("/") if self.record_path]
            for name in names:
                clark_name(name, self._namespaces())
            if self.direction == "out" and len(names) < 2:
                raise ValueError(self.env._("Give the path of the records from the root: Workers/Worker."))
        elif self.record_path and not all(self.record_path.split(".")):
            raise ValueError(self.env._("%s is no path of names with dots between them.", self.record_path))

    def _target_problems(self):
        """Return what is wrong with the target fields: columns outwards, the handler's document inwards."""
        rules = [line._rule() for line in self.line_ids]
        if self.direction != "out":
            schema = self._target_schema()
            return schema_problems(rules, schema) if schema else []
        if self._is_tabular():
            names = {column.name for column in self.column_ids if column.role == "detail"}
            return [
                self.env._("%s is no detail column.", rule.target)
                for rule in rules
                if rule.target not in names
            ]
        return self._element_problems(rules) if self.record_format == "xml" else []

    def _element_problems(self, rules):
        problems = []
        for rule in rules:
            for part in rule.target.split("."):
                try:
                    clark_name(part.removeprefix("@").removeprefix("#"), self._namespaces())
                except ValueError as error:
                    problems.append(str(error))
        return problems

    def _target_schema(self):
        """Return what the handler of the document type promises to take; empty when it takes anything."""
        handler = self.document_type_id.handler
        return self.env[handler]._target_schema() if handler and handler in self.env else {}
