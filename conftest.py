"""What is not collected: modules of extras that are not installed."""

from importlib.util import find_spec

_NEEDS = {
    "ray": "avsynth/pipeline/backends/ray.py",
    "pocketsphinx": "avsynth/metrics/backends/sphinx.py",
    "faster_whisper": "avsynth/metrics/backends/whisper.py",
    "hibari": "avsynth/voice/backends/base_hibari.py",
    "piper": "avsynth/voice/backends/base_piper.py",
    "py_nanotts": "avsynth/voice/backends/base_nanotts.py",
    "chatterbox": "avsynth/voice/backends/chatterbox.py",
    "omnivoice": "avsynth/voice/backends/omnivoice.py",
    "pocket_tts": "avsynth/voice/backends/pocket.py",
    "TTS": "avsynth/voice/backends/xtts.py",
}
collect_ignore = [path for package, path in _NEEDS.items() if not find_spec(package)]
