import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from avsynth.core.errors import MediaError
from avsynth.core.media import Waveform
from avsynth.core.serial import to_plain
from avsynth.media.sound import write_audio
from avsynth.provenance import inspect as room
from avsynth.provenance.inspect import describe, inspect_file
from avsynth.provenance.release import release_speech
from avsynth.provenance.sign import sign_file
from avsynth.provenance.watermark import FOUND, mark_speech


def test_a_file_without_marks(film, speech):
    for path in (film("silent.mp4"), film("spoken.mp4", sound=speech)):
        found = inspect_file(path)
        assert not found.marked
        assert not found.credentials.found
        assert not found.audio.found
        said = describe(found)
        assert "Content Credentials: no mark found" in said
        assert "does not show how a file was made" in said
        assert "not AI" not in said
    assert "no mark found (perth, score 0." in said


def test_a_film_without_sound_says_so(film):
    found = inspect_file(film())
    assert (found.audio.heard, found.audio.score, found.audio.windows) == (False, 0.0, ())
    assert "there is no sound to listen to" in describe(found)


def test_finished_speech(speech, claim, tmp_path):
    release_speech(speech, tmp_path / "a.wav", claim=claim)
    found = inspect_file(tmp_path / "a.wav")
    assert found.marked
    said = describe(found)
    assert "valid, signed by avsynth development certificate, not trusted" in said
    assert "nobody vouches for it" in said
    assert "audio watermark: found (perth, score 1.00), from 0.0 s to 3.0 s" in said
    assert claim.consents[0].consent.id in said
    assert "Ana" not in said


def test_a_changed_file_is_called_changed(speech, claim, tmp_path):
    release_speech(speech, tmp_path / "a.wav", claim=claim)
    data = bytearray((tmp_path / "a.wav").read_bytes())
    data[100_000] ^= 1
    (tmp_path / "a.wav").write_bytes(data)
    found = inspect_file(tmp_path / "a.wav")
    assert (found.credentials.found, found.credentials.valid, found.audio.found) == (True, False, True)
    assert "found, but NOT VALID (assertion.dataHash.mismatch)" in describe(found)


def test_a_mark_without_credentials_is_found(speech, tmp_path):
    write_audio(tmp_path / "a.wav", mark_speech(speech))
    found = inspect_file(tmp_path / "a.wav")
    assert found.audio.found
    assert not found.credentials.found
    assert "Content Credentials: no mark found" in describe(found)


def test_credentials_without_a_mark_are_found(film, speech, claim, tmp_path):
    plain = film("plain.mp4", sound=speech)
    sign_file(plain, tmp_path / "signed.mp4", claim=replace(claim, source=plain))
    found = inspect_file(tmp_path / "signed.mp4")
    assert found.credentials.valid
    assert not found.audio.found
    assert found.marked


def test_the_windows_tell_when_it_is_marked(speech, tmp_path, monkeypatch):
    monkeypatch.setattr(room, "_CHUNK_SECONDS", 8)  # so that this is read in several pieces
    clean = np.resize(speech.samples[0], 12 * 48_000)
    marked = mark_speech(Waveform(clean[None, : 8 * 48_000], 48_000)).samples[0]
    write_audio(tmp_path / "a.wav", Waveform(np.concatenate([clean, marked, clean[:240_000]])[None], 48_000))
    windows = inspect_file(tmp_path / "a.wav").audio.windows
    assert [w.span.start for w in windows] == [Fraction(4 * i) for i in range(6)]
    assert windows[-1].span.end == 25
    assert [w.score >= FOUND for w in windows] == [False, False, False, True, True, False]


def test_the_finding_is_json(speech, claim, tmp_path):
    release_speech(speech, tmp_path / "a.wav", claim=claim)
    plain = json.loads(json.dumps(to_plain(inspect_file(tmp_path / "a.wav"))))
    assert plain["credentials"]["valid"] is True
    assert plain["credentials"]["actions"] == ["c2pa.created", "c2pa.watermarked.unbound"]
    assert plain["audio"]["found"] is True
    assert plain["audio"]["windows"][0]["span"]["start"] == "0"


@pytest.mark.parametrize("content", [b"", b"hello", b"\x00" * 4096])
def test_what_is_no_film_and_no_sound_is_refused(tmp_path, content):
    path = tmp_path / "note.mp4"
    path.write_bytes(content)
    with pytest.raises(MediaError):
        inspect_file(path)
    with pytest.raises(MediaError):
        inspect_file(tmp_path / "absent.wav")
