"""Measurements as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

CONTENT_TYPE = CONTENT_TYPE_LATEST
FAMILIES = {"gauge": GaugeMetricFamily, "counter": CounterMetricFamily}


@dataclass(frozen=True)
class Metric:
    """One measurement with its samples.

    :ivar name: name as Prometheus shows it; a counter's ends with ``_total``
    :ivar samples: pairs of labels and value; all samples of a metric have the same labels
    :ivar kind: ``gauge`` or ``counter``
    """

    name: str
    help: str
    samples: Sequence[tuple[Mapping[str, str], float]]
    kind: str = "gauge"

    def family(self):
        """Return the metric as the library's type."""
        labels = sorted(self.samples[0][0]) if self.samples else []
        family = FAMILIES[self.kind](self.name, self.help, labels=labels)
        for sample_labels, value in self.samples:
            family.add_metric([str(sample_labels[name]) for name in labels], value)
        return family


class _Collector:
    def __init__(self, metrics: Iterable[Metric]):
        self._metrics = tuple(metrics)

    def collect(self):
        return (metric.family() for metric in self._metrics)


def exposition(metrics: Iterable[Metric]) -> bytes:
    """Return the text format of Prometheus, UTF-8."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(metrics))
    return generate_latest(registry)
