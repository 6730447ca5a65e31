"""A portrait that talks, made once: film, recording, consent and work folder for the tests of whole jobs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from jobs import SPANISH, Outcome, Sample, grant

from avsynth.cli import main
from avsynth.media.probe import probe
from avsynth.media.read import read_audio
from avsynth.media.write import mux
from avsynth.pipeline import demo


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    folder = tmp_path_factory.mktemp("sample")
    silent, voice, film = folder / "silent.mp4", folder / "voice.wav", folder / "film.mp4"
    demo._film_portrait(silent)
    demo._record_voice(voice)
    mux(film, segments=[silent], sound=read_audio(voice), language="en", like=probe(silent))
    script = folder / "es.srt"
    script.write_text(SPANISH, encoding="utf-8")
    consent = folder / "consent.json"
    grant(consent)
    return Sample(film, voice, script, consent, folder / "work")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """Run a command as the shell would, in this process."""

    def run_command(*arguments: object) -> Outcome:
        monkeypatch.setattr("sys.argv", ["avsynth", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        shown = capsys.readouterr()
        return Outcome(code, shown.out, shown.err)

    return run_command
