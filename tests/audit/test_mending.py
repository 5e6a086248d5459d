"""A judge alone beside the cascade around it."""

from __future__ import annotations

from making import row

from judgekit.audit.mending import beside
from judgekit.records import Key, Verdict

SMALL = Verdict("small", "correct")
ROWS = [
    # The verifier mends what the small judge would have accepted.
    row("a", "incorrect", "symbolic", Verdict("symbolic", "incorrect"), SMALL),
    # Its own claim undoes it: what it had said alone is the claim.
    row("b", "incorrect", "small", Verdict("small", "incorrect", claim="correct")),
    # It was not sure, and the large judge spoils it.
    row(
        *("c", "incorrect", "large"),
        Verdict("small", "undecided", claim="correct"),
        Verdict("large", "incorrect"),
    ),
    # They agree; nobody has labelled it.
    row("d", "correct", "small", SMALL),
    # Nobody asked the judge.
    row("e", "correct", "exact"),
]
TRUTH = {Key("a"): False, Key("b"): False, Key("c"): True, Key("e"): True}


def test_what_the_small_judge_alone_would_have_said_and_who_mended_it() -> None:
    small, large = beside(ROWS, TRUTH)
    assert (small.judge, small.rows, small.labelled) == ("small", 4, 3)
    assert (small.right_alone, small.right_in_cascade) == (1, 2)
    assert {name: [c.key.id for c in each] for name, each in small.by_stage.items()} == {
        "symbolic": ["a"],
        "small": ["b"],
        "large": ["c"],
    }
    assert [(c.mended, c.spoiled) for c in small.changed] == [
        (True, False),
        (True, False),
        (False, True),
    ]
    assert (large.judge, large.rows, large.changed) == ("large", 1, ())


def test_without_labels_a_change_is_neither() -> None:
    small, _ = beside(ROWS, {})
    assert (small.labelled, len(small.changed)) == (0, 3)
    assert not any(c.mended or c.spoiled for c in small.changed)
