from . import integration_benchmark_door
