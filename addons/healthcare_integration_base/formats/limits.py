"""What a record may be at most, so that no input takes the memory or the time of the server."""

MAX_RECORD_SIZE = 8 << 20  # characters of one record of any format
MAX_DEPTH = 64  # objects, lists or elements inside each other
MAX_DIGITS = 38  # of a number, before and after the decimal sign together
MAX_ITEMS = 100_000  # of one repeated group
