"""The report of an evaluation: every figure once, as a page and as JSON."""

from tuningfork.report.findings import Compared, Findings, Report, Setting, find
from tuningfork.report.page import render, write_report
from tuningfork.report.side_by_side import distinct_names

__all__ = [
    "Compared",
    "Findings",
    "Report",
    "Setting",
    "distinct_names",
    "find",
    "render",
    "write_report",
]
