"""Rows: what each method needs, what is left out, and which ids they become."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from judgekit.errors import DataError, UserError
from judgekit.rewards import written
from judgekit.train import data, trainers
from judgekit.train.recipe import load

TRACE = {"question": "What is 2 + 2?", "trace": "2 + 2 = 4.", "answer": "4"}


def file(folder: Path, *rows: Any, name: str = "data.jsonl") -> str:
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_a_missing_column_is_named_with_what_there_is(tmp_path: Path) -> None:
    path = file(tmp_path, {"problem": "2 + 2?", "gold": "4"})
    with pytest.raises(DataError, match="no column question; it has problem, gold") as fault:
        data.read(load("grpo"), path)
    assert "-o columns.question=NAME" in str(fault.value)
    found = data.read(load("grpo", settings={"columns.question": "problem"}), path)
    assert found.rows[0]["question"] == "2 + 2?"


def test_empty_cells_are_left_out_and_counted(tmp_path: Path) -> None:
    path = file(tmp_path, TRACE, {**TRACE, "trace": " "}, {**TRACE, "answer": None})
    found = data.read(load("sft"), path)
    assert len(found.rows) == 1
    assert [tuple(each) for each in found.left_out] == [
        (2, "trace is empty"),
        (3, "answer is missing"),
    ]
    with pytest.raises(DataError, match="no row can be trained on; row 1: trace is empty"):
        data.read(load("sft"), file(tmp_path, {**TRACE, "trace": ""}))


def test_pairs_in_the_other_tags_are_refused(tmp_path: Path) -> None:
    pair = {
        "question": "2 + 2?",
        "chosen": written("2 + 2 = 4.", "4", "reasoning"),
        "rejected": written("2 + 2 = 5.", "5", "reasoning"),
    }
    path = file(tmp_path, pair)
    with pytest.raises(DataError, match="written with tags = 'reasoning', this recipe has 'think'"):
        data.read(load("dpo"), path)
    assert data.read(load("dpo", settings={"tags": "reasoning"}), path).rows
    plain = {**pair, "chosen": "It is 4.", "rejected": "It is 5."}
    assert data.read(load("dpo"), file(tmp_path, pair, plain)).rows


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no rows"):
        data.read(load("sft"), file(tmp_path))
    with pytest.raises(DataError, match="no such file"):
        data.read(load("sft"), str(tmp_path / "nothing.jsonl"))


def test_the_hash_is_of_the_rows(tmp_path: Path) -> None:
    one = data.read(load("sft"), file(tmp_path, TRACE))
    same = data.read(load("sft"), file(tmp_path, TRACE, name="copy.jsonl"))
    other = data.read(load("sft"), file(tmp_path, {**TRACE, "answer": "5"}))
    assert one.hash == same.hash != other.hash


def test_benchmarks_are_problems_to_learn_from() -> None:
    found = data.read(load("grpo"), "starter")
    assert {"question", "gold", "kind", "choices"} <= set(found.rows[0])
    with pytest.raises(DataError):
        data.read(load("sft"), "starter")


def test_held_back_rows_are_drawn_by_the_seed_and_kept_out() -> None:
    rows = [{"question": str(i)} for i in range(20)]
    recipe = load("grpo", settings={"held_back": "5"})
    split = trainers.split(recipe, rows)
    assert (len(split.train), len(split.held_back)) == (15, 5)
    assert not {id(row) for row in split.train} & {id(row) for row in split.held_back}
    assert split == trainers.split(recipe, rows)
    with pytest.raises(UserError, match="leaves nothing of 20 rows"):
        trainers.split(load("grpo"), rows)


def test_batches_that_tear_groups_apart_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    trainers.check_batches(load("rloo"))
    sizes = {"per_device_train_batch_size": "3", "gradient_accumulation_steps": "2"}
    with pytest.raises(UserError, match=r"6 replies .* groups of 8"):
        trainers.check_batches(load("grpo", settings=sizes))
    # 256 replies over 64 processes are half a group each.
    monkeypatch.setenv("WORLD_SIZE", "64")
    with pytest.raises(UserError, match="4 replies a process"):
        trainers.check_batches(load("rloo"))


def test_an_evaluation_batch_holds_whole_groups() -> None:
    small = {"per_device_train_batch_size": "1", "gradient_accumulation_steps": "8"}
    recipe = load("grpo", settings=small)
    trainers.check_batches(recipe)
    assert trainers._evaluated_at_once(recipe) == 8
    assert trainers._evaluated_at_once(load("dpo")) == 1


def test_a_pair_of_equal_replies_teaches_nothing(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    rows = [
        {"question": "2?", "chosen": "a", "rejected": "a"},
        {"question": "2?", "chosen": "a", "rejected": "b"},
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    found = data.read(load("dpo"), str(path))
    assert len(found.rows) == 1
    assert found.left_out[0].reason == "chosen and rejected are the same"


class TestIds:
    """What is trained on is what `judgekit generate` puts before the model."""

    @pytest.fixture
    def tokenizer(self, tiny_model: Path) -> Any:
        from judgekit.backends.transformers.loading import load_tokenizer

        return load_tokenizer(str(tiny_model))

    def test_loss_is_on_the_reply_and_its_end_alone(self, tokenizer: Any) -> None:
        from judgekit.prompt import load_prompt, messages
        from judgekit.train.encode import encode

        recipe = load("sft")
        (row,) = encode(tokenizer, recipe, [TRACE], None).rows
        chat = messages(load_prompt("reasoning"), data.problem(TRACE))
        asked = tokenizer.encode(tokenizer.render(chat))
        assert row["input_ids"][: len(asked)] == asked
        learnt = [
            id_ for id_, mask in zip(row["input_ids"], row["completion_mask"], strict=True) if mask
        ]
        reply = "<think>\n2 + 2 = 4.\n</think>\n<answer>\n4\n</answer>\n<|im_end|>"
        assert tokenizer.decode(learnt) == reply
        assert learnt[-1] == tokenizer.inner.eos_token_id

    def test_a_template_that_opens_the_thinking_is_not_opened_again(self, tokenizer: Any) -> None:
        from judgekit.train.encode import encode

        tokenizer.inner.chat_template += "{% if add_generation_prompt %}<think>\n{% endif %}"
        (row,) = encode(tokenizer, load("sft"), [TRACE], None).rows
        text = tokenizer.decode(row["input_ids"])
        assert text.endswith(
            "<|im_start|>assistant\n<think>\n2 + 2 = 4.\n</think>\n<answer>\n4\n"
            "</answer>\n<|im_end|>"
        )
        pair = {**TRACE, "chosen": "<think>\na\n</think>b", "rejected": "<think>\nc\n</think>d"}
        (row,) = encode(tokenizer, load("dpo"), [pair], None).rows
        assert tokenizer.decode(row["chosen_ids"]) == "a\n</think>b<|im_end|>"

    def test_rows_longer_than_the_context_are_left_out_and_counted(self, tokenizer: Any) -> None:
        from judgekit.train.encode import encode

        rows = [TRACE, {**TRACE, "trace": "2 + 2 = 4. " * 200}]
        found = encode(tokenizer, load("sft"), rows, 1024)
        assert len(found.rows) == 1
        (left,) = found.left_out
        assert left.number == 2
        assert "more than the 1,024 that fit" in left.reason
        with pytest.raises(DataError, match="every row is too long"):
            encode(tokenizer, load("sft"), rows[1:], 1024)
        with pytest.raises(DataError, match="max_completion_length"):
            encode(tokenizer, load("rloo"), [{**TRACE, "gold": "4"}], 1024)

    def test_a_template_without_system_messages_gets_them_with_the_question(
        self, tokenizer: Any
    ) -> None:
        from judgekit.train.encode import encode

        refusing = "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}"
        tokenizer.inner.chat_template = refusing + tokenizer.inner.chat_template
        (row,) = encode(tokenizer, load("grpo", "r1"), [{**TRACE, "gold": "4"}], None).rows
        assert [message["role"] for message in row["prompt"]] == ["user"]
        assert row["solution"] == "4"
