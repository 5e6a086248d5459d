"""Answers of several parts: lists, sets, tuples, matrices, ratios; and the dispatch over all kinds.

Policy: braces and bare lists are unordered; tuples, points, vectors and matrices are ordered; a
bare list or a set against a tuple is compared in order, and a mere permutation is undecided. Parts
that both sides name (a = 2, b = 3) are matched by name. \\pm stands for both values.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from judgekit.verifier import relations
from judgekit.verifier.findings import Comparison, no, unknown, yes
from judgekit.verifier.identity import equal, substitute
from judgekit.verifier.quantities import values
from judgekit.verifier.realsets import is_infinite, looks_like_interval, real_set, sets
from judgekit.verifier.relations import Named, named, renamed, same_name
from judgekit.verifier.tree import (
    Approx,
    Based,
    Call,
    Clock,
    Collection,
    Combined,
    Constant,
    Date,
    Expr,
    Labelled,
    Matrix,
    Number,
    Power,
    Product,
    Quantity,
    Quotient,
    Ratio,
    Relation,
    SetBuilder,
    Sum,
    Symbol,
    Truth,
    Word,
    children,
    negate,
    symbols,
)

_VALUES = (
    Number, Symbol, Constant, Sum, Product, Quotient, Power, Call, Quantity, Approx,
)  # fmt: skip
_FIXED = (Truth, Date, Clock, Word)
_MOST_ITEMS = 400


def expressions(gold: Expr, answer: Expr) -> Comparison:
    """Compare two answers of any kind."""
    if gold == answer:
        return yes("both are the same expression", "normal form")
    mine, theirs = named(gold), named(answer)
    if mine.contradictory or theirs.contradictory:
        return unknown("a chain of equalities whose members differ", "equation")
    if not same_name(mine.name, theirs.name):
        found = _kinds(mine.value, theirs.value)
        if found.correct and not _is_label(mine.name) and not _is_label(theirs.name):
            return unknown("the same value under another name", "equation")
        return found
    value = renamed(theirs, mine)
    found = _kinds(mine.value, value)
    if found.correct or not (mine.others or theirs.others):
        return _equation_against_value(gold, answer, mine, theirs, found)
    others = [_kinds(a, b) for a in (mine.value, *mine.others) for b in (value, *theirs.others)]
    return next((each for each in others if each.correct), _softened(found, others))


def _softened(found: Comparison, others: list[Comparison]) -> Comparison:
    if found.incorrect and all(each.incorrect for each in others):
        return found
    return unknown("the members of a chain differ in how they compare", found.rung)


def _is_label(name: Expr | None) -> bool:
    return isinstance(name, Word)


def _equation_against_value(
    gold: Expr, answer: Expr, mine: Named, theirs: Named, found: Comparison
) -> Comparison:
    """An equation on one side and an expression on the other may still say the same."""
    if found.correct:
        return found
    for relation, other, side in ((gold, theirs, answer), (answer, mine, gold)):
        if isinstance(relation, Relation) and isinstance(other.value, _VALUES):
            if isinstance(side, Relation):
                if isinstance(gold, Relation) and isinstance(answer, Relation):
                    both = relations.relations(gold, answer)
                    return both if both.correct or not found.incorrect else found
                continue
            solved = relations.solved_for(relation, other.value)
            if solved.correct:
                return solved
    return found


def _kinds(gold: Expr, answer: Expr) -> Comparison:
    """Compare two values or structures whose names have been taken off."""
    if isinstance(gold, Labelled) or isinstance(answer, Labelled):
        return _labelled(gold, answer)
    gold, answer = _points(gold), _points(answer)
    if _has_signs(gold) or _has_signs(answer):
        return _kinds(both_signs(gold), both_signs(answer))
    if isinstance(gold, _FIXED) or isinstance(answer, _FIXED):
        found = _fixed(gold, answer)
        if found is not None:
            return found
    if isinstance(gold, Based) or isinstance(answer, Based):
        return _based(gold, answer)
    if isinstance(gold, Ratio) or isinstance(answer, Ratio):
        return _ratio(gold, answer)
    gold, answer = folded(gold), folded(answer)
    if isinstance(gold, Matrix) or isinstance(answer, Matrix):
        return _matrix(gold, answer)
    if isinstance(gold, _VALUES) and isinstance(answer, _VALUES):
        return _infinite(gold, answer) or values(gold, answer)
    found = _as_sets(gold, answer)
    if found is not None:
        return found
    order = _order(gold, answer)
    if order is not None:
        return order
    if isinstance(gold, Collection) or isinstance(answer, Collection):
        return _collections(gold, answer)
    if isinstance(gold, Relation) and isinstance(answer, Relation):
        return relations.relations(gold, answer)
    if isinstance(gold, Combined) and isinstance(answer, Combined) and gold.op == answer.op:
        return _unordered(gold.parts, answer.parts, proof=False)
    if isinstance(gold, SetBuilder) and isinstance(answer, SetBuilder):
        return _builders(gold, answer)
    if isinstance(gold, Relation) and isinstance(answer, _VALUES):
        return relations.statement_against_value(gold, answer)
    return unknown("answers of different kinds", "kinds")


def _infinite(gold: Expr, answer: Expr) -> Comparison | None:
    mine, theirs = is_infinite(gold), is_infinite(answer)
    if mine == theirs == 0:
        return None
    if mine == theirs:
        return yes("both are infinite", "normal form")
    if mine and theirs:
        return no("infinities of opposite sign", "normal form")
    if symbols(gold) | symbols(answer):
        return unknown("infinity against letters", "normal form")
    return no("one of them is infinite", "normal form")


def _labelled(gold: Expr, answer: Expr) -> Comparison:
    mine = gold.words if isinstance(gold, Labelled) else ""
    theirs = answer.words if isinstance(answer, Labelled) else ""
    found = _kinds(
        gold.value if isinstance(gold, Labelled) else gold,
        answer.value if isinstance(answer, Labelled) else answer,
    )
    if found.correct and mine and theirs and _stem(mine) != _stem(theirs):
        return unknown(f"the same number of {theirs} and not of {mine}", "units")
    return found


def _stem(text: str) -> str:
    return " ".join(word.rstrip("s") for word in text.split())


def _has_signs(expr: Expr) -> bool:
    return (isinstance(expr, Call) and expr.name == "pm") or (
        not isinstance(expr, (Collection, Relation, Combined))
        and any(map(_has_signs, children(expr)))
    )


def _points(expr: Expr) -> Expr:
    """A point with a plus-or-minus sign in a coordinate as the list of the points it stands for."""
    if isinstance(expr, Collection) and expr.brackets == "()" and any(map(_has_signs, expr.items)):
        return Collection("  ", tuple(_spread(expr)))
    return expr


def both_signs(expr: Expr) -> Expr:
    """Both values of an expression with a plus-or-minus sign, as a bare list."""
    if not _has_signs(expr):
        return expr
    return Collection("  ", (_signed(expr, True), _signed(expr, False)))


def _signed(expr: Expr, plus: bool) -> Expr:
    if isinstance(expr, Call) and expr.name == "pm":
        inner = _signed(expr.args[0], plus)
        return inner if plus else negate(inner)
    match expr:
        case Sum(parts):
            return Sum(tuple(_signed(part, plus) for part in parts))
        case Product(parts):
            return Product(tuple(_signed(part, plus) for part in parts))
        case Quotient(top, bottom):
            return Quotient(_signed(top, plus), _signed(bottom, plus))
        case Power(base, exponent):
            return Power(_signed(base, plus), _signed(exponent, plus))
        case Call(name, args):
            return Call(name, tuple(_signed(arg, plus) for arg in args))
        case Quantity(value, unit):
            return Quantity(_signed(value, plus), unit)
        case Approx(value):
            return Approx(_signed(value, plus))
    return expr


def _fixed(gold: Expr, answer: Expr) -> Comparison | None:
    """Yes and no, dates, times and words of a closed list."""
    if isinstance(gold, Word) and gold.text.startswith("set:"):
        return None
    if isinstance(answer, Word) and answer.text.startswith("set:"):
        return None
    if type(gold) is not type(answer):
        if isinstance(gold, Clock) and isinstance(answer, Ratio):
            return _clock_against_ratio(gold, answer)
        if isinstance(answer, Clock) and isinstance(gold, Ratio):
            return _clock_against_ratio(answer, gold)
        return unknown("a word against something else", "words")
    if isinstance(gold, Date) and isinstance(answer, Date) and 0 in (gold.year, answer.year):
        gold, answer = replace(gold, year=0), replace(answer, year=0)
    if isinstance(gold, Clock) and isinstance(answer, Clock) and "" in (gold.half, answer.half):
        gold, answer = (Clock(clock.seconds % 43200, "") for clock in (gold, answer))
    if gold == answer:
        return yes("the same date, time or word", "words")
    if isinstance(gold, Word) and isinstance(answer, Word) and _family(gold) != _family(answer):
        return unknown("two different words", "words")
    return no("a different date, time or word", "words")


def _family(word: Word) -> str:
    """What kind of word it is: of `month:3`, month."""
    return word.text.split(":")[0]


def _clock_against_ratio(clock: Clock, ratio: Ratio) -> Comparison:
    parts = [part.value for part in ratio.parts if isinstance(part, Number)]
    if len(parts) not in (2, 3) or len(parts) != len(ratio.parts):
        return unknown("a time against a ratio", "words")
    seconds = int(parts[0] * 3600 + parts[1] * 60 + (parts[2] if len(parts) == 3 else 0))
    if seconds % 43200 == clock.seconds % 43200:
        return yes("the same time of day", "words")
    return no("another time of day", "words")


def _based(gold: Expr, answer: Expr) -> Comparison:
    """Numerals of a base: base and value have to agree; a base may be left out."""
    if isinstance(gold, Based) and isinstance(answer, Based):
        if gold.value == answer.value:
            if gold.base == answer.base:
                return yes("the same numeral in the same base", "exact rational")
            return unknown("the same number in another base", "exact rational")
        return no("they are different numbers", "exact rational")
    based, other = (gold, answer) if isinstance(gold, Based) else (answer, gold)
    assert isinstance(based, Based)
    if not isinstance(other, Number) or other.value.denominator != 1:
        return unknown("a numeral with a base against something else", "exact rational")
    if other.value == int(based.digits):
        return yes("the same digits, the base left out", "exact rational")
    if other.value == based.value:
        return unknown("the same number, not written in that base", "exact rational")
    return no("other digits, and another number", "exact rational")


def _ratio(gold: Expr, answer: Expr) -> Comparison:
    mine, theirs = _parts(gold), _parts(answer)
    if mine is None or theirs is None:
        return unknown("a ratio against something else", "ratio")
    if len(mine) != len(theirs):
        return no("ratios of different lengths", "ratio")
    if Symbol("...") in mine or Symbol("...") in theirs:
        mine = tuple(part for part in mine if part != Symbol("..."))
        theirs = tuple(part for part in theirs if part != Symbol("..."))
        if len(mine) != len(theirs):
            return unknown("an open ratio", "ratio")
    if mine != theirs and _like_time(mine) and _like_time(theirs):
        return unknown("two ratios that may be times of day", "ratio")
    found = [
        equal(Product((mine[0], b)), Product((theirs[0], a)))
        for a, b in zip(mine[1:], theirs[1:], strict=True)
    ]
    return _all(found, "ratio", "the parts are in the same proportion")


def _like_time(parts: tuple[Expr, ...]) -> bool:
    """Whether 10:15 may mean a quarter past ten."""
    sizes = [part.value for part in parts if isinstance(part, Number)]
    return len(sizes) == len(parts) == 2 and sizes[0] <= 24 and 10 <= sizes[1] < 60


def _parts(expr: Expr) -> tuple[Expr, ...] | None:
    if isinstance(expr, Ratio):
        return expr.parts
    if isinstance(expr, _VALUES):
        return (expr, Number(Fraction(1)))
    return None


def _all(found: list[Comparison], rung: str, evidence: str) -> Comparison:
    """Correct if all are, incorrect if one is."""
    wrong = next((each for each in found if each.incorrect), None)
    if wrong is not None:
        return replace(wrong, rung=rung)
    open_ = next((each for each in found if not each.correct), None)
    return yes(evidence, rung) if open_ is None else replace(open_, rung=rung)


def folded(expr: Expr) -> Expr:
    """Sums and multiples of matrices as one matrix; a matrix of one entry as that entry."""
    if isinstance(expr, Matrix):
        single = len(expr.rows) == 1 == len(expr.rows[0])
        return expr.rows[0][0] if single else expr
    if isinstance(expr, Collection) and expr.brackets == "()" and len(expr.items) == 1:
        return folded(expr.items[0])
    if isinstance(expr, Quotient) and isinstance(expr.top, Matrix):
        return _scaled(expr.top, Quotient(Number(Fraction(1)), expr.bottom))
    if isinstance(expr, Product):
        grids = [factor for factor in expr.factors if isinstance(factor, Matrix)]
        rest = tuple(factor for factor in expr.factors if not isinstance(factor, Matrix))
        return _scaled(grids[0], Product(rest)) if len(grids) == 1 and rest else expr
    if isinstance(expr, Sum):
        grids = [grid for term in expr.terms if isinstance(grid := folded(term), Matrix)]
        shapes = {(len(grid.rows), len(grid.rows[0])) for grid in grids}
        if len(grids) == len(expr.terms) and len(shapes) == 1:
            rows = zip(*(grid.rows for grid in grids), strict=True)
            return Matrix(tuple(tuple(map(Sum, zip(*row, strict=True))) for row in rows))
    return expr


def _scaled(grid: Matrix, factor: Expr) -> Matrix:
    return Matrix(tuple(tuple(Product((factor, entry)) for entry in row) for row in grid.rows))


def _matrix(gold: Expr, answer: Expr) -> Comparison:
    mine, theirs = _rows(gold), _rows(answer)
    if mine is None or theirs is None:
        return unknown("a matrix against something else", "matrix")
    if len(mine) != len(theirs) or len(mine[0]) != len(theirs[0]):
        flat = _flat(gold, mine), _flat(answer, theirs)
        if flat[0] is None or flat[1] is None:
            return no("matrices of different sizes", "matrix")
        if len(flat[0]) != len(flat[1]):
            return no("vectors of different lengths", "matrix")
        mine, theirs = (flat[0],), (flat[1],)
        if isinstance(gold, Matrix) and isinstance(answer, Matrix):
            found = _entries(mine, theirs)
            return unknown("a row against a column", "matrix") if found.correct else found
    return _entries(mine, theirs)


def _entries(
    mine: tuple[tuple[Expr, ...], ...], theirs: tuple[tuple[Expr, ...], ...]
) -> Comparison:
    if len(mine) * len(mine[0]) > _MOST_ITEMS:
        return unknown("a matrix too large", "matrix")
    found = []
    for row, other in zip(mine, theirs, strict=True):
        for a, b in zip(row, other, strict=True):
            each = expressions(a, b)
            if each.incorrect:
                return replace(each, evidence="an entry differs", rung="matrix")
            found.append(each)
    return _all(found, "matrix", "they agree entry by entry")


def _rows(expr: Expr) -> tuple[tuple[Expr, ...], ...] | None:
    if isinstance(expr, Matrix):
        if len(expr.rows) == 1 == len(expr.rows[0]) and isinstance(expr.rows[0][0], Matrix):
            return expr.rows[0][0].rows
        return expr.rows
    if isinstance(expr, Collection) and expr.items:
        nested = [item for item in expr.items if isinstance(item, Collection) and item.items]
        if len(nested) == len(expr.items) and len({len(item.items) for item in nested}) == 1:
            return tuple(item.items for item in nested)
        return (expr.items,)
    return None


def _flat(expr: Expr, rows: tuple[tuple[Expr, ...], ...]) -> tuple[Expr, ...] | None:
    """The entries of a vector, or None for a matrix of several rows and columns."""
    if len(rows) == 1:
        return rows[0]
    return tuple(row[0] for row in rows) if len(rows[0]) == 1 else None


def _as_sets(gold: Expr, answer: Expr) -> Comparison | None:
    """Both as sets of reals, where at least one of them cannot be anything else."""
    certain = _only_a_set(gold), _only_a_set(answer)
    if not any(certain):
        both = isinstance(gold, Collection) and isinstance(answer, Collection)
        if both and {gold.brackets, answer.brackets} == {"()", "[]"}:  # type: ignore[union-attr]
            return _brackets_differ(gold, answer)
        return None
    mine, theirs = real_set(gold), real_set(answer)
    if mine is not None and theirs is not None:
        return sets(mine, theirs)
    known, other = (mine, answer) if mine is not None else (theirs, gold)
    if known is None or not known.numeric or not isinstance(other, _VALUES) or symbols(other):
        return None
    if any(piece.low is piece.high is not None for piece in known.pieces):
        return None
    return no("a number against a set of numbers", "interval")


def _only_a_set(expr: Expr) -> bool:
    if isinstance(expr, Relation):
        return set(expr.ops) != {"="}
    if isinstance(expr, Combined):
        return expr.op != "and" or any(_only_a_set(part) for part in expr.parts)
    if isinstance(expr, SetBuilder):
        return real_set(expr) is not None
    if isinstance(expr, Collection) and expr.brackets == "  ":
        return bool(expr.items) and all(map(_only_a_set, expr.items)) and real_set(expr) is not None
    return isinstance(expr, Word) or looks_like_interval(expr)


def _brackets_differ(gold: Expr, answer: Expr) -> Comparison | None:
    """(a, b) against [a, b]: two intervals that differ, or a point written in two ways."""
    assert isinstance(gold, Collection)
    assert isinstance(answer, Collection)
    if len(gold.items) != 2 or len(answer.items) != 2:
        return None
    mine, theirs = real_set(gold), real_set(answer)
    if mine is None or theirs is None or not (mine.numeric and theirs.numeric):
        return None
    if mine.pieces and theirs.pieces:
        found = _ordered(gold.items, answer.items)
        if found.correct:
            return unknown("an open interval or a point, against square brackets", "interval")
        return found
    return None


def _order(gold: Expr, answer: Expr) -> Comparison | None:
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


def _collections(gold: Expr, answer: Expr) -> Comparison:
    mine, theirs = _items(gold), _items(answer)
    if mine is None or theirs is None:
        return unknown("a list against something else", "set")
    if len(mine) > _MOST_ITEMS or len(theirs) > _MOST_ITEMS:
        if len(mine) != len(theirs) and _is_list(gold) == _is_list(answer):
            return unknown("a very long list against one of another length", "set")
        return unknown("a list too long", "set")
    by_name = _by_name(mine, theirs)
    if by_name is not None:
        return by_name
    if _is_unordered(gold) and _is_unordered(answer):
        return _unordered(mine, theirs, proof=True)
    found = _ordered(mine, theirs)
    if found.incorrect and (_is_unordered(gold) or _is_unordered(answer)):
        permuted = _unordered(mine, theirs, proof=True)
        if not permuted.incorrect:
            return unknown("the same items in another order", "tuple")
    return found


def _items(expr: Expr) -> tuple[Expr, ...] | None:
    if isinstance(expr, Collection):
        if len(expr.items) == 1 and isinstance(expr.items[0], Collection):
            inner = expr.items[0]
            if expr.brackets in ("  ", "{}") and inner.brackets == "  ":
                return _expanded(inner.items)
        return _expanded(expr.items)
    if isinstance(expr, Combined) and expr.op in ("and", "or"):
        return _expanded(expr.parts)
    if isinstance(expr, (*_VALUES, Relation)):
        return (expr,)
    return None


def _expanded(items: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """Items with both values of every plus-or-minus sign, tuples included."""
    found: list[Expr] = []
    for item in items:
        signed = both_signs(item)
        if signed is not item and isinstance(signed, Collection):
            found += signed.items
        elif isinstance(item, Collection) and any(map(_has_signs, item.items)):
            found += _spread(item)
        else:
            found.append(item)
    return tuple(found)


def _spread(item: Collection) -> list[Expr]:
    """(±1, 2) as (1, 2) and (-1, 2); each entry chooses its sign by itself."""
    spread: list[tuple[Expr, ...]] = [()]
    for entry in item.items:
        signed = both_signs(entry)
        choices = (
            signed.items if signed is not entry and isinstance(signed, Collection) else (entry,)
        )
        spread = [(*done, choice) for done in spread for choice in choices][:64]
    return [Collection(item.brackets, done) for done in spread]


def _is_list(expr: Expr) -> bool:
    return isinstance(expr, Collection)


def _is_unordered(expr: Expr) -> bool:
    return not isinstance(expr, Collection) or expr.brackets in ("  ", "{}")


def _by_name(mine: tuple[Expr, ...], theirs: tuple[Expr, ...]) -> Comparison | None:
    """Items matched by the names that both sides give them, or None where they do not."""
    left, right = [named(item) for item in mine], [named(item) for item in theirs]
    if any(item.name is None for item in left + right) or len(left) != len(right):
        return None
    names = [str(item.name) for item in left]
    table = {str(item.name): item for item in right}
    if len(set(names)) != len(names) or set(table) != set(names):
        return None
    found = [_kinds(item.value, table[str(item.name)].value) for item in left]
    return _all(found, "set", "they agree name by name")


def _ordered(mine: tuple[Expr, ...], theirs: tuple[Expr, ...]) -> Comparison:
    if len(mine) != len(theirs):
        return no(f"{len(theirs)} items where there are {len(mine)}", "tuple")
    found = []
    for a, b in zip(mine, theirs, strict=True):
        each = expressions(a, b)
        if each.incorrect:
            return replace(each, evidence="an item differs", rung="tuple")
        found.append(each)
    return _all(found, "tuple", "they agree item by item")


def _unordered(mine: tuple[Expr, ...], theirs: tuple[Expr, ...], *, proof: bool) -> Comparison:
    """Whether two lists hold the same items, in whatever order and however often repeated."""
    left, right = list(mine), list(theirs)
    if len(left) * len(right) > 10_000:
        return unknown("lists too long", "set")
    unmatched_gold, unsure = 0, False
    met: set[int] = set()
    for a in left:
        hit, maybe = False, False
        for j, b in enumerate(right):
            found = expressions(a, b)
            if found.correct:
                met.add(j)
                hit = True
                break
            maybe = maybe or not found.incorrect
        if not hit:
            unmatched_gold += 1
            unsure = unsure or maybe
    for j, b in enumerate(right):
        if j in met:
            continue
        compared = [expressions(a, b) for a in left]
        if any(found.correct for found in compared):
            met.add(j)
        else:
            unsure = unsure or any(not found.incorrect for found in compared)
    if not unmatched_gold and len(met) == len(right):
        return yes("they hold the same items", "set")
    if unsure or not proof:
        return unknown("not all items could be matched", "set")
    return no("an item of one is not in the other", "set")


def _builders(gold: SetBuilder, answer: SetBuilder) -> Comparison:
    condition = answer.condition
    head = answer.head
    if isinstance(gold.head, Symbol) and isinstance(head, Symbol) and gold.head != head:
        condition = substitute(condition, {head.name: gold.head})
        head = gold.head
    both = expressions(gold.head, head), expressions(gold.condition, condition)
    if all(found.correct for found in both):
        return yes("the same set-builder", "set")
    return unknown("two set-builders", "set")
