from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import soundfile

from avsynth.core.consent import VerifiedConsent
from avsynth.core.errors import ConsentError, InputError, OutputError
from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.media.probe import probe, require_video
from avsynth.media.read import read_audio, read_frames
from avsynth.media.sound import write_audio
from avsynth.media.write import EncodeSettings, FilmWriter
from avsynth.provenance import release as room
from avsynth.provenance.consent import revoke_consent, save_consent
from avsynth.provenance.credential import load_credential
from avsynth.provenance.inspect import inspect_file
from avsynth.provenance.read import read_credentials
from avsynth.provenance.release import release_film, release_speech
from avsynth.provenance.soundtrack import SoundLine, Soundtrack
from avsynth.provenance.watermark import FOUND


def left(folder):
    return sorted(p.name for p in folder.iterdir())


# ------------------------------------------------------------------------------------------------- speech


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_finished_speech_is_marked_signed_and_as_long_as_it_was(speech, claim, tmp_path, suffix):
    output = tmp_path / "out" / f"said{suffix}"
    made = release_speech(speech, output, claim=claim)
    assert made.path == output
    assert made.watermark_score > 0.95
    assert made.manifest_valid
    assert made.credential == "development"
    assert "not trusted" in made.notes[0]
    samples, sample_rate = soundfile.read(output, dtype="float32", always_2d=True)
    assert (len(samples), sample_rate) == (speech.samples.shape[1], 48_000)
    assert left(output.parent) == [output.name]
    assert inspect_file(output).audio.found
    assert read_credentials(output).consents == (claim.consents[0].consent.id,)


def test_a_studio_signs_without_a_note(speech, claim, studio, tmp_path):
    own = load_credential(studio.certificate, key=studio.key)
    made = release_speech(speech, tmp_path / "a.wav", claim=claim, credential=own)
    assert (made.credential, made.notes) == ("studio", ())


def test_no_consent_no_file(speech, claim, tmp_path):
    with pytest.raises(ConsentError, match="nothing is finished without consent"):
        release_speech(speech, tmp_path / "a.wav", claim=replace(claim, consents=()))
    save_consent(tmp_path / "c.json", claim.consents[0].consent)
    revoke_consent(tmp_path / "c.json", reason="withdrawn")
    with pytest.raises(ConsentError, match="revoked"):
        release_speech(speech, tmp_path / "a.wav", claim=claim)
    assert left(tmp_path) == ["c.json"]


@pytest.mark.parametrize(("name", "error"), [("a.txt", InputError), ("a.mp3", InputError), ("a.mp4", InputError)])
def test_no_other_kind_of_file(speech, claim, tmp_path, name, error):
    with pytest.raises(error):
        release_speech(speech, tmp_path / name, claim=claim)
    assert left(tmp_path) == []


def test_silence_cannot_be_released(claim, tmp_path):
    with pytest.raises(InputError, match="silent"):
        release_speech(Waveform(np.zeros((1, 48_000), np.float32), 48_000), tmp_path / "a.wav", claim=claim)
    assert left(tmp_path) == []


def test_what_cannot_carry_a_mark_cannot_be_released(claim, tmp_path):
    click = Waveform(np.eye(1, 480, 200, dtype=np.float32), 48_000)
    with pytest.raises(InputError, match="cannot carry a mark"):
        release_speech(click, tmp_path / "a.wav", claim=claim)
    assert left(tmp_path) == []


def test_a_mark_that_is_lost_in_writing_stops_the_release(speech, claim, tmp_path, monkeypatch):
    monkeypatch.setattr(room, "write_audio", lambda path, marked: write_audio(path, speech))
    with pytest.raises(OutputError, match="the mark was lost"):
        release_speech(speech, tmp_path / "a.wav", claim=claim)
    assert left(tmp_path) == []


def test_an_older_file_survives_a_failure(speech, claim, tmp_path, monkeypatch):
    output = tmp_path / "a.wav"
    output.write_bytes(b"older")

    def fail(*args, **kwargs):
        raise OutputError("no")

    monkeypatch.setattr(room, "sign_file", fail)
    with pytest.raises(OutputError):
        release_speech(speech, output, claim=claim)
    assert output.read_bytes() == b"older"
    assert left(tmp_path) == ["a.wav"]


def test_a_folder_that_cannot_be_made_is_told(speech, claim, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot write to the folder"):
        release_speech(speech, tmp_path / "file" / "a.wav", claim=claim)


# -------------------------------------------------------------------------------------------------- films


@pytest.fixture
def work(film, speech, claim, tmp_path):
    """A source film of 2 s, its picture as a segment, a line of 1.2 s at 0.5 s, and its claim."""
    source = film("source.mp4", sound=Waveform(0.05 * speech.samples[:, 20_000:116_000], 48_000))
    info = probe(source)
    segment = tmp_path / "work" / "segment.mp4"
    segment.parent.mkdir()
    with FilmWriter(segment, like=require_video(info), settings=EncodeSettings(preset="ultrafast")) as writer:
        for frames in read_frames(source):
            writer.write(frames)
    line = tmp_path / "work" / "line.wav"
    write_audio(line, Waveform(speech.samples[:, 10_000 : 10_000 + 57_600], 48_000))
    track = Soundtrack(Fraction(2), (SoundLine(24_000, 57_600, line),), bed=None, channels=1)
    return [segment], track, replace(claim, source=source, source_language="en", lips_changed=True), info


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_a_finished_film_is_marked_signed_and_keeps_its_picture(work, tmp_path, suffix):
    segments, track, claim, info = work
    output = tmp_path / "out" / f"dub{suffix}"
    made = release_film(segments, soundtrack=track, output=output, claim=claim, like=info)
    assert made.manifest_valid
    assert made.watermark_score > 0.9
    assert made.speech_score > 0.9
    assert probe(output).video.frame_count == 50
    assert left(output.parent) == ([output.name, output.name + ".c2pa"] if suffix == ".mkv" else [output.name])
    found = inspect_file(output)
    assert found.audio.found
    assert found.credentials.valid
    assert found.credentials.actions[:3] == ("c2pa.opened", "c2pa.translated", "c2pa.dubbed")
    assert found.credentials.lips_changed
    assert found.credentials.ingredients == ("source.mp4",)


def test_only_the_lines_are_marked(work, tmp_path):
    segments, track, claim, info = work
    output = tmp_path / "dub.mov"  # PCM: what is written is what is read
    release_film(segments, soundtrack=track, output=output, claim=claim, like=info)
    heard = read_audio(output).samples[0]
    assert not heard[:24_000].any()
    assert not heard[24_000 + 57_600 :].any()
    plain = read_audio(track.lines[0].sound).samples[0]
    added = heard[24_000 : 24_000 + 57_600] - plain
    snr_db = 10 * np.log10((plain**2).sum() / (added**2).sum())
    assert 12 < snr_db < 20


def test_on_a_bed_the_lines_are_marked_and_the_bed_is_not(work, tmp_path):
    segments, track, claim, info = work
    track = replace(track, bed=claim.source, ducked=(Span(Fraction(1, 2), Fraction(17, 10)),))
    made = release_film(segments, soundtrack=track, output=tmp_path / "dub.mov", claim=claim, like=info)
    assert made.watermark_score > FOUND
    bed = read_audio(claim.source).samples[0]
    heard = read_audio(tmp_path / "dub.mov").samples[0]
    assert np.allclose(heard[:19_000], bed[:19_000], atol=2e-7)  # 24 bits; before the fade


def test_a_loud_bed_is_noted(work, tmp_path):
    segments, track, claim, info = work
    noise = np.random.default_rng(0).normal(0, 0.3, (1, 96_000)).astype(np.float32)
    write_audio(tmp_path / "work" / "bed.wav", Waveform(noise, 48_000))
    track = replace(track, bed=tmp_path / "work" / "bed.wav")
    made = release_film(segments, soundtrack=track, output=tmp_path / "dub.mov", claim=claim, like=info)
    assert made.speech_score > 0.9
    assert made.watermark_score < FOUND
    assert "hard to find" in made.notes[-1]


def test_the_sources_credentials_are_carried_on(work, tmp_path):
    segments, track, claim, info = work
    release_film(segments, soundtrack=track, output=tmp_path / "one.mp4", claim=claim, like=info)
    second = replace(claim, source=tmp_path / "one.mp4")
    made = release_film(segments, soundtrack=track, output=tmp_path / "two.mp4", claim=second, like=info)
    assert made.credentials.earlier == 1


def test_a_film_is_refused_before_the_work(work, record, tmp_path):
    segments, track, claim, info = work
    output = tmp_path / "dub.mp4"
    voice_only = VerifiedConsent(record(kinds=("voice",)))
    quiet = replace(track, lines=())
    cases = [
        (replace(claim, consents=()), track, output, ConsentError, "without consent"),
        (replace(claim, consents=(voice_only,)), track, output, ConsentError, "not likeness"),
        (replace(claim, source=None), track, output, InputError, "must name its source"),
        (claim, quiet, output, InputError, "silent"),
        (claim, track, tmp_path / "dub.ogg", InputError, "cannot be signed"),
    ]
    before = left(tmp_path)
    for tried, sound, target, error, said in cases:
        with pytest.raises(error, match=said):
            release_film(segments, soundtrack=sound, output=target, claim=tried, like=info)
    assert left(tmp_path) == before


def test_a_failure_in_joining_leaves_nothing(work, tmp_path):
    _, track, claim, info = work
    before = left(tmp_path)
    with pytest.raises(InputError):
        release_film([], soundtrack=track, output=tmp_path / "dub.mp4", claim=claim, like=info)
    assert left(tmp_path) == before
