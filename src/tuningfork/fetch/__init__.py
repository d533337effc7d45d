"""The public data sets, onto the user's disk and verified."""

from tuningfork.fetch.carry_out import Done, carry_out
from tuningfork.fetch.plan import Plan, amount, make_plan
from tuningfork.fetch.source import Source, load_source

__all__ = ["Done", "Plan", "Source", "amount", "carry_out", "load_source", "make_plan"]
