"""How sensitive data is: the classes that systems and document types are put into."""

DATA_CLASSES = [
    ("none", "No protected data"),
    ("personal", "Personal data"),
    ("phi", "Health data"),
    ("pay", "Pay"),
    ("bank", "Bank details"),
    ("price", "Contract prices"),
]
