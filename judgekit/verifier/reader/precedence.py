"""How tightly each sign binds, and what it means: the tables of the Pratt parser."""

from __future__ import annotations

from judgekit.verifier.reader import functions
from judgekit.verifier.reader.units import MONEY

LIST, RELATION, CHOOSE, SET, MOD, RATIO, ADD, MULTIPLY, NEGATE, IMPLICIT, POWER, POSTFIX = (
    5, 10, 12, 15, 16, 17, 20, 30, 32, 34, 50, 60,
)  # fmt: skip
DEEPEST = 60


RELATIONS = {
    "=": "=", "==": "=", ":=": "=", "\\equiv": "=", "<": "<", "\\lt": "<", ">": ">", "\\gt": ">",
    "<=": "<=", "=<": "<=", "\\le": "<=", "\\leq": "<=", "\\leqslant": "<=", "\\leqq": "<=",
    ">=": ">=", "\\ge": ">=", "\\geq": ">=", "\\geqslant": ">=", "\\geqq": ">=", "!=": "!=",
    "<>": "!=", "\\ne": "!=", "\\neq": "!=", "~": "~", "\\approx": "~", "\\sim": "~",
    "\\simeq": "~", "\\cong": "~", "\\doteq": "~", "\\in": "in", "\\notin": "notin",
    "\\coloneqq": "=",
}  # fmt: skip


BINDING = {
    "\\choose": CHOOSE, "\\over": CHOOSE,
    "\\cup": SET, "\\cupdot": SET, "\\sqcup": SET, "\\uplus": SET,
    "\\cap": SET, "\\setminus": SET, "\\backslash": SET, "\\bigcup": SET,
    ":": RATIO, "+": ADD, "-": ADD, "\\pm": ADD, "\\mp": ADD,
    "*": MULTIPLY, "/": MULTIPLY, "\\cdot": MULTIPLY, "\\times": MULTIPLY, "\\div": MULTIPLY,
    "\\ast": MULTIPLY, "\\bullet": MULTIPLY, "\\mod": MOD, "\\bmod": MOD, "\\pmod": MOD,
    "^": POWER, "**": POWER, "!": POSTFIX, "%": POSTFIX, "\\%": POSTFIX, "'": POSTFIX,
    "\\degree": POSTFIX, "\\textdegree": POSTFIX, "\\prime": POSTFIX, "\\permille": POSTFIX,
} | dict.fromkeys(MONEY, POSTFIX) | dict.fromkeys(RELATIONS, RELATION)  # fmt: skip


SET_OPS = {"\\cap": "intersection"} | dict.fromkeys(
    ("\\cup", "\\bigcup", "\\cupdot", "\\sqcup", "\\uplus"), "union"
)


WHOLE_EXPONENTS = frozenset((*functions.UNARY, "pi", "inf", "infty", "oo", "sqrt"))


DOMAINS = frozenset("ZNRQC")


MODULO = frozenset(("mod", "modulo", "\\mod", "\\bmod", "\\pmod"))


TIMES = frozenset(("*", "\\cdot", "\\times", "\\ast", "\\bullet"))
