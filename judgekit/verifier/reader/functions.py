"""The functions that the reader knows by name, and how each name is written."""

from __future__ import annotations

UNARY = {
    "sin": "sin", "cos": "cos", "tan": "tan", "tg": "tan", "cot": "cot", "ctg": "cot",
    "sec": "sec", "csc": "csc", "cosec": "csc", "arcsin": "asin", "asin": "asin",
    "arccos": "acos", "acos": "acos", "arctan": "atan", "atan": "atan", "arctg": "atan",
    "arccot": "acot", "acot": "acot", "arcsec": "asec", "arccsc": "acsc", "sinh": "sinh",
    "cosh": "cosh", "tanh": "tanh", "coth": "coth", "sech": "sech", "csch": "csch",
    "arcsinh": "asinh", "asinh": "asinh", "arsinh": "asinh", "arccosh": "acosh",
    "acosh": "acosh", "arcosh": "acosh", "arctanh": "atanh", "atanh": "atanh",
    "artanh": "atanh", "ln": "ln", "log": "log", "lg": "log10", "exp": "exp", "sgn": "sign",
    "sign": "sign", "Re": "re", "Im": "im", "Gamma": "gamma", "Ln": "ln", "Log": "log",
    "cis": "cis", "Sin": "sin", "Cos": "cos", "Tan": "tan",
}  # fmt: skip
"""Spelling (`\\sin`, `sin`) -> name in the tree, for functions that may go without brackets."""

BRACKETED = {
    "sqrt": "sqrt", "cbrt": "cbrt", "abs": "abs", "floor": "floor", "ceil": "ceil",
    "ceiling": "ceil", "min": "min", "max": "max", "gcd": "gcd", "lcm": "lcm", "binom": "binom",
    "binomial": "binom", "factorial": "factorial", "root": "root", "GCD": "gcd", "LCM": "lcm",
    "Min": "min", "Max": "max", "conjugate": "conjugate", "gamma": "gamma",
    "det": "det", "arg": "arg", "Arg": "arg",
}  # fmt: skip
"""Functions that are functions only before a bracket (`\\min`, `floor`)."""

INVERSE = {
    "sin": "asin", "cos": "acos", "tan": "atan", "cot": "acot", "sec": "asec", "csc": "acsc",
    "sinh": "asinh", "cosh": "acosh", "tanh": "atanh",
}  # fmt: skip
"""What `\\sin^{-1}` means."""

KNOWN = frozenset(UNARY.values()) | frozenset(BRACKETED.values()) | {
    "percent", "deg", "pm", "logb", "log10",
}  # fmt: skip
"""Every function that numeric evaluation has a meaning for."""
