"""Errors of planning. Pure Python."""

from __future__ import annotations

from odoo.addons.healthcare_integration_base.errors import BusinessRuleError


class PlanError(BusinessRuleError):
    """A plan would break a rule of the books; nothing of it may be applied."""
