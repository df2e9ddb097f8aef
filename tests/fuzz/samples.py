"""The sample files of the addons as seeds, the small ones."""

from __future__ import annotations

from pathlib import Path

ADDONS = Path(__file__).resolve().parents[2] / "addons"
LARGEST = 3_000
X12_TOKENS = (
    *(b"*", b"~", b":", b"^", b"ISA*00*", b"IEA*1*000000001~", b"GS*HP*", b"GE*1*1~", b"ST*835*0001~"),
    *(b"SE*1*0001~", b"CLP*A*1*1*1~", b"CAS*CO*45*-1~", b"SVC*HC:1*1*1~", b"PLB*1*20261231*WO:1*1~"),
    *(b"BPR*I*0*C*CHK~", b"DTM*232*00000000~", b"NM1*QC*1~", b"LX*1~", b"AMT*AU*", b"MIA*0", b"MOA***"),
)


def sample_files(folder: str) -> list[bytes]:
    """Return the files of the samples' folders that fit a pattern."""
    files = sorted(ADDONS.glob(f"*/tests/samples/{folder}/[a-z]*.[et][dx][it]"))
    seeds = [path.read_bytes() for path in files if path.stat().st_size <= LARGEST]
    if not seeds:
        raise FileNotFoundError(f"no sample fits {folder}")
    return seeds
