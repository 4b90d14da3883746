"""Coverage-guided fuzzing of the formats: ``python -m tests.fuzz --help``."""
