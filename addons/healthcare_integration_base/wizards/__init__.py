from . import (
    integration_audit_verification,
    integration_endpoint_check,
    integration_exception_waive,
    integration_message_payload,
    integration_upload,
)
