"""What was measured on a finished file, against what was promised."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from avsynth.core.face import PassThrough


@dataclass(frozen=True)
class Check:
    """One measurement: ``passed`` says whether ``value`` met ``limit``; ``where`` names the line or the frames."""

    name: str
    value: float
    limit: str
    passed: bool
    unit: str = ""
    where: str = ""


@dataclass(frozen=True)
class QCReport:
    """The quality report of a finished file.

    Attributes:
        output: The file that was measured.
        checks: Every measurement.
        passed_through: Frames whose mouth was not replaced, and why.
        notes: What a person should know, in words.
    """

    output: Path
    checks: tuple[Check, ...]
    passed_through: tuple[PassThrough, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)
