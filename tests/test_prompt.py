"""Prompts: what a model sees, to the byte, and what a prompt file may not say."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.errors import ConfigError, DataError, UnknownName, UserError
from judgekit.prompt import Prompt, load_prompt, messages, prompt_hash, prompt_names
from judgekit.records import Problem

STRATEGIES = ("standard", "zero-shot", "cot", "cod", "reasoning")
SUM = Problem("1", "What is 2 + 3?", "5")
PICK = Problem("2", "Which number is even?", "B", "choice", ("3", "4"))

R1 = (
    "A conversation between User and Assistant. The user asks a question, and the Assistant solves "
    "it. The assistant first thinks about the reasoning process in the mind and then provides the "
    "user with the answer. The reasoning process and answer are enclosed within <think> </think> "
    "and <answer> </answer> tags, respectively, i.e., <think> reasoning process here </think> "
    "<answer> answer here </answer>."
)


def user(content: str) -> dict[str, str]:
    return {"role": "user", "content": content}


def system(content: str) -> dict[str, str]:
    return {"role": "system", "content": content}


def saved(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


class TestWhatTheModelSees:
    def test_zero_shot_is_the_bare_question(self) -> None:
        assert messages(load_prompt("zero-shot"), SUM) == [user("What is 2 + 3?")]
        assert messages(load_prompt("zero-shot"), PICK) == [
            user("Which number is even?\n\nA) 3\nB) 4")
        ]

    def test_cot(self) -> None:
        assert messages(load_prompt("cot"), SUM) == [
            user(
                "What is 2 + 3?\n\n"
                r"Please reason step by step, and put your final answer within \boxed{}."
            )
        ]
        assert messages(load_prompt("cot"), PICK) == [
            user(
                "Which number is even?\n\nA) 3\nB) 4\n\nPlease reason step by step, and put the "
                r"letter of the right option within \boxed{}."
            )
        ]

    def test_chain_of_draft_is_one_message_with_its_examples(self) -> None:
        assert messages(load_prompt("cod"), SUM, shots=1) == [
            user(
                "Think step by step, but only keep minimum draft for each thinking step, with 5 "
                "words at most.\nReturn the answer at the end of the response after a separator "
                "####.\n\nQ: A box holds 12 pencils. Nora buys 3 boxes and gives away 7 pencils. "
                "How many pencils does she keep?\nA: 3 * 12 = 36; 36 - 7 = 29. #### 29\n\n"
                "Q: What is 2 + 3?\nA: "
            )
        ]
        assert len(messages(load_prompt("cod"), SUM, shots=8)) == 1

    def test_r1_template_is_the_system_prompt(self) -> None:
        assert messages(load_prompt("reasoning"), SUM) == [system(R1), user("What is 2 + 3?")]
        assert messages(load_prompt("reasoning"), PICK) == [
            system(R1 + " The answer is the letter of the right option."),
            user("Which number is even?\n\nA) 3\nB) 4"),
        ]
        assert load_prompt("reasoning").tags == "think"

    def test_system_prompt_folded_into_the_first_turn(self) -> None:
        prompt = load_prompt("reasoning")
        assert messages(prompt, SUM, system=False) == [user(R1 + "\n\nWhat is 2 + 3?")]
        chat = messages(prompt, SUM, system=False, shots=1)
        assert [turn["role"] for turn in chat] == ["user", "assistant", "user"]
        assert chat[0]["content"].startswith(R1)
        assert chat[2] == user("What is 2 + 3?")

    def test_examples_are_turns_and_fit_the_kind_of_problem(self) -> None:
        chat = messages(load_prompt("cot"), PICK, shots=2)
        assert [turn["role"] for turn in chat] == ["user", "assistant"] * 2 + ["user"]
        assert "A) Venus\nB) Mars\nC) Mercury\nD) Earth" in chat[0]["content"]
        assert chat[1]["content"].endswith(r"\boxed{C}.")
        assert "A) " not in messages(load_prompt("cot"), SUM, shots=2)[0]["content"]

    @pytest.mark.parametrize("name", STRATEGIES)
    def test_options_stand_once_in_every_strategy(self, name: str) -> None:
        for shots in (0, 2):
            chat = messages(load_prompt(name), PICK, shots=shots)
            assert chat[-1]["content"].count("A) 3\nB) 4") == 1

    @given(st.text(), st.lists(st.text(), min_size=2, max_size=6))
    def test_whatever_is_put_in_is_never_read_as_a_template(
        self, question: str, choices: list[str]
    ) -> None:
        prompt = Prompt("p", "{question}|{choices}|{letters}")
        question = "{choices}{letters}{question}" + question
        problem = Problem("1", question, "A", "choice", tuple(choices))
        lines = "\n".join(f"{'ABCDEF'[i]}) {text}" for i, text in enumerate(choices))
        letters = ", ".join("ABCDEF"[: len(choices)])
        assert messages(prompt, problem) == [user(f"{question}|{lines}|{letters}")]


class TestTemplates:
    def test_other_braces_are_literal(self) -> None:
        prompt = Prompt("p", r"{question} \boxed{} \frac{1}{2} {x} {{y}} { question }")
        assert messages(prompt, SUM)[0]["content"] == (
            r"What is 2 + 3? \boxed{} \frac{1}{2} {x} {{y}} { question }"
        )

    def test_declared_variables(self, tmp_path: Path) -> None:
        path = saved(tmp_path, 'variables = ["gold"]\nuser = "{question} {gold} {response}"')
        prompt = load_prompt(path)
        assert messages(prompt, SUM, gold="{response}") == [
            user("What is 2 + 3? {response} {response}")
        ]
        with pytest.raises(UserError, match="prompt 'mine' needs gold"):
            messages(prompt, SUM)
        with pytest.raises(UserError, match=r"uses \{response\} without declaring it"):
            messages(prompt, SUM, gold="5", response="6")
        assert messages(prompt, SUM, gold="5", unused="x") == messages(prompt, SUM, gold="5")

    def test_options_follow_a_question_whose_prompt_forgets_them(self) -> None:
        prompt = Prompt("p", "Q: {question}")
        assert messages(prompt, PICK) == [user("Q: Which number is even?\n\nA) 3\nB) 4")]

    def test_more_options_than_letters(self) -> None:
        problem = replace(PICK, choices=tuple(map(str, range(27))))
        with pytest.raises(DataError, match="27 options"):
            messages(load_prompt("cot"), problem)

    def test_more_examples_than_there_are(self) -> None:
        with pytest.raises(UserError, match="prompt 'cot' has 4 examples, 5 were asked for"):
            messages(load_prompt("cot"), SUM, shots=5)


class TestFiles:
    @pytest.mark.parametrize("name", prompt_names())
    def test_every_shipped_prompt_loads_and_says_what_it_is(self, name: str) -> None:
        prompt = load_prompt(name)
        assert prompt.name
        assert prompt.description
        assert prompt.source
        assert re.fullmatch("[0-9a-f]{64}", prompt_hash(prompt))

    def test_the_five_strategies_are_there(self) -> None:
        assert set(STRATEGIES) <= set(prompt_names())

    @pytest.mark.parametrize("name", STRATEGIES)
    def test_worked_examples_end_in_the_form_that_is_asked_for(self, name: str) -> None:
        right = {
            "How many pencils": str(3 * 12 - 7),
            "1}{2} + ": r"\frac{5}{6}",
            "average speed": f"{150 / 2.5:g}",
            "3x - 4": str((11 + 4) // 3),
            "A shirt": f"{40 * 0.85:g}",
            "Omar": str((40 - 12 - 4) // 2),
            "A tank": str((90 - 48) // 6),
            "two-digit": str(sum(k % 10 in (4, 8) for k in range(10, 100))),
            "planet": "C",
            "2, 6, 18, 54": "B",
        }
        form = {
            "standard": r"\boxed{%s}",
            "cot": r"The final answer is \boxed{%s}.",
            "cod": "#### %s",
            "reasoning": "<answer> %s </answer>",
            "zero-shot": "%s",
        }
        for example in load_prompt(name).examples:
            (answer,) = [value for part, value in right.items() if part in example.question]
            if name == "zero-shot":
                assert answer in example.answer
            else:
                assert example.answer.endswith(form[name] % answer)

    def test_drafts_keep_to_five_words_a_step(self) -> None:
        for example in load_prompt("cod").examples:
            draft, _, _ = example.answer.partition("####")
            for step in re.split(r"[;.] ", draft):
                assert len(re.findall("[A-Za-z]{2,}", step)) <= 5

    def test_name_that_is_nearly_right(self) -> None:
        with pytest.raises(UnknownName, match=r"unknown prompt 'resoning'.*mean reasoning"):
            load_prompt("resoning")
        with pytest.raises(UnknownName):
            load_prompt("../prompts/cot")

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ('usr = "{question}"', "unknown option in .*mine.toml: 'usr' .did you mean user"),
            ("description = 'x'", "'user' is missing"),
            ('user = "Think hard."', "contains neither {question} nor a variable"),
            ('user = "{qestion} {question}"', "{qestion} is not replaced by anything"),
            ('user = "{question}"\ntags = "thinking"', "should be one of think, reasoning"),
            ('user = "{question}"\nvariables = ["gold"]', "'gold' is declared but used nowhere"),
            ('user = "{question}"\nvariables = ["question"]', "'question' is built in"),
            ('user = "{question}{examples}"', "needs to know how one is written"),
            ('user = "{question}"\n[choice]\nstart = "x"', "mine.toml: choice: 'start'"),
            ('user = "{question}"\nexamples = [{question = "a"}]', "'answer' is missing"),
            ('user = "{question}"\nexamples = "none"', "should be a list of tables"),
            ('user = "{question}', "mine.toml: "),
        ],
    )
    def test_what_a_file_may_not_say(self, tmp_path: Path, text: str, says: str) -> None:
        with pytest.raises((ConfigError, UnknownName)) as fault:
            load_prompt(saved(tmp_path, text))
        assert re.search(says.replace("{", r"\{").replace("}", r"\}"), str(fault.value))
        assert "\n" not in str(fault.value)

    def test_the_example_of_the_documentation(self, tmp_path: Path) -> None:
        page = (Path(__file__).parent.parent / "docs" / "prompts.md").read_text(encoding="utf-8")
        block = re.search(
            r"\n\n((?:    .*\n|\n)*    description(?:    .*\n|.*\n)*?)\nLook at", page
        )
        assert block
        text = re.sub("^    ", "", block[1], flags=re.MULTILINE)
        prompt = load_prompt(saved(tmp_path, text))
        assert prompt.start == "Arr, "
        assert messages(prompt, PICK, shots=1)[-1]["content"].endswith(
            r"Name one of A, B in \boxed{}."
        )

    def test_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="no such file"):
            load_prompt(tmp_path / "none.toml")


class TestHash:
    def test_only_what_the_model_may_see_counts(self) -> None:
        prompt = load_prompt("cot")
        assert prompt_hash(replace(prompt, name="x", description="y", source="z")) == prompt_hash(
            prompt
        )
        for change in ({"user": "{question}!"}, {"system": "S"}, {"start": "<think>"}):
            assert prompt_hash(replace(prompt, **change)) != prompt_hash(prompt)
        fewer = replace(prompt, examples=prompt.examples[:1])
        assert prompt_hash(fewer) != prompt_hash(prompt)

    def test_it_is_the_same_everywhere(self) -> None:
        assert prompt_hash(Prompt("p", "{question}")) == (
            "39fca133ef5e86402ed49d7722000b82ebca5af518608accbec3cc8187f5a1d5"
        )
