"""Who takes part in the demo. Every name, identifier and amount is invented.

Provider identifiers (NPI) begin with 1 or 2 and employer identification numbers never with 07, so
that none of these can be somebody's. Service codes are of HCPCS level II, which is in the public
domain.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

GROUP_NAME = "Lakeside Health Group"
#: Folders of the mailbox, as the clearing house names them, and the group's login there.
INBOX, ARCHIVE = "outbound/835", "outbound/taken"
MAILBOX_LOGIN = "lakeside"
#: The bank journal of electronic payments.
EFT_JOURNAL_CODE = "EFT"


@dataclass(frozen=True)
class Facility:
    """A facility of the group: a branch company that payers know by its NPI."""

    code: str
    name: str
    npi: str
    city: str


@dataclass(frozen=True)
class Payer:
    """A health plan.

    :ivar identifier: what it calls itself in TRN03: 1 and its tax id
    """

    code: str
    name: str
    identifier: str
    city: str
    state: str


@dataclass(frozen=True)
class Service:
    """A service of the price list; charges are in US dollars."""

    code: str
    description: str
    revenue_code: str
    charge: Decimal


GENERAL = Facility("LGH", "Lakeside General Hospital", "9990000011", "Lakeside")
CHILDREN = Facility("LCC", "Lakeside Children's Clinic", "9990000029", "Lakeside")
SURGERY = Facility("LSC", "Lakeside Surgery Center", "9990000037", "North Lakeside")
FACILITIES = (GENERAL, CHILDREN, SURGERY)

MAPLEWICK = Payer("MPW", "Maplewick Health Plan", "1070000011", "Maplewick", "IL")
TIDEWAY = Payer("TDW", "Tideway Mutual", "1070000022", "Port Tideway", "ME")
QUILLMARK = Payer("QLM", "Quillmark Benefits", "1070000033", "Quillmark", "TX")
ORRENDALE = Payer("ORD", "Orrendale State Program", "1070000044", "Orrendale", "IL")
PAYERS = (MAPLEWICK, TIDEWAY, QUILLMARK, ORRENDALE)
#: Pays for Orrendale under an identifier of its own that nobody has registered: the unknown payer.
FISCAL_AGENT = Payer("OFA", "Orrendale Fiscal Agent", "1070000099", "Orrendale", "IL")


@dataclass(frozen=True)
class Person:
    """A user of Odoo.

    :ivar role: what the login is for, in a few words
    :ivar groups: XML ids
    """

    login: str
    name: str
    role: str
    groups: tuple[str, ...]


SERVICES = (
    Service("G0463", "Hospital outpatient clinic visit", "0510", Decimal("240.00")),
    Service("G0378", "Hospital observation service, per hour", "0762", Decimal("95.00")),
    Service("G0299", "Nursing visit at home", "0551", Decimal("180.00")),
    Service("G0202", "Screening mammography", "0403", Decimal("310.00")),
    Service("G0121", "Screening colonoscopy", "0750", Decimal("1450.00")),
    Service("G0237", "Respiratory therapy, 15 minutes", "0410", Decimal("68.50")),
    Service("J1885", "Ketorolac injection, 15 mg", "0636", Decimal("22.40")),
    Service("J7030", "Normal saline infusion, 1000 ml", "0258", Decimal("41.75")),
    Service("Q3014", "Telehealth originating site", "0780", Decimal("55.00")),
    Service("A0428", "Ambulance, basic life support", "0540", Decimal("620.00")),
    Service("L1902", "Ankle support, prefabricated", "0274", Decimal("134.30")),
    Service("E0114", "Crutches, pair", "0292", Decimal("78.90")),
)

_GIVEN_NAMES = (
    *("Alder", "Amber", "Ash", "Basalt", "Beryl", "Birch", "Cedar", "Clover", "Cobalt", "Coral"),
    *("Elm", "Fern", "Flint", "Garnet", "Ginger", "Hazel", "Heather", "Indigo", "Iris", "Jade"),
    *("Juniper", "Laurel", "Linden", "Maple", "Marble", "Moss", "Myrtle", "Oakley", "Olive", "Opal"),
    *("Pearl", "Pine", "Quartz", "Reed", "Rowan", "Sage", "Slate", "Thistle", "Topaz", "Willow"),
)
_FAMILY_NAMES = ("Demopatient", "Sampleton", "Testcase")
#: As the files write them: family name, given name.
PATIENTS = tuple(f"{family}, {given}" for family in _FAMILY_NAMES for given in _GIVEN_NAMES)

ADMINISTRATOR = "admin"
_ROLES = "healthcare_integration_base.group_"
#: The first one is billing and the bank; without the second one Odoo hides the items of a journal entry.
_BILLING = ("account.group_account_basic", "account.group_account_readonly")
PEOPLE = (
    Person("biller", "Bill Biller", "resolves exceptions", (f"{_ROLES}operator", *_BILLING)),
    Person(
        "phi",
        "Priya Privileged",
        "biller who sees patients' names",
        (f"{_ROLES}operator", f"{_ROLES}phi", *_BILLING),
    ),
    Person(
        "manager",
        "Mona Manager",
        "configures interfaces",
        (f"{_ROLES}manager", "account.group_account_manager"),
    ),
    Person("secrets", "Sam Secrets", "enters passwords and keys", (f"{_ROLES}secrets_officer",)),
    Person(
        "auditor",
        "Ada Auditor",
        "reads all, verifies the log",
        (f"{_ROLES}auditor", "account.group_account_readonly"),
    ),
    Person("viewer", "Vera Viewer", "looks on", (f"{_ROLES}viewer",)),
)
#: Whom the flow writes records as; nobody logs in with it.
INTERFACE = Person("remittance.interface", "Remittance interface", "", (f"{_ROLES}operator", *_BILLING))
