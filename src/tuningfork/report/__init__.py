"""The report of an evaluation: every figure once, as a page and as JSON."""

from tuningfork.report.findings import Compared, Findings, Report, Setting, find
from tuningfork.report.page import render, write_report

__all__ = ["Compared", "Findings", "Report", "Setting", "find", "render", "write_report"]
