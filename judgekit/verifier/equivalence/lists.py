"""Lists, sets and tuples, item by item.

Policy: braces and bare lists are unordered; tuples and points are ordered; a bare list or a set
against a tuple is compared in order, and a mere permutation is undecided; so is the total of
several amounts in one unit. Items that both sides name (a = 2, b = 3) are matched by name. Items
are compared by the function handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import permutations

from judgekit.verifier.equivalence.findings import Comparison, all_of, no, unknown, yes
from judgekit.verifier.equivalence.identity import number_at, substitute
from judgekit.verifier.equivalence.naming import named
from judgekit.verifier.equivalence.signs import both_signs, has_signs, spread
from judgekit.verifier.reader.tree import (
    VALUES,
    Collection,
    Combined,
    Expr,
    Labelled,
    Number,
    Quantity,
    Quotient,
    Relation,
    SetBuilder,
    Sum,
    Symbol,
    Word,
    children,
    symbols,
)

Compare = Callable[[Expr, Expr], Comparison]
_MOST_ITEMS = 400
_GREATEST = frozenset(("maximum", "max", "greatest", "largest", "highest"))
_LEAST = frozenset(("minimum", "min", "least", "smallest", "lowest"))


def in_order(gold: Expr, answer: Expr) -> Comparison | None:
    """b < a < d against b, a, d: names in an order."""
    chain, names = (gold, answer) if isinstance(gold, Relation) else (answer, gold)
    if not isinstance(chain, Relation) or len(chain.members) < 3 or len(set(chain.ops)) != 1:
        return None
    if not isinstance(names, Collection) or names.brackets != "  ":
        return None
    if chain.ops[0] not in "<>" or not all(isinstance(name, Symbol) for name in chain.members):
        return None
    if chain.members == names.items:
        return yes("the same names in the same order", "tuple")
    return unknown("names in another order", "tuple")


def collections(compare: Compare, gold: Expr, answer: Expr) -> Comparison:
    """Compare two lists, sets or tuples, or one of them and a value."""
    gold, answer = _only_point(gold, answer), _only_point(answer, gold)
    mine, theirs = _items(gold), _items(answer)
    if mine is None or theirs is None:
        return unknown("a list against something else", "set")
    bare = isinstance(answer, Combined) or (_is_list(answer) and _is_unordered(answer))
    if len(mine) == 1 < len(theirs) < 5 and bare and _said_again(compare, theirs):
        return compare(mine[0], theirs[0])
    if len(mine) > _MOST_ITEMS or len(theirs) > _MOST_ITEMS:
        if len(mine) != len(theirs) and _is_list(gold) == _is_list(answer):
            return unknown("a very long list against one of another length", "set")
        return unknown("a list too long", "set")
    if any(
        not _is_unordered(one) and isinstance(other, VALUES) and symbols(other)
        for one, other in permutations((gold, answer))
    ):
        return unknown("a tuple against a value with letters, which may be one", "tuple")
    by_name = _by_name(compare, mine, theirs)
    if by_name is not None:
        return by_name
    if len(theirs) == 1 and _is_total(compare, mine, theirs[0]):
        return unknown("the total of the gold's amounts", "set")
    if isinstance(answer, Quotient) and gold == Collection("  ", (answer.top, answer.bottom)):
        return unknown("the fraction that the gold's two numbers may be parts of", "set")
    if _is_unordered(gold) and _is_unordered(answer):
        if _all_named(mine) != _all_named(theirs):
            return _by_place(compare, mine, theirs)
        return unordered(compare, mine, theirs, proof=True)
    found = ordered(compare, mine, theirs)
    if found.incorrect and (_is_unordered(gold) or _is_unordered(answer)):
        permuted = unordered(compare, mine, theirs, proof=True)
        if not permuted.incorrect:
            return unknown("the same items in another order", "tuple")
    return found


def _only_point(expr: Expr, other: Expr) -> Expr:
    """The point of the set {(1, 2)}, where the other side is a point without braces."""
    if isinstance(expr, Collection) and expr.brackets == "{}" and len(expr.items) == 1:
        (item,) = expr.items
        both = isinstance(item, Collection) and isinstance(other, Collection)
        if both and item.brackets == other.brackets == "()":  # type: ignore[union-attr]
            return item
    return expr


def _is_total(compare: Compare, items: tuple[Expr, ...], value: Expr) -> bool:
    """Whether a value is the sum of amounts in one unit: $3,100 for $400 and $2,700.

    "400 and 2,700 dollars" names the unit once.
    """
    units = {item.unit for item in items if isinstance(item, Quantity)}
    if len(items) < 2 or len(units) != 1:
        return False
    if not all(isinstance(item, (Quantity, Number)) for item in items):
        return False
    total = Sum(tuple(item.value if isinstance(item, Quantity) else item for item in items))
    return compare(Quantity(total, *units), value).correct


def _items(expr: Expr) -> tuple[Expr, ...] | None:
    if isinstance(expr, Collection):
        if len(expr.items) == 1 and isinstance(expr.items[0], Collection):
            inner = expr.items[0]
            if expr.brackets in ("  ", "{}") and inner.brackets == "  ":
                return _expanded(inner.items)
        return _expanded(expr.items)
    if isinstance(expr, Combined) and expr.op in ("and", "or"):
        return _expanded(expr.parts)
    if isinstance(expr, (*VALUES, Relation)):
        return (expr,)
    return None


def _expanded(items: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """Items with both values of every plus-or-minus sign, tuples included."""
    found: list[Expr] = []
    for item in items:
        signed = both_signs(item)
        if signed is not item and isinstance(signed, Collection):
            found += signed.items
        elif isinstance(item, Collection) and any(map(has_signs, item.items)):
            found += spread(item)
        else:
            found.append(item)
    return tuple(found)


def _said_again(compare: Compare, items: tuple[Expr, ...]) -> bool:
    """Whether the items are all the same value: 3.5 hours, or 210 minutes."""
    first, *rest = items
    return all(compare(first, item).correct for item in rest)


def _is_list(expr: Expr) -> bool:
    return isinstance(expr, Collection)


def _is_unordered(expr: Expr) -> bool:
    return not isinstance(expr, Collection) or expr.brackets in ("  ", "{}")


def _all_named(items: tuple[Expr, ...]) -> bool:
    """Whether the items are the values of several names: m = 2, n = 3, or 7 goats, 4 hens."""
    names = [item.words if isinstance(item, Labelled) else named(item).name for item in items]
    return None not in names and len(set(names)) == len(names) > 1


def _by_place(compare: Compare, mine: tuple[Expr, ...], theirs: tuple[Expr, ...]) -> Comparison:
    """Values of several names against values without names, which have to keep their order."""
    found = ordered(compare, mine, theirs)
    if not found.incorrect:
        return found
    permuted = unordered(compare, mine, theirs, proof=True)
    if permuted.correct and (_are_extremes(mine) or _are_extremes(theirs)):
        return yes("they hold the same greatest and least value", "set")
    return permuted if permuted.incorrect else unknown("the same values under other names", "set")


def _are_extremes(items: tuple[Expr, ...]) -> bool:
    """Whether the values are called maximum and minimum, and the first is not the smaller."""
    names = [named(item).name for item in items]
    words = [set(name.text.split()) if isinstance(name, Word) else set() for name in names]
    if len(items) != 2 or not (words[0] & _GREATEST or words[0] & _LEAST):
        return False
    high, low = (0, 1) if words[0] & _GREATEST else (1, 0)
    if not (words[high] & _GREATEST and words[low] & _LEAST):
        return False
    if words[high] - _GREATEST != words[low] - _LEAST:
        return False  # the maximum of one thing and the minimum of another
    greatest, least = (number_at(named(items[i]).value) for i in (high, low))
    return greatest is not None and least is not None and greatest >= least


def _by_name(
    compare: Compare, mine: tuple[Expr, ...], theirs: tuple[Expr, ...]
) -> Comparison | None:
    """Items matched by the names that both sides give them, or None where they do not."""
    left, right = [named(item) for item in mine], [named(item) for item in theirs]
    if any(item.name is None for item in left + right) or len(left) != len(right):
        return None
    names = [item.name for item in left]
    table = {item.name: item for item in right}
    if len(set(names)) != len(names) or set(table) != set(names):
        return None
    found = [compare(item.value, table[item.name].value) for item in left]
    decided = all_of(found, "set", "their values agree name by name")
    if decided.incorrect and _numbered(names):
        values = [tuple(item.value for item in side) for side in (left, right)]
        if unordered(compare, *values, proof=True).correct:
            return unknown("the same values, numbered in another order", "set")
    return decided


def name_by_name(expr: Expr, other: Expr) -> Expr:
    """(a, b) = (1, 2) as a = 1, b = 2, where that is how the other side says it."""
    if not isinstance(expr, Relation) or expr.ops != ("=",) or not _is_list(other):
        return expr
    names, values = expr.members
    if not isinstance(names, Collection) or not isinstance(values, Collection):
        return expr
    if {named(item).name for item in children(other)} != set(names.items):
        return expr
    if len(names.items) != len(values.items):
        return expr
    both = zip(names.items, values.items, strict=True)
    return Collection("  ", tuple(Relation(("=",), pair) for pair in both))


def _numbered(names: list[Expr | None]) -> bool:
    """x_1, x_2: the same letter throughout, with numbers."""
    letters = {name.name.partition("_")[0] for name in names if isinstance(name, Symbol)}
    return len(letters) == 1 and all(isinstance(name, Symbol) for name in names)


def ordered(compare: Compare, mine: tuple[Expr, ...], theirs: tuple[Expr, ...]) -> Comparison:
    if len(mine) != len(theirs):
        return no(f"it has {_counted(theirs)} where the gold has {len(mine)}", "tuple")
    found = []
    for a, b in zip(mine, theirs, strict=True):
        each = compare(a, b)
        if each.incorrect:
            return each._replace(evidence="an item differs", rung="tuple")
        found.append(each)
    return all_of(found, "tuple", "they agree item by item")


def _counted(items: tuple[Expr, ...]) -> str:
    return f"{len(items)} item{'s' * (len(items) != 1)}"


def unordered(
    compare: Compare, mine: tuple[Expr, ...], theirs: tuple[Expr, ...], *, proof: bool
) -> Comparison:
    """Whether two lists hold the same items, in whatever order and however often repeated."""
    if len(mine) * len(theirs) > 10_000:
        return unknown("lists too long", "set")

    @cache
    def pair(i: int, j: int) -> Comparison:
        return compare(mine[i], theirs[j])

    rows = [[(i, j) for j in range(len(theirs))] for i in range(len(mine))]
    columns = [[(i, j) for i in range(len(mine))] for j in range(len(theirs))]
    unmatched = [
        [pair(*at) for at in line]
        for k, line in (*enumerate(rows), *enumerate(columns))
        if not any(pair(*at).correct for at in (*line[k : k + 1], *line))  # in order, mostly
    ]
    if not unmatched:
        return yes("they hold the same items", "set")
    if not proof or any(not found.incorrect for line in unmatched for found in line):
        return unknown("not all items could be matched", "set")
    return no("an item of one is not in the other", "set")


def builders(compare: Compare, gold: SetBuilder, answer: SetBuilder) -> Comparison:
    condition = answer.condition
    head = answer.head
    if isinstance(gold.head, Symbol) and isinstance(head, Symbol) and gold.head != head:
        condition = substitute(condition, {head.name: gold.head})
        head = gold.head
    both = compare(gold.head, head), compare(gold.condition, condition)
    if all(found.correct for found in both):
        return yes("the same set-builder", "set")
    return unknown("two set-builders", "set")
