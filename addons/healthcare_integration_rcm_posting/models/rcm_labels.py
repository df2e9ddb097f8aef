"""Codes of a remittance as people read them: the code they know, followed by its meaning."""


def labelled(code, meanings):
    """Return ``"CO Contractual obligation"``; a code that nobody knows stays as it came.

    :param dict meanings: ``{code: meaning}``
    """
    meaning = meanings.get(code)
    return f"{code} {meaning}" if meaning else code
