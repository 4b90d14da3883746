"""Reports: one page, one JSON and one model card per bundle, from what was judged and what training tells."""

from training.reports.report import Report, json_of, report_of, sections_of
from training.reports.sections import Sections
from training.reports.written import FILES, read, write

__all__ = ["FILES", "Report", "Sections", "json_of", "read", "report_of", "sections_of", "write"]
