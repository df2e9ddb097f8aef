from odoo import models


class IntegrationBenchmarkDoor(models.AbstractModel):
    """Makes the table that the bare controller inserts into: an id and the body, nothing else."""

    _name = "integration.benchmark.door"
    _description = "Bare Door of the Benchmarks"

    def init(self):
        self.env.cr.execute(
            "CREATE TABLE IF NOT EXISTS integration_benchmark_door (id serial PRIMARY KEY, body bytea)"
        )
