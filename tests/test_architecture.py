"""The package keeps the shape that ARCHITECTURE.md promises."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "avsynth"
LAYERS = [  # top to bottom; a room may import only itself and lower layers
    {"__main__"},
    {"cli"},
    {"cli_consent", "cli_models", "cli_voice"},
    {"terminal", "pipeline", "training"},
    {"metrics"},
    {"lipsync"},
    {"face", "voice", "provenance"},
    {"media", "audio", "text", "models"},
    {"core"},
]
LEVEL = {room: depth for depth, layer in enumerate(LAYERS) for room in layer}
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = {"torch", "torchaudio", "librosa", "speechbrain", "face_alignment", "moviepy", "onnxruntime", "perth"}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "tools", "manager"}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: use absolute imports"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def top_level_imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            names.add(str(node.module).split(".")[0])
        elif isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
    return names


def each(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=[str(p.relative_to(PACKAGE)) for p in paths])


@each(MODULES)
def test_imports_point_downward(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":
        return
    others = {name.split(".")[1] for name in imported(path) if name.startswith("avsynth.")} - {room}
    for other in others & LEVEL.keys():
        assert LEVEL[room] < LEVEL[other], f"{room} must not import {other}"


@each(MODULES)
def test_modules_are_small_and_say_what_they_are(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    assert ast.get_docstring(ast.parse(text)), f"{path} has no module docstring"
    assert path.stem not in FORBIDDEN_NAMES


@each(MODULES)
def test_functions_are_short_and_take_one_positional_subject(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            body = node.body
            start = body[1].lineno if ast.get_docstring(node) and len(body) > 1 else node.lineno
            length = (node.end_lineno or node.lineno) - start + 1
            assert length <= 50, f"{path}:{node.lineno} {node.name} has {length} lines"


@each([p for p in MODULES if "backends" not in p.parts and room_of(p) != "models"])
def test_heavy_packages_are_not_imported_on_import(path: Path) -> None:
    assert not top_level_imports(path) & HEAVY


def test_every_room_is_known() -> None:
    assert {room_of(p) for p in MODULES} <= LEVEL.keys() | {"__init__"}


def test_no_import_cycles() -> None:
    modules = {module_name(p): p for p in MODULES}
    graph = {
        name: {
            target
            for item in imported(path)
            for target in (item, item.rpartition(".")[0])
            if target in modules and target != name
        }
        for name, path in modules.items()
        if path.name != "__init__.py"
    }
    state: dict[str, int] = {}

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert state.get(name) != 1, f"cycle: {' -> '.join((*trail, name))}"
        if state.get(name) == 2:
            return
        state[name] = 1
        for other in graph.get(name, ()):
            visit(other, (*trail, name))
        state[name] = 2

    for name in graph:
        visit(name, ())
