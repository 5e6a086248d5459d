"""What `import judgekit` offers, and what it costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import judgekit


@pytest.mark.parametrize("name", judgekit.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(judgekit, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'verfy'"):
        _ = judgekit.verfy


def test_verify_reads_as_in_the_readme() -> None:
    grade = judgekit.verify(r"\frac{1}{2}", r"So the answer is \boxed{0.5}.")
    assert (grade.outcome, grade.stage) == ("correct", "exact")


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("judgekit", {"pandas", "numpy", "sympy", "torch", "typer", "rich", "openai"}),
        ("judgekit.verifier", {"sympy", "mpmath", "numpy", "torch", "typer", "asyncio", "socket"}),
        ("judgekit.loops", {"torch", "numpy", "typer", "socket"}),
        ("judgekit.records", {"torch", "numpy", "typer", "socket", "asyncio"}),
        ("judgekit.analysis", {"torch", "typer", "openai"}),
        ("judgekit.generate", {"torch", "transformers", "openai", "sympy", "typer"}),
        ("judgekit.rewards", {"torch", "trl", "typer", "openai"}),
    ],
)
def test_importing_a_room_brings_nothing_heavy(module: str, forbidden: set[str]) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not forbidden & set(done.stdout.split())


def test_imports_go_down_the_house_only() -> None:
    """The order of CONTRIBUTING.md, kept by reading every import of every module."""
    import ast
    from pathlib import Path

    order = [
        {"cli", "__main__"},
        {"doctor", "report"},
        {"audit"},
        {"train"},
        {"generate", "grade"},
        {"strategies"},
        {"cascade"},
        {"judges"},
        {"analysis"},
        {"rewards"},
        {"verifier"},
        {"benchmark"},
        {"formats"},
        {"backends"},
        {"loops"},
        {"prompt", "runs"},
        {"assets", "frames", "lines"},
        {"config", "plugins"},
        {"records", "rows"},
        {"errors", "texts", "version"},
    ]
    # The package itself re-exports from everywhere, so no room may import from it.
    level = {room: depth for depth, rooms in enumerate(order) for room in rooms}
    package = Path(judgekit.__file__).parent
    upward = []
    for file in package.rglob("*.py"):
        room = file.relative_to(package).parts[0].removesuffix(".py")
        if room == "__init__":
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            names = (
                [f"{node.module}.{alias.name}" for alias in node.names]
                if isinstance(node, ast.ImportFrom) and node.module
                else [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else []
            )
            for name in names:
                parts = name.split(".")
                if name == "judgekit" or name == "judgekit.__version__":
                    upward.append(f"{file.relative_to(package)} imports {name}")
                if parts[0] != "judgekit" or len(parts) < 2 or parts[1] not in level:
                    continue
                if level[parts[1]] < level[room]:
                    upward.append(f"{file.relative_to(package)} imports {name}")
    assert not upward
