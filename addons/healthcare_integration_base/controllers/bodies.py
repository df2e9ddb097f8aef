"""How controllers get at the raw bytes of a request."""

from werkzeug.exceptions import abort

from odoo.http import request

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def raw_body():
    """Return the bytes as they were sent; refuse forms with 415, whose bytes Odoo has consumed already."""
    if request.httprequest.mimetype in FORMS:
        abort(request.make_json_response({"error": "forms are not accepted"}, status=415))
    return request.httprequest.get_data()
