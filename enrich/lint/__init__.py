"""What is wrong with a feed: raw rows in, counts and findings out, in bounded memory and without a clock.

Lint        takes rows one by one; ``report`` gives the Report
findings    Report → Findings, the worst first
"""

from enrich.lint.feed import Lint
from enrich.lint.finding import Finding, Level
from enrich.lint.findings import findings
from enrich.lint.report import Report
from enrich.lint.tally import Place

__all__ = ["Finding", "Level", "Lint", "Place", "Report", "findings"]
