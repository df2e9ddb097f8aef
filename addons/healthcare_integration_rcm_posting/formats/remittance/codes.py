"""The codes that decide what a remittance means. Labels are for people, sets are for rules.

Sources: X12 005010X221A1 and the published interpretations (RFI) named beside the rules. An unknown
code never stops a remittance: the lists say what is known, not what is allowed.
"""

from __future__ import annotations

from dataclasses import dataclass

TRANSACTION_SET = "835"
IMPLEMENTATION = "005010X221A1"


@dataclass(frozen=True, slots=True)
class ClaimStatus:
    """Meaning of CLP02.

    :ivar rank: which payer in line this is (1, 2, 3), or 0
    :ivar forwarded: sent on to the next payer
    :ivar reversal: takes back an earlier decision
    :ivar accounted: False when the claim has no effect on any account
    """

    label: str
    rank: int = 0
    forwarded: bool = False
    reversal: bool = False
    accounted: bool = True


CLAIM_STATUSES = {
    "1": ClaimStatus("Processed as primary", rank=1),
    "2": ClaimStatus("Processed as secondary", rank=2),
    "3": ClaimStatus("Processed as tertiary", rank=3),
    "4": ClaimStatus("Patient not recognised, not forwarded"),  # never an ordinary denial [RFI 1423]
    "5": ClaimStatus("Pended"),  # 004010 only
    "10": ClaimStatus("Received, not in process"),  # 004010 only
    "13": ClaimStatus("Suspended"),  # 004010 only
    "15": ClaimStatus("Suspended, under investigation"),  # 004010 only
    "16": ClaimStatus("Suspended, returned with material"),  # 004010 only
    "17": ClaimStatus("Suspended, under review"),  # 004010 only
    "19": ClaimStatus("Processed as primary, forwarded", rank=1, forwarded=True),
    "20": ClaimStatus("Processed as secondary, forwarded", rank=2, forwarded=True),
    "21": ClaimStatus("Processed as tertiary, forwarded", rank=3, forwarded=True),
    "22": ClaimStatus("Reversal of an earlier payment", reversal=True),
    "23": ClaimStatus("Not our claim, forwarded", forwarded=True),
    "25": ClaimStatus("Predetermination, no payment", accounted=False),
    "27": ClaimStatus("Reviewed"),  # 004010 only
}

ADJUSTMENT_GROUPS = {
    "CO": "Contractual obligation",
    "OA": "Other adjustment",
    "PI": "Payer initiated reduction",
    "PR": "Patient responsibility",
}
#: Groups of 004010 that still arrive [RFI 1147].
FORMER_ADJUSTMENT_GROUPS = {"CR": "Correction and reversal"}

FILING_INDICATORS = {  # CLP06
    "11": "Other non-federal program",
    "12": "Preferred provider organization",
    "13": "Point of service",
    "14": "Exclusive provider organization",
    "15": "Indemnity",
    "16": "Medicare risk plan",
    "17": "Dental maintenance organization",
    "AM": "Automobile medical",
    "CH": "Military health program",
    "CI": "Commercial",
    "DS": "Disability",
    "HM": "Health maintenance organization",
    "LM": "Liability medical",
    "MA": "Medicare part A",
    "MB": "Medicare part B",
    "MC": "Medicaid",
    "OF": "Other federal program",
    "TV": "Title V",
    "VA": "Veterans affairs plan",
    "WC": "Workers' compensation",
    "ZZ": "Mutually defined",
}
HANDLING_CODES = {  # BPR01
    "C": "Payment accompanies the remittance",
    "D": "Payment only",
    "H": "Notification only, no payment",
    "I": "Remittance information only, the payment travels apart",
    "P": "Prenotification of a future transfer",
    "U": "Payment and remittance travel apart or together",
    "X": "Payment and remittance may be split",
}
PAYMENT_METHODS = {  # BPR04
    "ACH": "Automated clearing house",
    "BOP": "Financial institution's choice",
    "CHK": "Check",
    "FWT": "Federal Reserve wire",
    "NON": "No payment",
}

PROVIDER_ADJUSTMENTS = {  # PLB03-1
    "50": "Late charge",
    "51": "Interest penalty charge",
    "72": "Authorised return: refund received from the provider",
    "90": "Early payment allowance",
    "AH": "Origination fee",
    "AM": "Applied to the borrower's account",
    "AP": "Acceleration of benefits",
    "B2": "Rebate",
    "B3": "Recovery allowance",
    "BD": "Bad debt adjustment",
    "BN": "Bonus",
    "C5": "Temporary allowance",
    "CR": "Capitation interest",
    "CS": "Adjustment",
    "CT": "Capitation payment",
    "CV": "Capital pass-through",
    "CW": "Nurse anaesthetist pass-through",
    "DM": "Direct medical education pass-through",
    "E3": "Withholding",
    "FB": "Forward balance",
    "FC": "Fund allocation",
    "GO": "Graduate medical education pass-through",
    "HM": "Haemophilia clotting factor supplement",
    "IP": "Incentive premium payment",
    "IR": "Tax withheld",
    "IS": "Interim settlement",
    "J1": "Non-reimbursable",
    "L3": "Penalty",
    "L6": "Interest owed",
    "LE": "Levy",
    "LS": "Lump sum",
    "OA": "Organ acquisition pass-through",
    "OB": "Offset for affiliated providers",
    "PI": "Periodic interim payment",
    "PL": "Payment final",
    "RA": "Retro-activity adjustment",
    "RE": "Return on equity",
    "SL": "Student loan repayment",
    "TL": "Third party liability",
    "WO": "Overpayment recovery",
    "WU": "Unspecified recovery",
}
