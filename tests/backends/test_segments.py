"""Segments where no ids are known: cut at the tags, tokens shared by length."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from judgekit.backends.engine import Piece
from judgekit.backends.scripted import ByteTokenizer
from judgekit.backends.segments import segments


def test_tags_part_thinking_from_answer_to_the_character() -> None:
    cut = segments([Piece("<think>a b c</think>The answer", None, 5, "model")], None)
    assert [(s.text, s.role) for s in cut] == [
        ("<think>", "other"),
        ("a b c", "thinking"),
        ("</think>", "other"),
        ("The answer", "answer"),
    ]
    assert sum(s.tokens for s in cut) == 5


def test_a_role_set_by_the_strategy_holds_for_the_whole_piece() -> None:
    pieces = [
        Piece("<think>a", None, 3, "model", "thinking"),
        Piece("Wait", None, 1, "forced", "thinking"),
        Piece("", None, 2, "model", "thinking"),
    ]
    assert [(s.text, s.role, s.by, s.tokens) for s in segments(pieces, None)] == [
        ("<think>a", "thinking", "model", 3),
        ("Wait", "thinking", "forced", 1),
        ("", "thinking", "model", 2),
    ]


def test_the_first_byte_of_a_character_opens_no_segment_of_its_own() -> None:
    tokenizer = ByteTokenizer()
    ids = tuple(tokenizer.encode("…<think>x"))
    cut = segments([Piece("…<think>x", ids, len(ids), "model")], tokenizer)
    assert [(s.text, s.tokens) for s in cut] == [("…", 3), ("<think>", 7), ("x", 1)]


@given(
    st.lists(
        st.tuples(
            st.text(alphabet="a</think> →", max_size=30),
            st.integers(1, 40),
            st.sampled_from(["model", "forced"]),
            st.sampled_from([None, "thinking"]),
        ),
        max_size=5,
    )
)
def test_joined_they_are_the_text_and_no_token_is_lost(parts: list[tuple]) -> None:  # type: ignore[type-arg]
    pieces = [Piece(text, None, tokens, by, role) for text, tokens, by, role in parts]
    cut = segments(pieces, None)
    assert "".join(s.text for s in cut) == "".join(piece.text for piece in pieces)
    assert sum(s.tokens for s in cut) == sum(piece.tokens for piece in pieces)
    for by in ("model", "forced"):
        assert sum(s.tokens for s in cut if s.by == by) == sum(
            piece.tokens for piece in pieces if piece.by == by
        )
