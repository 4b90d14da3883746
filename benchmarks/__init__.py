"""Speed, latency and memory of the worker on a real Kafka, beside its rivals: ``python -m benchmarks``."""
