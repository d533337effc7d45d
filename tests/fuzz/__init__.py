"""Damaged files by the thousand: no reader may crash, hang or fill the memory.

``python -m tests.fuzz --count 10000`` reads as many; the tests read some of the same.
"""
