"""Codes of a remittance and of its posting as people read them."""

from ..posting.rules import Treatment

TREATMENTS = [
    (Treatment.ALLOWANCE.value, "Contractual allowance"),
    (Treatment.TRANSFER.value, "Transfer to patient or next payer"),
    (Treatment.DENIAL.value, "Denial: nothing posted, exception"),
    (Treatment.NO_EFFECT.value, "No effect"),
    (Treatment.REVIEW.value, "Review: nothing posted"),
    (Treatment.OTHER_ACCOUNT.value, "Debit the rule's account"),
]


def labelled(code, meanings):
    """Return ``"CO Contractual obligation"``; a code that nobody knows stays as it came.

    :param dict meanings: ``{code: meaning}``
    """
    meaning = meanings.get(code)
    return f"{code} {meaning}" if meaning else code
