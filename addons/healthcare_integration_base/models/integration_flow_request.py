import hashlib
import re

from odoo import fields, models

from ..doors.delivery import LARGEST_BODY, Delivery
from ..doors.json_document import MalformedJson, read_json
from ..doors.media_types import FILE_ENDINGS, MEDIA_TYPES
from ..doors.problem import ApiProblem, Place

IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class IntegrationFlowRequest(models.Model):
    """How a flow takes a document from a client."""

    _inherit = "integration.flow"

    max_bytes = fields.Integer(
        "Largest document (bytes)", default=5 << 20, required=True, aggregator=None,
        help="Larger ones are refused by the API and by the upload.",
    )  # fmt: skip

    _max_bytes_valid = models.Constraint(
        f"CHECK (max_bytes BETWEEN 1 AND {LARGEST_BODY})", "A document has at most 16 MiB."
    )

    def _take_in_from_client(self, client, *, body, media_type, idempotency_key):
        """Check a document and store it; the same key and bytes are the same message.

        :param idempotency_key: the client's own, None to tell documents apart by their bytes
        :rtype: Receipt
        :raise ApiProblem: if it is not what the flow takes
        """
        self.ensure_one()
        self._check_media_type(media_type)
        self._check_size(len(body))
        if idempotency_key is not None and not IDEMPOTENCY_KEY.fullmatch(idempotency_key):
            raise ApiProblem(
                400, "header.idempotency_key", "The Idempotency-Key cannot be used.",
                remedy="Send a key of your own for each document, a UUID for example.",
                places=[Place("Idempotency-Key", "1 to 255 visible ASCII characters", "another text")],
            )  # fmt: skip
        if self.document_type_id.format == "json":
            self._check_json(body)
        return self._store_from_client(client, body, idempotency_key)

    def _store_from_client(self, client, body, idempotency_key):
        digest = hashlib.sha256(body).hexdigest()
        own = f"key:{idempotency_key}" if idempotency_key is not None else f"sha256:{digest}"
        ending = FILE_ENDINGS[self.document_type_id.format]
        receipt = (
            self.env["integration.message"]
            .sudo()  # no role creates messages: the kernel does, for the client that was let in
            .with_user(self.env.ref("base.user_root"))
            ._take_in(
                Delivery(
                    company_id=self.company_id.id,
                    system_id=self.system_id.id,
                    endpoint_id=self.endpoint_id.id or None,
                    flow=self,
                    client_id=client.id,
                    file_name=f"{self.code}-{digest[:8]}.{ending}",
                    body=body,
                    identity=f"client:{client.id}:{self.id}:{own}",
                    schema_digest=self.document_type_id._schema_digest(),
                )
            )
        )
        if receipt.payload_hash != digest:
            raise ApiProblem(
                409, "idempotency.reused", "The Idempotency-Key was used for another document.",
                remedy="Send each document with a key of its own, and repeat it only with the same bytes.",
                places=[Place("Idempotency-Key", "a key that was not used", "the key of another document")],
            )  # fmt: skip
        return receipt

    def _check_media_type(self, media_type):
        allowed = MEDIA_TYPES[self.document_type_id.format]
        if media_type not in allowed:
            raise ApiProblem(
                415, "body.media_type", "The flow does not take documents of this Content-Type.",
                remedy=f"Send Content-Type: {allowed[0]}.",
                places=[Place("Content-Type", " or ".join(allowed), media_type or "none")],
                headers={"Accept": ", ".join(allowed)},
            )  # fmt: skip

    def _check_size(self, size):
        if not size:
            raise ApiProblem(
                400, "body.empty", "The body is empty.", remedy="Send the document as the body.",
                places=[Place("", "a document", "0 bytes")],
            )  # fmt: skip
        if size > self.max_bytes:
            raise ApiProblem(
                413, "body.size", "The document is larger than the flow takes.",
                remedy="Send it in parts, or ask the hospital to raise the limit of the flow.",
                places=[Place("", f"at most {self.max_bytes} bytes", f"{size} bytes")],
            )  # fmt: skip

    def _check_json(self, body):
        try:
            document = read_json(body)
        except MalformedJson as error:
            raise ApiProblem(
                400, "body.json", "The body is no JSON document.", remedy="Correct the document.",
                places=[error.place],
            ) from None  # fmt: skip
        if places := self.document_type_id._complaints(document):
            raise ApiProblem(
                422, "body.schema", "The document is not as its schema describes it.",
                remedy="Compare it with the schema at /integration/api/v1/openapi.json.", places=places,
            )  # fmt: skip
