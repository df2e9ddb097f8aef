from odoo import models

from odoo.addons.healthcare_integration_base.queue import integration_task


class BenchmarkWork(models.Model):
    _inherit = "benchmark.work"

    @integration_task("Benchmark: together", batchable=True)
    def _work_together(self):
        self._work()

    @integration_task("Benchmark: alone")
    def _work_alone(self):
        self._work()
