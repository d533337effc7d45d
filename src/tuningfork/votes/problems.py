"""What was wrong with a table or a set: counted, named, and told in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

_SHOWN = 10


@dataclass(frozen=True)
class Problem:
    """One kind of trouble in one file, with everything that it befell."""

    kind: str
    """A few words, such as ``missing picture`` or ``id twice``."""
    where: str
    """The file or folder, for people to read."""
    ids: tuple[str, ...]
    """Every galaxy, row or file that it befell."""
    dropped: bool
    """Whether these galaxies were left out; a remark leaves them in."""
    details: tuple[str, ...] = ()
    """What exactly was wrong with each of ``ids``; may be empty."""

    @property
    def count(self) -> int:
        return len(self.ids)

    @property
    def sentence(self) -> str:
        """Kind, count, place and the first few, in one line."""
        named = self.details or self.ids
        more = f" and {self.count - _SHOWN:,} more" if self.count > _SHOWN else ""
        count = f"{self.count:,} left out" if self.dropped else f"{self.count:,}"
        listed = "; ".join(named[:_SHOWN]) if self.details else ", ".join(named[:_SHOWN])
        return f"{self.where}: {self.kind} ({count}): {listed}{more}"
