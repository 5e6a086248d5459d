"""Two trees of any kind: names are taken off, then each kind goes to its own module."""

from __future__ import annotations

from fractions import Fraction

from judgekit.verifier.equivalence import relations
from judgekit.verifier.equivalence.dots import dotted, has_dots
from judgekit.verifier.equivalence.families import families, in_range, letter
from judgekit.verifier.equivalence.findings import Comparison, no, unknown, yes
from judgekit.verifier.equivalence.fixed import based, congruence, fixed, is_congruence, ratio
from judgekit.verifier.equivalence.identity import equal, substitute
from judgekit.verifier.equivalence.lists import (
    builders,
    collections,
    in_order,
    name_by_name,
    ordered,
    unordered,
)
from judgekit.verifier.equivalence.matrices import components, folded, matrices
from judgekit.verifier.equivalence.naming import Named, named, parameters, renamed, same_name
from judgekit.verifier.equivalence.parameters import CONSTANT_RENAMED, constants_renamed
from judgekit.verifier.equivalence.quantities import values
from judgekit.verifier.equivalence.realsets import is_infinite, looks_like_interval, real_set, sets
from judgekit.verifier.equivalence.signs import both_signs, has_signs, points
from judgekit.verifier.reader.tree import (
    VALUES,
    Based,
    Clock,
    Collection,
    Combined,
    Constant,
    Date,
    Expr,
    Labelled,
    Matrix,
    Number,
    Product,
    Ratio,
    Relation,
    SetBuilder,
    Symbol,
    Truth,
    Word,
    has_i,
    symbols,
)

OPEN_OR_POINT = "an open interval or a point, against square brackets"
_FIXED = (Truth, Date, Clock, Word)


def whole_answers(gold: Expr, answer: Expr) -> Comparison:
    """Compare two whole answers of any kind."""
    answer = _with_i(gold, answer)
    found = expressions(gold, answer)
    if found.correct:
        return found
    same_names = constants_renamed(named(gold).value, named(answer).value)
    if same_names is None:
        return found
    if expressions(named(gold).value, same_names).correct:
        return yes(CONSTANT_RENAMED, "equation")
    return unknown("arbitrary constants of different names", "equation")


def _with_i(gold: Expr, answer: Expr) -> Expr:
    """The answer with I or j as the imaginary unit, where the gold has an i and only that."""
    if not has_i(gold) or has_i(answer):
        return answer
    names = (symbols(answer) - symbols(gold)) & {"I", "j"}
    return substitute(answer, dict.fromkeys(names, Constant("i"))) if names else answer


def expressions(gold: Expr, answer: Expr) -> Comparison:
    """Compare two answers, or parts of answers, of any kind."""
    if gold == answer:
        return yes("both are the same expression", "normal form")
    if not isinstance(gold, Ratio) and (has_dots(gold) or has_dots(answer)):
        return dotted(expressions, gold, answer)
    if _of_other_domains(gold, answer):
        return unknown("the letters run over other integers", "set")
    rows = families(gold, answer)
    if rows is not None:
        return rows
    if in_range(gold) or in_range(answer):
        return _of_integers(gold, answer)
    gold, answer = name_by_name(gold, answer), name_by_name(answer, gold)
    mine, theirs = named(gold), named(answer)
    if mine.contradictory or theirs.contradictory:
        return _contradictory(mine, theirs)
    if not same_name(mine.name, theirs.name):
        found = _kinds(mine.value, theirs.value)
        if found.correct and not _is_label(mine.name) and not _is_label(theirs.name):
            return unknown("the same value under another name", "equation")
        return found
    value = renamed(theirs, mine)
    found = _kinds(mine.value, value)
    if found.outcome == "undecided" and _are_other_functions(mine, theirs, value):
        return no("two functions that differ at 2 and at 3", "equation")
    if found.correct or not (mine.others or theirs.others):
        return _equation_against_value(gold, answer, mine, theirs, found)
    others = [_kinds(a, b) for a in (mine.value, *mine.others) for b in (value, *theirs.others)]
    return next((each for each in others if each.correct), _softened(found, others))


def _are_other_functions(mine: Named, theirs: Named, value: Expr) -> bool:
    """Whether f(x) = 1 and f(x) = x give the one variable of f other values."""
    variables = parameters(mine.name)
    if len(variables) != 1 or not parameters(theirs.name) or mine.others or theirs.others:
        return False
    if not all(isinstance(side, VALUES) for side in (mine.value, value)):
        return False
    if not symbols(mine.value) | symbols(value) <= set(variables):
        return False
    points: list[dict[str, Expr]] = [{variables[0]: Number(Fraction(k))} for k in (2, 3)]
    return all(_kinds(substitute(mine.value, at), substitute(value, at)).incorrect for at in points)


def _of_integers(gold: Expr, answer: Expr) -> Comparison:
    """Answers for all integers of a range: equal if what they say of one integer is."""
    if isinstance(gold, SetBuilder) and isinstance(answer, SetBuilder):
        mine, theirs = letter(gold), letter(answer)
        if mine != theirs and mine not in symbols(answer.head):
            answer = substitute(answer.head, {theirs: Symbol(mine)})
    elif isinstance(answer, SetBuilder) and in_range(answer):
        answer = _called_as(gold, answer)
    found = expressions(
        gold.head if in_range(gold) else gold,  # type: ignore[union-attr]
        answer.head if in_range(answer) else answer,  # type: ignore[union-attr]
    )
    return found if found.correct else unknown("answers for all integers of a range", "set")


def _of_other_domains(gold: Expr, answer: Expr) -> bool:
    """Whether the letter of one runs over all integers and that of the other over some."""
    if not (isinstance(gold, SetBuilder) and isinstance(answer, SetBuilder)):
        return False
    mine, theirs = gold.condition, answer.condition
    if not (in_range(gold) and in_range(answer)):
        return False
    both = isinstance(mine, Relation) and isinstance(theirs, Relation)
    return both and mine.members[-1] != theirs.members[-1]  # type: ignore[union-attr]


def _called_as(gold: Expr, answer: SetBuilder) -> Expr:
    """A tuple that runs over the integers with its letter called as the gold's tuple calls it."""
    place = named(gold).value
    names = symbols(place)
    if not isinstance(place, Collection) or place.brackets != "()" or len(names) != 1:
        return answer
    if len(symbols(answer.head)) != 1:
        return answer
    (name,) = names
    return substitute(answer.head, {letter(answer): Symbol(name)})


def _contradictory(gold: Named, answer: Named) -> Comparison:
    """A chain with a false step: what it comes to may still be right, and is never proven wrong."""
    if not gold.contradictory and _kinds(gold.value, answer.value).correct:
        return yes("that is where its chain of equalities ends", "equation")
    return unknown("a chain of equalities whose members differ", "equation")


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
    if isinstance(gold, Relation) and isinstance(answer, Relation):
        both = relations.relations(gold, answer)
        return both if both.correct or not found.incorrect else found
    for relation, given, other in ((gold, mine, theirs.value), (answer, theirs, mine.value)):
        if isinstance(relation, Relation) and given.name is None and isinstance(other, VALUES):
            solved = relations.solved_for(relation, other)
            if solved.correct or solved.incorrect:
                return solved
    return found


def _kinds(gold: Expr, answer: Expr) -> Comparison:
    """Compare two values or structures whose names have been taken off."""
    if isinstance(gold, Labelled) or isinstance(answer, Labelled):
        return _labelled(gold, answer)
    gold, answer = points(gold), points(answer)
    if has_signs(gold) or has_signs(answer):
        return _kinds(both_signs(gold), both_signs(answer))
    if isinstance(gold, _FIXED) or isinstance(answer, _FIXED):
        found = fixed(gold, answer)
        if found is not None:
            return found
    if isinstance(gold, Based) or isinstance(answer, Based):
        return based(gold, answer)
    if isinstance(gold, Ratio) or isinstance(answer, Ratio):
        return ratio(gold, answer)
    if is_congruence(gold) or is_congruence(answer):
        return congruence(gold, answer)
    gold, answer = folded(components(gold, 2)), folded(components(answer, 2))
    if isinstance(gold, Matrix) or isinstance(answer, Matrix):
        return matrices(expressions, gold, answer)
    plain = not (_is_scaled_set(gold) or _is_scaled_set(answer))
    if isinstance(gold, VALUES) and isinstance(answer, VALUES) and plain:
        return _infinite(gold, answer) or values(gold, answer)
    found = _as_sets(gold, answer)
    if found is not None:
        return found
    found = in_order(gold, answer)
    if found is not None:
        return found
    if looks_like_interval(gold) != looks_like_interval(answer):
        return unknown("an interval against something else", "interval")
    if isinstance(gold, Collection) or isinstance(answer, Collection):
        return collections(expressions, gold, answer)
    if isinstance(gold, Relation) and isinstance(answer, Relation):
        return relations.relations(gold, answer)
    if isinstance(gold, Combined) and isinstance(answer, Combined) and gold.op == answer.op:
        return unordered(expressions, gold.parts, answer.parts, proof=False)
    if isinstance(gold, SetBuilder) and isinstance(answer, SetBuilder):
        return builders(expressions, gold, answer)
    if isinstance(gold, Relation) and isinstance(answer, VALUES):
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


def _as_sets(gold: Expr, answer: Expr) -> Comparison | None:
    """Both as sets of reals, where at least one of them cannot be anything else."""
    certain = _only_a_set(gold), _only_a_set(answer)
    if not any(certain):
        both = isinstance(gold, Collection) and isinstance(answer, Collection)
        if both and {gold.brackets, answer.brackets} == {"()", "[]"}:  # type: ignore[union-attr]
            return _brackets_differ(gold, answer)
        return None
    mine, theirs = real_set(_set_of(gold)), real_set(_set_of(answer))
    if mine is not None and theirs is not None:
        return sets(mine, theirs)
    known, other = (mine, answer) if mine is not None else (theirs, gold)
    if known is None or not known.numeric or not isinstance(other, VALUES) or symbols(other):
        return None
    points = [p.low for p in known.pieces if p.low and p.high and equal(p.low, p.high).correct]
    if points:  # x >= 1 and x <= 1 is 1
        if len(known.pieces) > 1:
            return None
        return expressions(points[0], other) if mine is not None else expressions(other, points[0])
    return no("a number against a set of numbers", "interval")


def _set_of(expr: Expr) -> Expr:
    """A bare list of values as the set that it is beside another set."""
    if not isinstance(expr, Collection) or expr.brackets != "  ":
        return expr
    return Collection("{}", expr.items) if all(isinstance(i, VALUES) for i in expr.items) else expr


def _only_a_set(expr: Expr) -> bool:
    if isinstance(expr, Relation):
        return set(expr.ops) != {"="}
    if isinstance(expr, Combined):
        return expr.op != "and" or any(_only_a_set(part) for part in expr.parts)
    if isinstance(expr, SetBuilder):
        return real_set(expr) is not None
    if isinstance(expr, Collection) and expr.brackets == "  ":
        return bool(expr.items) and all(map(_only_a_set, expr.items)) and real_set(expr) is not None
    return isinstance(expr, Word) or looks_like_interval(expr) or _is_scaled_set(expr)


def _is_scaled_set(expr: Expr) -> bool:
    """A number times an interval: -[0, 1)."""
    return isinstance(expr, Product) and any(map(looks_like_interval, expr.factors))


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
        found = ordered(expressions, gold.items, answer.items)
        if found.correct:
            return unknown(OPEN_OR_POINT, "interval")
        return found
    return None
