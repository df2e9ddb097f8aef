"""The demo hospital group and what its clearing house delivers. Nothing of it is part of the addons.

=================  ====================================================================================
module             idea
=================  ====================================================================================
``cast``           facilities, payers, patients and services, all invented
``billing``        which invoices the group has open, from a fixed seed
``book``           the open invoices as the clearing house knows them, to and from a file
``adjudication``   what a payer decides on a claim
``statements``     payments, and the files that carry them
``deliveries``     the files of three days, one story each
``bank``           the deposits that the bank shows on the fourth day
``remittances``    the program that writes a day's files into the clearing house's mailbox
``hospital``       the group in an Odoo database; ``company``, ``invoices``, ``interface`` and
                   ``people`` are its parts
``outcome``        the table of what happened
=================  ====================================================================================
"""
