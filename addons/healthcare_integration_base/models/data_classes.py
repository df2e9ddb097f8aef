"""How sensitive data is: the classes that systems and document types are put into."""

# From the least sensitive to the most: where several meet, the last of them decides what is kept how long.
DATA_CLASSES = [
    ("none", "No protected data"),
    ("price", "Contract prices"),
    ("personal", "Personal data"),
    ("pay", "Pay"),
    ("bank", "Bank details"),
    ("phi", "Health data"),
]
SENSITIVITY = [code for code, _label in DATA_CLASSES]


def more_sensitive_than(data_class):
    """Return the classes above one, e.g. ``["phi"]`` for ``bank``."""
    return SENSITIVITY[SENSITIVITY.index(data_class) + 1 :]
