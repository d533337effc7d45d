"""One page that says how good, how sure, and why."""
