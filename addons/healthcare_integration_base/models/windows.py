"""The window that opens one record's form."""


def form_window(model_name, record_id):
    """Return the action that opens the form of a record; who may open it is the caller's to check."""
    return {
        "type": "ir.actions.act_window",
        "res_model": model_name,
        "res_id": record_id,
        "view_mode": "form",
    }
