"""Windows that buttons open; who may open them is for the methods of the buttons to check."""


def form_window(model_name, record_id):
    """Return the action that opens the form of a record."""
    return {
        "type": "ir.actions.act_window",
        "res_model": model_name,
        "res_id": record_id,
        "view_mode": "form",
    }


def list_window(title, model_name, domain):
    """Return the action that lists the records of a domain."""
    return {
        "type": "ir.actions.act_window",
        "name": title,
        "res_model": model_name,
        "view_mode": "list,form",
        "domain": domain,
    }
