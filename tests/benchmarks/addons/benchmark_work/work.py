import time

from odoo import fields, models


class BenchmarkWork(models.Model):
    """Work as small as a useful task can be: it writes one row, its own."""

    _name = "benchmark.work"
    _description = "Benchmark Work"
    _log_access = False

    started_at = fields.Float(help="Seconds since 1970 when its last task began; zero while it waits")
    runs = fields.Integer()

    def _work(self):
        self.write({"started_at": time.time(), "runs": self.runs + 1})
