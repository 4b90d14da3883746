"""The project's own alerts: an invented company, watched by three detectors for some days.

Everything is a function of ``Parameters``: the same parameters give the same bytes on every machine. Nothing
here comes from a real network, and no real rule set was copied; facts that every such rule uses (service
names, port numbers, ATT&CK ids) are as they are.
"""

from training.generate.samples import START_MS, USUAL_STORY_SHARE, Parameters, Sample, samples
from training.generate.signatures import FORMATS

__all__ = ["FORMATS", "START_MS", "USUAL_STORY_SHARE", "Parameters", "Sample", "samples"]
