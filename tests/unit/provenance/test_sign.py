from dataclasses import replace

import av
import c2pa
import pytest
import soundfile

from avsynth.core.errors import ConsentError, InputError, MediaError, OutputError
from avsynth.provenance.credential import load_credential
from avsynth.provenance.manifest import manifest
from avsynth.provenance.read import read_credentials, sidecar_of
from avsynth.provenance.sign import sign_file


@pytest.fixture
def dub(film, claim, tmp_path):
    """A claim of a dubbed film, and the unsigned film of a given name."""

    def make(name="dub.mp4"):
        return film(name), replace(claim, source=film("source.mp4"), source_language="en", lips_changed=True)

    return make


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".m4v"])
def test_a_signed_film_tells_what_was_done(dub, suffix, tmp_path):
    plain, claim = dub(f"dub{suffix}")
    found = sign_file(plain, tmp_path / f"out{suffix}", claim=claim)
    assert found == read_credentials(tmp_path / f"out{suffix}")
    assert (found.found, found.valid, found.trusted, found.sidecar, found.development) == (
        True,
        True,
        False,
        False,
        True,
    )
    assert found.actions == ("c2pa.opened", "c2pa.translated", "c2pa.dubbed", "c2pa.watermarked.unbound")
    assert found.source_types == ("compositeWithTrainedAlgorithmicMedia",)
    assert (found.language, found.lips_changed) == ("es", True)
    assert found.consents == (claim.consents[0].consent.id,)
    assert found.ingredients == ("source.mp4",)
    assert found.problems == ()
    assert found.generator == "avsynth 0.1.0"


def test_signing_changes_no_packet(dub, tmp_path):
    plain, claim = dub()
    sign_file(plain, tmp_path / "out.mp4", claim=claim)

    def packets(path):
        with av.open(str(path)) as container:
            return [(p.pts, p.dts, bytes(p)) for p in container.demux(video=0)]

    assert packets(tmp_path / "out.mp4") == packets(plain)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".m4a"])
def test_speech_alone_is_signed(claim, speech, tmp_path, suffix):
    plain = tmp_path / f"plain{suffix}"
    if suffix == ".m4a":
        with av.open(str(plain), "w", format="mp4") as container:
            track = container.add_stream("aac", rate=48_000, layout="mono")
            frame = av.AudioFrame.from_ndarray(speech.samples, format="fltp", layout="mono")
            frame.sample_rate = 48_000
            container.mux(track.encode(frame))
            container.mux(track.encode(None))
    else:
        soundfile.write(plain, speech.samples.T, speech.sample_rate)
    found = sign_file(plain, tmp_path / f"out{suffix}", claim=claim)
    assert found.valid
    assert found.actions == ("c2pa.created", "c2pa.watermarked.unbound")
    assert found.language == "es"
    assert found.source_types == ("trainedAlgorithmicMedia",)
    assert found.ingredients == ()


@pytest.mark.parametrize("suffix", [".mkv", ".webm"])
def test_a_container_that_holds_no_manifest_gets_it_beside(dub, tmp_path, suffix):
    plain, claim = dub("dub.mkv")
    plain = plain.rename(plain.with_suffix(suffix))
    output = tmp_path / "out" / f"film{suffix}"
    found = sign_file(plain, output, claim=claim)
    assert found.sidecar
    assert found.valid
    assert read_credentials(output) == found
    assert output.read_bytes() == plain.read_bytes()
    assert sorted(p.name for p in output.parent.iterdir()) == [output.name, f"{output.name}.c2pa"]
    data = bytearray(output.read_bytes())
    data[len(data) // 2] ^= 1
    output.write_bytes(data)
    changed = read_credentials(output)
    assert (changed.found, changed.valid) == (True, False)
    assert changed.problems == ("assertion.dataHash.mismatch",)
    sidecar_of(output).unlink()
    assert not read_credentials(output).found


@pytest.mark.parametrize("name", ["out.mp4", "out.wav"])
def test_one_changed_bit_breaks_the_signature(dub, claim, speech, tmp_path, name):
    output = tmp_path / name
    if output.suffix == ".mp4":
        plain, claim = dub()
    else:
        plain = tmp_path / "plain.wav"
        soundfile.write(plain, speech.samples.T, speech.sample_rate)
    sign_file(plain, output, claim=claim)
    original = plain.read_bytes()
    piece = original[len(original) // 2 : len(original) // 2 + 24]
    data = bytearray(output.read_bytes())
    data[data.index(piece)] ^= 1
    output.write_bytes(data)
    found = read_credentials(output)
    assert (found.found, found.valid) == (True, False)
    assert any("Hash.mismatch" in code for code in found.problems)


def test_a_copy_of_the_packets_loses_the_manifest(dub, tmp_path):
    plain, claim = dub()
    sign_file(plain, tmp_path / "out.mp4", claim=claim)
    with av.open(str(tmp_path / "out.mp4")) as source, av.open(str(tmp_path / "copy.mp4"), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    assert not read_credentials(tmp_path / "copy.mp4").found


def test_what_the_source_was_signed_with_is_carried_on(dub, tmp_path):
    plain, claim = dub()
    first = sign_file(plain, tmp_path / "first.mp4", claim=claim)
    second = sign_file(plain, tmp_path / "second.mp4", claim=replace(claim, source=tmp_path / "first.mp4"))
    assert (first.earlier, second.earlier) == (0, 1)
    assert second.valid
    third = sign_file(plain, tmp_path / "third.mp4", claim=replace(claim, source=tmp_path / "second.mp4"))
    assert third.earlier == 2


def test_a_manifest_beside_the_source_is_carried_on(dub, film, tmp_path):
    plain, claim = dub()
    sign_file(film("plain.mkv"), tmp_path / "first.mkv", claim=claim)
    found = sign_file(plain, tmp_path / "second.mp4", claim=replace(claim, source=tmp_path / "first.mkv"))
    assert found.valid
    assert found.earlier == 1
    assert found.ingredients == ("first.mkv",)


def test_a_tampered_source_is_carried_on_with_its_finding(dub, tmp_path):
    plain, claim = dub()
    sign_file(plain, tmp_path / "first.mp4", claim=claim)
    data = bytearray((tmp_path / "first.mp4").read_bytes())
    original = plain.read_bytes()
    data[data.index(original[len(original) // 2 :][:24])] ^= 1
    (tmp_path / "first.mp4").write_bytes(data)
    found = sign_file(plain, tmp_path / "second.mp4", claim=replace(claim, source=tmp_path / "first.mp4"))
    assert found.earlier == 1
    with c2pa.Reader(tmp_path / "second.mp4") as reader:
        assert "assertion.bmffHash.mismatch" in reader.json()


def test_a_source_with_a_broken_manifest_is_an_error_with_a_cure(dub, film, tmp_path):
    plain, claim = dub()
    source = film("source.mkv")
    sidecar_of(source).write_bytes(b"no manifest")
    with pytest.raises(MediaError, match="give a copy of the film without them"):
        sign_file(plain, tmp_path / "out.mp4", claim=replace(claim, source=source))
    assert not (tmp_path / "out.mp4").exists()


def test_a_studio_signs_in_its_own_name_and_is_trusted_by_who_trusts_its_root(dub, studio, tmp_path, monkeypatch):
    plain, claim = dub()
    own = load_credential(studio.certificate, key=studio.key)
    found = sign_file(plain, tmp_path / "out.mp4", claim=claim, credential=own)
    assert (found.valid, found.trusted, found.development) == (True, False, False)
    assert found.signer == "Studio Uno SL"
    monkeypatch.setenv("AVSYNTH_TRUST_ANCHORS", str(studio.root))
    assert read_credentials(tmp_path / "out.mp4").trusted


def test_anchors_that_are_none_are_an_error(dub, tmp_path, monkeypatch):
    plain, claim = dub()
    sign_file(plain, tmp_path / "out.mp4", claim=claim)
    monkeypatch.setenv("AVSYNTH_TRUST_ANCHORS", str(tmp_path / "absent.pem"))
    with pytest.raises(InputError, match="cannot read"):
        read_credentials(tmp_path / "out.mp4")


def test_an_authority_that_does_not_answer_stops_the_signing(dub, studio, tmp_path):
    plain, claim = dub()
    own = load_credential(studio.certificate, key=studio.key, timestamp_url="http://127.0.0.1:9/none")
    with pytest.raises(OutputError, match="cannot sign"):
        sign_file(plain, tmp_path / "out.mp4", claim=claim, credential=own)
    assert not (tmp_path / "out.mp4").exists()


def test_nothing_is_signed_without_consent(dub, tmp_path):
    plain, claim = dub()
    with pytest.raises(ConsentError):
        sign_file(plain, tmp_path / "out.mp4", claim=replace(claim, consents=()))
    assert not (tmp_path / "out.mp4").exists()


def test_a_name_that_cannot_be_signed_is_refused(dub, tmp_path):
    plain, claim = dub()
    with pytest.raises(InputError, match=r"out\.txt.*\.mp4"):
        sign_file(plain, tmp_path / "out.txt", claim=claim)


def test_a_failure_leaves_nothing_behind(dub, tmp_path):
    _, claim = dub()
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no film")
    before = sorted(p.name for p in tmp_path.iterdir())
    with pytest.raises(OutputError, match="cannot sign"):
        sign_file(broken, tmp_path / "out.mp4", claim=claim)
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_a_manifest_of_any_shape_is_read(dub, tmp_path, monkeypatch):
    plain, claim = dub()
    written = manifest(claim, mime_type="video/mp4", engine="perth")
    written["title"] = "\x1b[2J"
    written["claim_generator_info"] = [{"name": "\x1b[31mred", "version": "1"}]
    written["assertions"] = [
        written["assertions"][0] | {"data": {"actions": written["assertions"][0]["data"]["actions"][:1]}},
        {"label": "avsynth.consent", "data": [1, 2]},
        {"label": "avsynth.speech", "data": "Spanish"},
        {"label": "avsynth.consent", "data": {"consents": {"id": 1}}},
    ]
    monkeypatch.setattr("avsynth.provenance.sign.manifest", lambda *args, **kwargs: written)
    found = sign_file(plain, tmp_path / "out.mp4", claim=claim)
    assert found.valid
    assert found.actions == ("c2pa.opened",)
    assert (found.consents, found.language, found.lips_changed) == ((), "", False)
    assert found.generator == "?[31mred 1"


def test_files_without_a_manifest(film, tmp_path):
    note = tmp_path / "note.txt"
    note.write_text("hello")
    for path in (film("a.mp4"), film("b.mkv"), note):
        found = read_credentials(path)
        assert (found.found, found.valid) == (False, False)
    with pytest.raises(InputError, match="cannot read"):
        read_credentials(tmp_path / "absent.mp4")
