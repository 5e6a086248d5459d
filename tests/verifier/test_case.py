"""A case: what of a response may be an answer at all."""

from __future__ import annotations

from judgekit.verifier import make_case


def test_an_unmarked_expression_of_the_question_is_no_answer() -> None:
    question = r"What is $\frac{1}{3} + \frac{1}{4}$? Answer with a fraction."
    echo = r"we can find the fractions $\frac{1}{3} + \frac{1}{4}$ by multiplying both by 3"
    assert make_case(r"\frac{7}{12}", echo, question).extraction.answer is None
    marked = make_case(r"\frac{7}{12}", r"So \boxed{\frac{1}{3} + \frac{1}{4}}.", question)
    assert marked.extraction.answer is not None
