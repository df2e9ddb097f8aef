from . import (
    integration_audit_verification,
    integration_endpoint_check,
    integration_exception_waive,
    integration_health_panel,
    integration_legal_hold_change,
    integration_mapping_preview,
    integration_message_payload,
    integration_message_replay,
    integration_monitoring_token_shown,
    integration_upload,
)
