"""Weights under a restricted license: how a person accepts it, and what happens until then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from jobs import Outcome, Sample

from avsynth.media.probe import probe, require_video
from avsynth.pipeline import heard
from avsynth.pipeline.demo import LINES
from avsynth.pipeline.picture import prepared

Run = Callable[..., Outcome]


def lipsync(run: Run, sample: Sample, output: Path, *, engine: str, work: Path) -> Outcome:
    return run(
        "lipsync", sample.film, sample.voice, "-l", "en", "--consent", sample.consent, "-o", output,
        "--engine", f"renderer={engine}", "--work", work, "--text", " ".join(LINES["en"]),
    )  # fmt: skip


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """A file of random weights in the published container; too small to be the network's."""
    from avsynth.models.wav2lip import Wav2Lip

    state = {f"module.{name}": value for name, value in Wav2Lip(width=1).state_dict().items()}
    torch.save({"state_dict": state, "global_step": 1}, tmp_path / "wav2lip.pth")
    return tmp_path / "wav2lip.pth"


def test_the_engine_is_refused_in_one_line_before_any_work(
    run: Run, sample: Sample, home: Path, tmp_path: Path
) -> None:
    outcome = lipsync(run, sample, tmp_path / "out.mp4", engine="wav2lip", work=tmp_path / "work")
    assert outcome.code == 2
    assert outcome.err.strip().startswith("error: the weights of lipsync/wav2lip are not here:")
    assert "--accept-license" in outcome.err
    assert not (tmp_path / "out.mp4").exists()
    assert not (tmp_path / "work").exists()


def test_a_file_is_added_only_with_the_license(run: Run, home: Path, stand_in: Path) -> None:
    refused = run("models", "add", "lipsync/wav2lip", stand_in)
    assert (refused.code, refused.out) == (2, "")
    assert "commercial use is forbidden" in " ".join(refused.err.split())
    added = run("models", "add", "lipsync/wav2lip", stand_in, "--accept-license")
    assert added.code == 0, added.err
    assert Path(added.out.strip()).read_bytes() == stand_in.read_bytes()
    assert run("models", "verify").code == 0
    rows = run("models", "list", "--json").out
    assert '"lipsync/wav2lip"' in rows
    assert run("models", "fetch", "lipsync/wav2lip").code == 0  # it is here
    assert run("models", "fetch", "lipsync/wav2lip-gan", "--accept-license").code == 2  # only its user can get it


def test_with_weights_a_film_is_drawn_from_its_sound(
    run: Run, sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way with a narrow stand-in network: random weights draw no mouth, but they draw where one belongs."""
    from avsynth.lipsync.backends import wav2lip
    from avsynth.models.wav2lip import Wav2Lip

    asked: list[str] = []

    def load(card: str) -> Wav2Lip:
        asked.append(card)
        return Wav2Lip(width=1)

    monkeypatch.setattr(heard, "require", asked.append)
    monkeypatch.setattr(wav2lip, "load_wav2lip", load)
    prepared.cache_clear()
    output = tmp_path / "out.mp4"
    outcome = lipsync(run, sample, output, engine="wav2lip", work=sample.work)
    prepared.cache_clear()
    assert (outcome.code, outcome.out) == (0, f"{output}\n"), outcome.err
    assert asked == ["lipsync/wav2lip"] * 2  # before the work, and for it
    before, after = require_video(probe(sample.film)), require_video(probe(output))
    assert (after.frame_count, after.frame_rate) == (before.frame_count, before.frame_rate)
