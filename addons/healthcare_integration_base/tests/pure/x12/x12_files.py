"""Small X12 files for the tests, sound unless a test damages them."""

HEADER = "ISA*00*          *00*          *ZZ*PAYER          *ZZ*HOSPITAL       *260302*0630*^*00501*000000101*0*P*:~"  # noqa: E501 (a header has a fixed width)
GROUP = "GS*HP*PAYER*HOSPITAL*20260302*0630*7*X*005010X221A1~"
TRANSACTION = "ST*835*0001~BPR*I*0*C*NON~SE*3*0001~"
TRAILERS = "GE*1*7~IEA*1*000000101~"
FILE = HEADER + GROUP + TRANSACTION + TRAILERS


def transaction(number: int, *body: str, set_identifier: str = "835") -> str:
    """Return a transaction with a right count."""
    segments = "".join(f"{segment}~" for segment in body)
    return f"ST*{set_identifier}*{number:04}~{segments}SE*{len(body) + 2}*{number:04}~"


def file_of(*transactions: str, control_number: int = 101) -> str:
    """Return one interchange with one group around transactions."""
    header = HEADER.replace("000000101", f"{control_number:09}")
    return f"{header}{GROUP}{''.join(transactions)}GE*{len(transactions)}*7~IEA*1*{control_number:09}~"


def chunks(data: bytes, size: int) -> list[bytes]:
    """Cut bytes into pieces of one size."""
    return [data[start : start + size] for start in range(0, len(data), size)]


#: Longer than what must be at hand to read a header, so that small chunks meet every state of the reader.
LONG_FILE = file_of(*(transaction(number, "BPR*I*0*C*NON", "TRN*1*A", "LX*1") for number in range(1, 31)))
