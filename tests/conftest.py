"""What every test may ask for: clips, consents, a home of its own; and no logged error goes unseen."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import settings

from avsynth.core.consent import Consent, VerifiedConsent, today

settings.register_profile("house", deadline=None, derandomize=True)  # machines differ in speed; runs do not differ
settings.load_profile("house")
sys.path.insert(0, str(Path(__file__).parent))  # so that tests can `import synth`

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def no_logged_errors(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test in which anything logs an error; one that provokes it calls ``caplog.clear()``."""
    yield
    logged = [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert not logged, f"logged errors: {logged}"


@pytest.fixture(scope="session")
def media() -> Path:
    """The folder of real clips."""
    folder = Path(os.environ.get("AVSYNTH_TEST_MEDIA") or REPOSITORY.parent / "shared" / "media")
    if not folder.is_dir():
        pytest.skip(f"no real clips in {folder}; set AVSYNTH_TEST_MEDIA to their folder")
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty ``$AVSYNTH_HOME``, for tests that must not see or touch the user's."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("AVSYNTH_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def portrait() -> Path:
    """A picture with a real face, for ``synth.portrait_film``."""
    from avsynth.models.hub import obtain

    return obtain("picture/portrait")


@pytest.fixture
def consent_of() -> Callable[..., Consent]:
    """Makes a consent that holds today; any field can be replaced."""

    def make(speaker: str = "Ana", **changes: object) -> Consent:
        fields: dict[str, object] = {
            "id": f"consent-{speaker}",
            "speaker": speaker,
            "kinds": ("voice", "likeness"),
            "languages": ("any",),
            "project": "any",
            "granted_by": speaker,
            "basis": "a test",
            "issued": today() - timedelta(days=1),
            "expires": today() + timedelta(days=365),
        }
        return Consent(**{**fields, **changes})  # type: ignore[arg-type]

    return make


@pytest.fixture
def verified(consent_of: Callable[..., Consent]) -> Callable[..., VerifiedConsent]:
    """Makes a verified consent, as ``consent_of``."""
    return lambda speaker="Ana", **changes: VerifiedConsent(consent_of(speaker, **changes))
