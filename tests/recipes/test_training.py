"""Every recipe that trains does so for seconds on a few clips of its corpus: it runs, learns, resumes and exports."""

from __future__ import annotations

import importlib.util
import inspect
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from safetensors.numpy import load_file

from avsynth.core.errors import ModelError
from avsynth.core.files import sha256
from avsynth.models.card import Card, cards, read_card
from avsynth.models.hub import obtain, verify
from avsynth.training.log import read_log

REPOSITORY = Path(__file__).parents[2]
RECIPES = sorted(path.parent.parent for path in (REPOSITORY / "recipes").glob("*/*/hparams/toy.yaml"))
# What is taken of each folder of the media: places in the sorted names.
FEW = {"talking/grid": (1, 2), "talking/grid_s1/video": (0, 1, 2), "speech/librispeech_train": (0, 1, 2, 3)}


def few_media(target: Path) -> bool:
    """Link a few files of each corpus into a folder laid out like the whole; False where there is none."""
    media = Path(os.environ.get("AVSYNTH_TEST_MEDIA") or REPOSITORY.parent / "shared" / "media")
    for name, places in FEW.items():
        files = sorted(path for path in (media / name).rglob("*") if path.is_file())
        for place in places:
            if place < len(files):
                link = target / files[place].relative_to(media)
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(files[place])
    for extra in ("talking/grid_s1/align", "speech/transcripts_asr.tsv"):
        if (media / extra).exists():
            (target / extra).parent.mkdir(parents=True, exist_ok=True)
            (target / extra).symlink_to(media / extra)
    return any(target.rglob("*.*"))


def script(recipe: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{recipe.parent.name}_{recipe.name}_{name}", recipe / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def train(recipe: Path, manifest: Path, output: Path, *, hparams: Path | None = None) -> None:
    settings = hparams or recipe / "hparams" / "toy.yaml"
    arguments = [str(settings), "--manifest", str(manifest), "--output", str(output), "--threads", "1"]
    main = script(recipe, "train").main
    done = main(arguments=arguments) if "arguments" in inspect.signature(main).parameters else main(arguments)
    assert not done


@pytest.fixture(scope="module", params=RECIPES, ids=lambda path: "-".join(path.parts[-2:]))
def recipe(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


@pytest.fixture(scope="module")
def manifest(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("recipe")
    if not few_media(folder / "media"):
        pytest.skip("no corpora: set AVSYNTH_TEST_MEDIA")
    path = folder / "manifest.json"
    try:
        assert not script(recipe, "prepare").main([str(folder / "media"), "-o", str(path)])
    except ModelError as error:
        pytest.skip(f"needs weights: {error}")
    yield path
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def trained(recipe: Path, manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("trained")
    train(recipe, manifest, output)
    return output


def test_the_manifest_names_its_files_and_license(manifest: Path) -> None:
    plain = json.loads(manifest.read_text(encoding="utf-8"))
    assert plain["licence"]
    assert plain["items"]
    assert not any(Path(file["path"]).is_absolute() for item in plain["items"] for file in item["files"].values())


def test_the_loss_falls(trained: Path) -> None:
    if not (trained / "log.csv").exists():
        pytest.skip("fitted in closed form: there is no loss to fall")
    rows = read_log(trained / "log.csv")
    assert rows[-1]["total"] < rows[0]["total"]


def test_what_is_exported_is_what_is_said_of_it(trained: Path) -> None:
    exported = sorted(trained.glob("*.safetensors"))
    assert exported
    for weights in exported:
        assert load_file(weights)
        facts = weights.with_suffix(".json")
        if facts.exists():
            told = json.loads(facts.read_text(encoding="utf-8"))
            assert (told["sha256"], told["bytes"]) == (sha256(weights), weights.stat().st_size)
            continue
        card = placed_card(weights.with_suffix(".toml"))
        assert card.source.file == weights.name
        assert (card.sha256, card.bytes) == (sha256(weights), weights.stat().st_size)


def placed_card(path: Path) -> Card:
    """A card's name is its place, so it is read from where it will lie."""
    task = path.read_text(encoding="utf-8").partition('name = "')[2].partition("/")[0]
    place = path.parent / task / path.name
    place.parent.mkdir(exist_ok=True)
    shutil.copy(path, place)
    return read_card(place)


def test_its_weights_are_shipped_with_a_card_that_names_it(recipe: Path, trained: Path) -> None:
    for weights in trained.glob("*.safetensors"):
        (card,) = (card for card in cards() if card.source.filename == weights.name)
        assert card.recipe.startswith("/".join(recipe.parts[-3:]))
        assert verify(card)
        shipped = load_file(obtain(card))
        assert shipped.keys() == load_file(weights).keys()


def test_the_same_seed_gives_the_same_weights_broken_or_not(
    recipe: Path, manifest: Path, trained: Path, tmp_path: Path
) -> None:
    toy = (recipe / "hparams" / "toy.yaml").read_text(encoding="utf-8")
    steps = [line for line in toy.splitlines() if line.strip().startswith("steps:")]
    if steps:  # first a run of half the steps, then on from its checkpoint
        (line,) = steps
        half = line.replace(line.split(":")[1], f" {int(line.split(':')[1]) // 2}")
        short = tmp_path / "short.yaml"
        short.write_text(toy.replace(line, half), encoding="utf-8")
        train(recipe, manifest, tmp_path / "again", hparams=short)
    train(recipe, manifest, tmp_path / "again")
    names = [path.name for path in sorted(trained.glob("*.safetensors"))]
    assert names
    for name in names:
        first, second = load_file(trained / name), load_file(tmp_path / "again" / name)
        assert first.keys() == second.keys()
        assert all((first[key] == second[key]).all() for key in first)
