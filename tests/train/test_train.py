"""Real trainings of a tiny model: every method moves weights, is recorded, resumes, and loads."""

from __future__ import annotations

import asyncio
import json
import math
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from judgekit.cli import run as judgekit
from judgekit.errors import ConfigError, EnvironmentFault, RunMismatch, UserError
from judgekit.report.training import hacked, page, sweep_report, training_report
from judgekit.train import sweep, train, trainers
from judgekit.train.folder import Training, held_back
from judgekit.train.recipe import METHODS, load, names

DATA = Path(__file__).parent / "data"
TINY = {
    "max_steps": "4",
    "learning_rate": "5e-3",
    "lr_scheduler_type": "constant",
    "warmup_steps": "0",
    "per_device_train_batch_size": "4",
    "gradient_accumulation_steps": "1",
    "save_steps": "2",
}
SAMPLED = {
    **TINY,
    "num_generations": "4",
    "max_completion_length": "12",
    "held_back": "2",
    "eval_steps": "2",
}
LETTERS = """
def letters(prompts, completions, **columns):
    texts = [completion[0]["content"] for completion in completions]
    return [sum(c.isalpha() and c.isascii() for c in text) / 12 for text in texts]
"""


def job(method: str, model: Path, settings: dict[str, str], recipe: str | None = None) -> Any:
    rows = {"sft": "traces.jsonl", "dpo": "pairs.jsonl"}.get(method, "sums.jsonl")
    return train.plan(train.Job(load(method, recipe, settings), str(DATA / rows), str(model)))


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return dict(load_file(folder / "model.safetensors"))


def moved(one: Path, other: Path) -> float:
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    return max(float((first[name] - second[name]).abs().max()) for name in first)


def test_sft_with_lora_learns_and_its_merged_folder_generates(
    tiny_model: Path, tmp_path: Path
) -> None:
    from judgekit import generate
    from judgekit.config import ModelConfig

    steps: list[int] = []
    plan = job("sft", tiny_model, {**TINY, "lora.r": "4", "max_steps": "8"})
    found = train.train(plan, tmp_path / "out", lambda progress: steps.append(progress.step))
    assert found.finished
    assert not found.left_out
    losses = [row["loss"] for row in found.training.curves]
    assert len(losses) == 8
    assert losses[-1] < losses[0] - 0.01
    assert steps[-1] == 8
    assert moved(tiny_model, tmp_path / "out") > 1e-4
    assert (tmp_path / "out" / "adapter" / "adapter_model.safetensors").is_file()
    assert not list((tmp_path / "out").rglob("*.bin"))  # nothing pickled is left
    assert not (tmp_path / "out" / "checkpoints").exists()
    generation = generate.Job(ModelConfig(str(tmp_path / "out")), limit=2, max_tokens=4)
    _, progress = asyncio.run(generate.generate(generate.plan(generation), tmp_path / "run"))
    assert (progress.done, progress.failed) == (2, 0)
    # The same command again has nothing to do, and another one is refused.
    assert train.train(plan, tmp_path / "out").finished
    with pytest.raises(RunMismatch, match="holds another training"):
        train.train(job("sft", tiny_model, {**TINY, "lora.r": "2"}), tmp_path / "out")


def test_what_made_it_is_written_down(tiny_model: Path, tmp_path: Path) -> None:
    plan = job("sft", tiny_model, {**TINY, "max_steps": "1"}, "small")
    found = train.train(plan, tmp_path / "out").training
    assert found.config["data_hash"] == plan.rows.hash
    assert (found.config["seed"], found.config["tags"]) == (0, "think")
    assert found.config["settings"]["trainer"]["learning_rate"] == 5e-3
    assert {"torch", "transformers", "trl", "peft"} <= set(found.manifest["versions"])
    assert found.manifest["git"]
    assert found.done is not None
    assert found.done["steps"] == 1


def test_qlora_trains_on_four_bits_and_is_merged_in_full(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("bitsandbytes")
    lora = load("sft", "s1-qlora").lora
    assert lora is not None
    assert trainers.quantization(lora) is None  # no GPU here
    monkeypatch.setattr(trainers, "quantization", lambda lora: trainers.four_bit())
    plan = job("sft", tiny_model, {**TINY, "lora.r": "4", "max_steps": "3"}, "s1-qlora")
    found = train.train(plan, tmp_path / "out")
    losses = [row["loss"] for row in found.training.curves]
    assert losses[-1] < losses[0]
    merged = weights(tmp_path / "out")
    assert {str(tensor.dtype) for tensor in merged.values()} == {"torch.float32"}
    assert 1e-5 < moved(tiny_model, tmp_path / "out") < 0.2


def test_dpo_comes_to_prefer_the_chosen(tiny_model: Path, tmp_path: Path) -> None:
    plan = job("dpo", tiny_model, {**TINY, "learning_rate": "1e-3", "max_steps": "6"})
    rows = train.train(plan, tmp_path / "out").training.curves
    assert rows[0]["loss"] == pytest.approx(math.log(2), abs=1e-3)
    assert rows[-1]["loss"] < 0.6
    assert rows[-1]["rewards/chosen"] > rows[-1]["rewards/rejected"]
    assert moved(tiny_model, tmp_path / "out") > 1e-4


@pytest.mark.parametrize(
    ("method", "extra"),
    [
        ("grpo", {"lora.r": "4"}),
        ("rloo", {"advantages": "leave-one-out", "generation_batch_size": "8"}),
        ("rloo", {"advantages": "whitened", "generation_batch_size": "8"}),
        ("rloo", {"advantages": "per-prompt", "generation_batch_size": "8"}),
    ],
)
def test_rewards_move_the_model_and_are_logged_apart(
    method: str, extra: dict[str, str], tiny_model: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text(LETTERS)
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        f'[rewards."{mine}:letters"]\nweight = 2.0\n[rewards.correctness]\n[rewards.soft_format]\n'
    )
    plan = job(method, tiny_model, {**SAMPLED, **extra}, str(recipe))
    found = train.train(plan, tmp_path / "out").training
    learnt = [row for row in found.curves if not held_back(row)]
    watched = [row for row in found.curves if held_back(row)]
    assert [row["step"] for row in watched] == [0, 2, 4]
    assert all(math.isfinite(row["loss"]) for row in learnt)
    sampled = [row for row in learnt if "reward" in row]  # a batch may serve several steps
    for row in sampled:
        assert row["rewards/correctness/mean"] == 0.0
        assert row["rewards/soft_format/mean"] == 0.0
        if extra.get("advantages") != "per-prompt":
            letters = row[f"rewards/{mine}:letters/mean"]
            assert row["reward"] == pytest.approx(2 * letters, abs=1e-5)
    assert any(row["reward_std"] > 0 for row in sampled)
    assert len({row["loss"] for row in learnt}) > 1
    assert {"eval_reward", "eval_rewards/graded_accuracy/mean"} <= set(watched[0])
    assert moved(tiny_model, tmp_path / "out") > 1e-4


def test_an_interrupted_training_goes_on_to_the_same_weights(
    tiny_model: Path, tmp_path: Path
) -> None:
    plan = job("sft", tiny_model, {**TINY, "save_steps": "100"}, "small")
    whole = train.train(plan, tmp_path / "whole")
    assert whole.finished

    def interrupt(progress: Any) -> None:
        if progress.step == 2 and signal.getsignal(signal.SIGINT) is not before:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    cut = train.train(plan, tmp_path / "cut", interrupt)
    assert not cut.finished
    assert cut.training.done is None
    assert signal.getsignal(signal.SIGINT) is before
    checkpoint = cut.training.newest_checkpoint()
    assert checkpoint is not None
    assert checkpoint.name == "checkpoint-2"
    # A checkpoint that was not written whole does not count.
    (tmp_path / "cut" / "checkpoints" / "checkpoint-3").mkdir()
    steps: list[int] = []
    assert train.train(plan, tmp_path / "cut", lambda at: steps.append(at.step)).finished
    assert steps[0] == 2
    assert [row["step"] for row in cut.training.curves] == [1, 2, 3, 4]
    assert moved(tmp_path / "whole", tmp_path / "cut") == 0.0


def test_a_sweep_trains_generates_grades_and_tells(tiny_model: Path, tmp_path: Path) -> None:
    base = {**TINY, "max_steps": "2", "evaluation.limit": "3", "evaluation.max_tokens": "6"}
    key, values = sweep.parse("learning_rate=1e-3,1e-4")
    settings = [
        sweep.Setting(key, value, job("sft", tiny_model, {**base, key: value}, "small"))
        for value in values
    ]
    from contextlib import nullcontext

    said: list[str] = []
    points = list(
        sweep.sweep(
            settings,
            tmp_path / "sweep",
            say=said.append,
            training=lambda: nullcontext(lambda _: None),
            generating=lambda: nullcontext(lambda _: None),
        )
    )
    assert [point.value for point in points] == ["untrained", "1e-3", "1e-4"]
    assert all(len(point.run.grades) == 3 for point in points)
    (table,) = sweep_report(key, points).tables
    heads = [column.key for column in table.columns]
    assert heads[:1] + heads[3:7] == ["learning_rate", "looped", "tokens", "format", "accuracy"]
    assert [row[1].value for row in table.rows] == [None, 2, 2]
    rates = [
        point.training.config["settings"]["trainer"]["learning_rate"]
        for point in points[1:]
        if point.training
    ]
    assert rates == [1e-3, 1e-4]
    with pytest.raises(UserError, match="two or more values"):
        sweep.parse("learning_rate=1e-3")
    # The command finds all of it done, and writes a page of each training.
    arguments = [f"-o{key}={value}" for key, value in base.items()]
    arguments += ["--recipe", "small", "--sweep", "learning_rate=1e-3,1e-4", "--quiet"]
    arguments += ["--model", str(tiny_model), "--out", str(tmp_path / "sweep")]
    assert judgekit(["train", "sft", str(DATA / "traces.jsonl"), *arguments]) == 0
    assert len(list(tmp_path.glob("sweep/learning_rate=*/report.html"))) == 2


def test_the_command_trains_tells_and_makes_a_page(
    tiny_model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    long = tmp_path / "data.jsonl"
    row = {"question": "What is 2 + 2?", "trace": "2 + 2 = 4.", "answer": "4"}
    long.write_text("".join(json.dumps({**row, "trace": t}) + "\n" for t in ("a", "b" * 5000)))
    out = tmp_path / "<b>out"
    options = [f"-o{key}={value}" for key, value in {**TINY, "max_steps": "1"}.items()]
    arguments = ["train", "sft", str(long), "--model", str(tiny_model), "--out", str(out)]
    assert judgekit([*arguments, *options]) == 5
    told = capfd.readouterr()
    assert "1 rows left out: row 2:" in told.err
    assert told.err.endswith(" --strategy reasoning\n")
    assert judgekit([*arguments, *options, "--quiet"]) == 5  # finished before, and as incomplete
    assert "token accuracy" in told.out
    html = (out / "report.html").read_text()
    assert "&lt;b&gt;out" in html
    assert "<b>out" not in html
    assert set(re.findall(r"http[^\"'\s]*", html)) <= {"http-equiv=", "http://www.w3.org/2000/svg"}


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["sft"], 2, "which data?"),
        (["ppo", "x.jsonl"], 2, "unknown method 'ppo'"),
        (["sft", "missing.jsonl"], 2, "no such file"),
        (["sft", str(DATA / "sums.jsonl")], 2, "no column trace, answer"),
        (["grpo", str(DATA / "sums.jsonl"), "-o", "num_generations=3"], 2, "no whole groups"),
        (["sft", str(DATA / "traces.jsonl"), "--model", "./none"], 2, "no such model folder"),
    ],
)
def test_bad_input_is_one_line(
    arguments: list[str], code: int, line: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert judgekit(["train", *arguments]) == code
    told = capfd.readouterr().err
    assert line in " ".join(told.split())
    assert "Traceback" not in told


def test_models_that_cannot_be_trained(tiny_model: Path, tmp_path: Path) -> None:
    import shutil

    bare = tmp_path / "bare"
    shutil.copytree(tiny_model, bare)
    (bare / "chat_template.jinja").unlink()
    with pytest.raises(UserError, match="has no chat template"):
        train.train(job("sft", bare, TINY), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    unknown = job("sft", tiny_model, {**TINY, "learnin_rate": "1"})
    with pytest.raises(UserError, match=r"did you mean learning_rate"):
        train.train(unknown, tmp_path / "other")


@pytest.mark.parametrize(("method", "name"), [(m, n) for m in METHODS for n in names(m)])
def test_trl_takes_the_options_of_every_shipped_recipe(
    method: str, name: str, tmp_path: Path
) -> None:
    pytest.importorskip("trl")
    trainers.arguments(load(method, name), tmp_path, trainers.Rows([]))


@pytest.mark.parametrize(
    ("option", "value", "line"),
    [
        ("learning_rate", "1.e-4", "learning_rate should be a number, is '1.e-4'"),
        ("use_vllm", "True", "use_vllm should be true or false, is 'True'"),
        ("max_steps", "2.5", "max_steps should be a whole number, is 2.5"),
        ("num_generations", "four", "num_generations should be a whole number from 1"),
        ("max_completion_length", "0", "max_completion_length should be a whole number from 1"),
        ("lr_scheduler_type", "sine", "TRL refuses the options of recipe efficient"),
    ],
)
def test_a_value_that_trl_cannot_take_is_refused_and_the_folder_stays_free(
    option: str, value: str, line: str, tiny_model: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=line):
        train.train(job("rloo", tiny_model, {**SAMPLED, option: value}), tmp_path / "out")
    assert not (tmp_path / "out" / "train.toml").exists()


def test_a_checkpoint_that_was_taught_other_tags_is_refused(tmp_path: Path) -> None:
    Training(tmp_path).start({"tags": "reasoning"})
    with pytest.raises(UserError, match="trained with tags = 'reasoning'"):
        job("sft", tmp_path, TINY)


def test_memory_that_does_not_suffice_is_one_line(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    def full(*_: Any, **__: Any) -> Any:
        torch.empty(1 << 60, dtype=torch.uint8)  # the allocator's own refusal

    monkeypatch.setattr(trainers, "make", full)
    with pytest.raises(EnvironmentFault, match="memory does not suffice") as fault:
        train.train(job("sft", tiny_model, TINY), tmp_path / "out")
    assert "per_device_train_batch_size=1" in str(fault.value)


def test_the_trained_model_is_asked_as_in_training() -> None:
    assert sweep.asked(load("sft")) == ("reasoning", {})
    assert sweep.asked(load("grpo")) == ("reasoning", {"prompt": "xml"})
    assert sweep.asked(load("rloo")) == ("cot", {})


def test_several_gpus_get_the_command_for_them(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    import torch

    from judgekit.train.launch import check_devices, commands

    options = {"use_vllm": "true", "vllm_mode": "server"}
    typed = ["grpo", "my data.jsonl", "-o", "use_vllm=true"]
    server, trainer = commands(typed, load("grpo", settings=options), "org/model", 4)
    assert server.startswith("VLLM_SERVER_DEV_MODE=1 vllm serve org/model --weight-transfer-config")
    assert trainer == (
        "accelerate launch --num_processes 4 -m judgekit train grpo 'my data.jsonl' "
        "-o use_vllm=true"
    )
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    with pytest.raises(UserError, match="4 GPUs are visible") as fault:
        check_devices(typed, load("grpo"), "org/model")
    assert trainer in str(fault.value)
    monkeypatch.setenv("WORLD_SIZE", "4")
    check_devices(typed, load("grpo"), "org/model")


def test_a_reward_without_accuracy_is_called_what_it_is() -> None:
    def rows(*pairs: tuple[float, float]) -> list[dict[str, Any]]:
        return [
            {"step": k, "reward": reward, "rewards/graded_accuracy/mean": accuracy}
            for k, (reward, accuracy) in enumerate(pairs)
        ]

    assert hacked(rows((0.1, 0.5))) is None
    assert "Reward hacking?" in str(hacked(rows((0.1, 0.5), (0.9, 0.2))))
    assert "other means" in str(hacked(rows((0.1, 0.5), (0.9, 0.5))))
    assert "hacking" not in str(hacked(rows((0.1, 0.5), (0.9, 0.8))))


def test_the_page_shows_reward_against_accuracy(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    training = Training(tmp_path)
    training.start(
        {
            "method": "rloo",
            "model": "m",
            "recipe": "r",
            "data": "d",
            "data_hash": "0",
            "rows": 1,
            "seed": 0,
            "tags": "think",
            "prompt": "reasoning",
        }
    )
    lines = [
        {"step": k, "eval_reward": k / 10, "eval_rewards/graded_accuracy/mean": 0.5 - k / 10}
        for k in range(4)
    ]
    (tmp_path / "curves.jsonl").write_text("".join(json.dumps(row) + "\n" for row in lines))
    (table,) = training_report(training).tables
    assert any("Reward hacking?" in note for note in table.notes)
    html = page(training)
    assert "Reward against graded accuracy" in html
    assert "graded accuracy: 0.5 to 0.2" in html
    assert judgekit(["report", str(tmp_path)]) == 0
    assert "Reward hacking?" in capfd.readouterr().out
    assert judgekit(["report", str(tmp_path), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["tables"][0]["name"] == "training"
