import datetime
from contextlib import contextmanager

from odoo import api, fields, models
from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.fields import Command

from odoo.addons.healthcare_integration_base.errors import BusinessRuleError

from ..posting.roles import Role
from .account_move import UNDOING

#: A month is closed before its end; what is locked for longer is closed to the present business.
MOST_LOCKED_AHEAD = datetime.timedelta(days=31)

#: What `_optimize_reconciliation_plan` of account.move.line reads of the items of each group.
READ_PER_GROUP = (
    "account_id",
    "amount_currency",
    "balance",
    "company_id",
    "currency_id",
    "date",
    "date_maturity",
    "matching_number",
    "parent_state",
    "reconciled",
)


class RcmLedger(models.AbstractModel):
    """The one place that leans on how Odoo's accounting posts, reconciles and reverses.

    It works with the rights of the user of its environment, whoever hands it the records. A new series of
    Odoo changes this file; its contract test tells what the rest relies on.
    """

    _name = "rcm.ledger"
    _description = "Accounting Adapter"

    @api.model
    def _create_posted(self, values_list):
        """Create and post journal entries with explicit balances.

        :param values_list: values of account.move of type entry with their line_ids
        :return: the posted account.move records, in the order of the values
        :raise BusinessRuleError: ``remittance.hold.analytic_missing`` or ``remittance.hold.entry_refused``
        """
        return self._post_quietly(values_list)

    def _post_quietly(self, values_list):
        quiet = self.env["account.move"].with_context(tracking_disable=True, rcm_posting=True)
        with self._explaining_refusals(values_list[0]):
            # Posting makes the analytic items; keeping them in step with a draft costs a write per line.
            drafts = quiet.with_context(skip_analytic_sync=True).create(values_list)
            moves = drafts.with_env(quiet.env)
            moves.check_access("write")
            self._require_analytics(moves)
            # Soft posting would leave entries of a future date as drafts.
            moves._post(soft=False)
        return moves

    @api.model
    def _refusal(self, values):
        """Post an entry, reconcile the lines of each account that must allow it, and take it all back.

        :param values: values of one account.move whose lines sum up to zero for each account
        :return: the BusinessRuleError that posting it raises, None if Odoo would post it
        """
        with self.env.cr.savepoint() as savepoint:
            try:
                paired = self._post_quietly([values]).line_ids.filtered(
                    lambda line: Role(line.rcm_role).reconcilable
                )
                with self._explaining_refusals(values):
                    self._reconcile([*paired.grouped("account_id").values()])
                return None
            except BusinessRuleError as error:
                return error
            finally:
                savepoint.rollback()
                self.env.invalidate_all(flush=False)

    @contextmanager
    def _explaining_refusals(self, values):
        """Have what Odoo refuses of an entry say where and what to do.

        :param values: values of the account.move
        :raise BusinessRuleError: ``remittance.hold.entry_refused``
        """
        try:
            yield
        except AccessError:
            # Not the entry is wrong but who posts it.
            raise
        except (UserError, RedirectWarning) as error:
            raise BusinessRuleError(
                "remittance.hold.entry_refused",
                self.env._("Odoo refuses the journal entry."),
                location=values.get("ref") or "",
                subject=f"company:{values.get('company_id') or self.env.company.id}",
                expected=self.env._("accounts and settings with which Odoo posts"),
                found=str(error.args[0]),
                remedy=self.env._(
                    "Mend what Odoo names, or set another account in the posting settings, then resolve this "
                    "exception."
                ),
            ) from error

    @api.model
    def _require_analytics(self, moves):
        """Refuse what Odoo's form of a journal entry would mark: no account of a plan that is mandatory.

        :raise BusinessRuleError: ``remittance.hold.analytic_missing``
        """
        # What is alike for a key is checked once: an entry has thousands of lines and a few accounts.
        alike = moves.line_ids.grouped(lambda line: (line.account_id, str(line.analytic_distribution)))
        lines = moves.line_ids.browse([lines[0].id for lines in alike.values()])
        if invalid := lines.filtered("has_invalid_analytics"):
            raise BusinessRuleError(
                "remittance.hold.analytic_missing",
                self.env._("An analytic plan is mandatory, and the entry has no account of it."),
                location=moves[:1].ref,
                subject=f"company:{moves.company_id[:1].id}",
                expected=self.env._("100 % on each mandatory plan"),
                found=", ".join(sorted(set(invalid.account_id.mapped("display_name")))),
                remedy=self.env._(
                    "Map the payee to an analytic account of the plan, or make the plan optional for these "
                    "accounts, then resolve this exception."
                ),
            )

    @api.model
    def _distributions(self, facility, accounts, company, partner):
        """Return the analytic distribution of lines by account, for a facility that is paid.

        It is that of the accounts of profit and loss, and of those for which the facility's plan is
        mandatory. What Odoo's distribution models say of other plans stands beside the facility.

        :param facility: one account.analytic.account
        :param accounts: account.account records
        :return: ``{account: {analytic account ids: percentage}}``
        """
        plan = facility.root_plan_id.with_company(company)
        models = self.env["account.analytic.distribution.model"].with_company(company)
        distributions = {}
        for account in accounts.with_company(company):
            applicability = plan._get_applicability(
                company_id=company.id, account=account.id, business_domain="general"
            )
            if account.internal_group in ("income", "expense") or applicability == "mandatory":
                others = models._get_distribution(
                    {
                        "account_prefix": account.code,
                        "company_id": company.id,
                        "partner_id": partner.id,
                        "partner_category_id": partner.category_id.ids,
                        "product_id": False,
                        "product_categ_id": False,
                        "related_root_plan_ids": plan,
                    }
                )
                distributions[account] = {str(facility.id): 100.0, **others}
        return distributions

    @api.model
    def _reconcile(self, groups):
        """Reconcile groups of journal items of one account each; a group leaves its rest to a later one.

        :param groups: list of account.move.line recordsets
        """
        if groups:
            # Tracking each invoice's change of state would cost more than the posting; the caller logs once.
            lines = self.env["account.move.line"].with_context(tracking_disable=True)
            # Odoo looks at each group alone, and would read one by one what is not in the cache.
            lines.union(*groups).fetch(READ_PER_GROUP)
            lines.union(*groups).move_id.line_ids.fetch(["tax_ids"])
            lines._reconcile_plan([group.with_env(lines.env) for group in groups])

    @api.model
    def _unreconcile(self, lines):
        lines.with_env(self.env).remove_move_reconcile()

    @api.model
    def _reverse(self, moves, date):
        """Reverse entries on a day; each original is reconciled with its reversal.

        :return: the posted reversals, which belong to the same remittances
        """
        defaults = [
            {
                "date": date,
                "ref": self.env._("Undo of %s", move.name),
                "rcm_remittance_id": move.rcm_remittance_id.id,
            }
            for move in moves
        ]
        return moves.with_env(self.env).with_context(rcm_undo=UNDOING)._reverse_moves(defaults, cancel=True)

    @api.model
    def _settle_bank_line(self, bank_line, lines):
        """Move what a bank line left on its suspense account to the account of open lines, and match.

        :param bank_line: an account.bank.statement.line that is not reconciled yet
        :param lines: journal items of one account whose balance is the amount of the bank line
        """
        bank_line = bank_line.with_env(self.env)
        _liquidity, suspense, _other = bank_line._seek_for_lines()
        counterpart = {"account_id": lines.account_id.id, "partner_id": lines.partner_id[:1].id}
        # A posted entry refuses changes of its lines; core's own reconciliation passes by the same key.
        bank_line.move_id.with_context(skip_readonly_check=True).write(
            {"line_ids": [Command.update(line.id, counterpart) for line in suspense]}
        )
        self._reconcile([suspense + lines.with_env(self.env)])

    @api.model
    def _first_open_day(self, company, journal, date):
        """Return the first day from ``date`` on that is in no locked period of the company.

        :return: None if the books are locked so far ahead that no day is open for the present business
        """
        violations = company._get_violated_lock_dates(date, False, journal)
        if not violations:
            return date
        locked_until = max(lock_date for lock_date, _field in violations)
        if locked_until >= fields.Date.context_today(self) + MOST_LOCKED_AHEAD:
            return None
        return locked_until + datetime.timedelta(days=1)
