"""A report passes when every check does."""

from pathlib import Path

from avsynth.core.report import Check, QCReport


def test_passed():
    good, bad = Check("a", 1.0, "<= 2", True), Check("b", 3.0, "<= 2", False, unit="dB", where="line 4")
    assert QCReport(Path("x.mp4"), (good, good)).passed
    assert not QCReport(Path("x.mp4"), (good, bad, good)).passed
