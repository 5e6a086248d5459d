"""Units: their names, their size in base units, and the grammar of a unit expression.

    unit   = ["square" | "cubic"] factor { ["*" | "\\cdot" | "/" | "per"] factor }
    factor = name ["^" integer | integer] | "(" unit ")"

A unit is a product of named factors; its size is an exact rational number of base units (metre,
kilogram, second, ampere, kelvin, mole, candela, and a base of its own for money of each currency,
information, the year, and temperature scales with a shifted zero). SI values: the SI brochure (9th
edition); others: their legal definitions (1 in = 0.0254 m, 1 lb = 0.45359237 kg, 1 cal = 4.184 J).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache

Unit = tuple[tuple[str, int], ...]
Dimensions = tuple[tuple[str, int], ...]

_PREFIXES = {
    "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1, "d": -1,
    "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15, "a": -18,
}  # fmt: skip
_PREFIX_WORDS = {
    "tera": 12, "giga": 9, "mega": 6, "kilo": 3, "centi": -2, "milli": -3, "micro": -6,
    "nano": -9, "pico": -12, "femto": -15, "deci": -1, "hecto": 2,
}  # fmt: skip
# symbol, long names, size in base units, base units
_SI: list[tuple[str, str, str, str]] = [
    ("m", "meter metre", "1", "m"),
    ("g", "gram gramme", "1/1000", "kg"),
    ("s", "second", "1", "s"),
    ("A", "ampere amp", "1", "A"),
    ("K", "kelvin", "1", "K"),
    ("mol", "mole", "1", "mol"),
    ("cd", "candela", "1", "cd"),
    ("N", "newton", "1", "kg m s-2"),
    ("J", "joule", "1", "kg m2 s-2"),
    ("W", "watt", "1", "kg m2 s-3"),
    ("Pa", "pascal", "1", "kg m-1 s-2"),
    ("Hz", "hertz", "1", "s-1"),
    ("C", "coulomb", "1", "A s"),
    ("V", "volt", "1", "kg m2 s-3 A-1"),
    ("Omega", "ohm", "1", "kg m2 s-3 A-2"),
    ("F", "farad", "1", "kg-1 m-2 s4 A2"),
    ("H", "henry", "1", "kg m2 s-2 A-2"),
    ("T", "tesla", "1", "kg s-2 A-1"),
    ("Wb", "weber", "1", "kg m2 s-2 A-1"),
    ("L", "liter litre", "1/1000", "m3"),
    ("l", "", "1/1000", "m3"),
    ("M", "molar", "1000", "mol m-3"),
    ("eV", "electronvolt", "1602176634/10000000000000000000000000000", "kg m2 s-2"),
    ("cal", "calorie", "4184/1000", "kg m2 s-2"),
    ("B", "byte", "8", "bit"),
    ("bit", "", "1", "bit"),
    ("pc", "parsec", "30856775814913673", "m"),
]
_OTHERS: list[tuple[str, str, str]] = [
    ("min minute minutes mins", "60", "s"),
    ("h hr hrs hour hours", "3600", "s"),
    ("sec secs", "1", "s"),
    ("day days", "86400", "s"),
    ("week weeks", "604800", "s"),
    ("year years yr yrs", "1", "year"),
    ("month months", "1/12", "year"),
    ("decade decades", "10", "year"),
    ("century centuries", "100", "year"),
    ("in inch inches", "127/5000", "m"),
    ("ft foot feet", "381/1250", "m"),
    ("yd yard yards", "1143/1250", "m"),
    ("mi mile miles", "1609344/1000", "m"),
    ("AA angstrom angstroms", "1/10000000000", "m"),
    ("micron microns", "1/1000000", "m"),
    ("ly", "9460730472580800", "m"),
    ("AU au", "149597870700", "m"),
    ("lb lbs lbm pound pounds", "45359237/100000000", "kg"),
    ("oz ounce ounces", "45359237/1600000000", "kg"),
    ("ton tons tonne tonnes", "1000", "kg"),
    ("lbf", "4448221615260/1000000000000", "kg m s-2"),
    ("dyne dynes dyn", "1/100000", "kg m s-2"),
    ("erg ergs", "1/10000000", "kg m2 s-2"),
    ("Btu BTU btu", "105505585262/100000000", "kg m2 s-2"),
    ("hp horsepower", "745699871582/1000000000", "kg m2 s-3"),
    ("atm", "101325", "kg m-1 s-2"),
    ("bar bars", "100000", "kg m-1 s-2"),
    ("mmHg torr Torr", "101325/760", "kg m-1 s-2"),
    ("psi", "689475729/100000", "kg m-1 s-2"),
    ("G gauss", "1/10000", "kg s-2 A-1"),
    ("gal gallon gallons", "3785411784/1000000000000", "m3"),
    ("acre acres", "40468564224/10000000", "m2"),
    ("hectare hectares ha", "10000", "m2"),
    ("cc", "1/1000000", "m3"),
    ("mph", "44704/100000", "m s-1"),
    ("kph kmph kmh", "5/18", "m s-1"),
    ("knot knots", "1852/3600", "m s-1"),
    ("rpm", "1/60", "s-1"),
    ("rad radian radians", "1", ""),
    ("percent pct percentage", "1/100", ""),
    ("dollar dollars USD usd", "1", "USD"),
    ("cent cents", "1/100", "USD"),
    ("euro euros EUR", "1", "EUR"),
    ("GBP", "1", "GBP"),
    ("rupee rupees Rs INR", "1", "INR"),
    ("yuan RMB CNY", "1", "CNY"),
    ("yen JPY", "1", "JPY"),
    ("bits", "1", "bit"),
    ("dozen dozens", "12", ""),
    ("deg degree degrees", "1", "deg"),
    ("celsius Celsius degC", "1", "celsius"),
    ("fahrenheit Fahrenheit degF", "1", "fahrenheit"),
    ("dB decibel decibels", "1", "dB"),
    ("unit units", "1", "unit"),
    ("sr steradian", "1", ""),
    ("kg 千克 公斤", "1", "kg"),
    ("g 克", "1/1000", "kg"),
    ("m 米", "1", "m"),
    ("cm 厘米", "1/100", "m"),
    ("km 千米 公里", "1000", "m"),
    ("min 分钟", "60", "s"),
    ("h 小时", "3600", "s"),
    ("L 升", "1/1000", "m3"),
    ("CNY 元", "1", "CNY"),
    ("deg 度", "1", "deg"),
    ("m2 平方米", "1", "m2"),
    ("cm2 平方厘米", "1/10000", "m2"),
    ("u amu Da dalton daltons", "1", "amu"),
]
MONEY = {
    "\\$": "USD", "€": "EUR", "\\euro": "EUR", "£": "GBP", "\\pounds": "GBP", "¥": "yen",
    "₹": "rupee", "¢": "cent", "\\cent": "cent",
}  # fmt: skip
"""Signs of currencies, which may stand before a number or after it."""


def _dimensions(text: str) -> dict[str, int]:
    """Base units out of "kg m2 s-2"."""
    found: dict[str, int] = {}
    for part in text.split():
        name = part.rstrip("-0123456789")
        found[name] = int(part[len(name) :] or 1)
    return found


@cache
def table() -> dict[str, tuple[str, Fraction, dict[str, int]]]:
    """Every spelling -> (canonical name, size, base units)."""
    known: dict[str, tuple[str, Fraction, dict[str, int]]] = {}
    for symbol, words, size, base in _SI:
        dims, one = _dimensions(base), Fraction(size)
        for prefix, power in _PREFIXES.items():
            if symbol not in ("bit",) and prefix + symbol not in known:
                known[prefix + symbol] = (prefix + symbol, one * Fraction(10) ** power, dims)
        for word in words.split():
            for prefix, power in _PREFIX_WORDS.items():
                sized = (prefix + word, one * Fraction(10) ** power, dims)
                known[prefix + word] = known[prefix + word + "s"] = sized
            known[word] = known[word + "s"] = (symbol, one, dims)
    for symbol, _, size, base in _SI:
        known[symbol] = (symbol, Fraction(size), _dimensions(base))
    for names, size, base in _OTHERS:
        first, *_ = names.split()
        for name in names.split():
            known[name] = (first, Fraction(size), _dimensions(base))
    known["henries"] = known["henry"]
    return known


def size(unit: Unit) -> tuple[Fraction, Dimensions]:
    """How many base units the unit is, and which."""
    total: dict[str, int] = {}
    factor = Fraction(1)
    for name, exponent in unit:
        _, one, dims = table()[name]
        factor *= one**exponent
        for base, power in dims.items():
            total[base] = total.get(base, 0) + power * exponent
    return factor, tuple(sorted((base, power) for base, power in total.items() if power))


def parse(atoms: Sequence[str]) -> Unit | None:
    """The unit that these words, signs and integers spell, or None if they spell none."""
    parts: list[tuple[str, int]] = []
    i, sign, scale, depth_sign = 0, 1, 1, [1]
    expecting = True
    while i < len(atoms):
        atom = atoms[i]
        i += 1
        if atom in ("*", "\\cdot", "\\times"):
            if expecting:
                return None
            expecting = True
            continue
        if atom == "per" and atoms[i : i + 1] == ["cent"]:
            atom, i = "percent", i + 1
        if atom in ("/", "per"):
            sign, expecting = -1, True
            continue
        if atom == "(":
            depth_sign.append(depth_sign[-1] * sign)
            sign, expecting = 1, True
            continue
        if atom == ")":
            if len(depth_sign) == 1:
                return None
            depth_sign.pop()
            expecting = False
            continue
        if atom in ("square", "sq", "cubic", "cu"):
            scale = 2 if atom.startswith("sq") else 3
            continue
        if atom == "a" and sign == -1:
            continue
        if atom in ("squared", "cubed") and parts:
            name, exponent = parts[-1]
            parts[-1] = (name, exponent * (2 if atom == "squared" else 3))
            continue
        known = table().get(atom) or table().get(atom.rstrip("."))
        if known is None:
            both = _pair(atom)
            if both is None:
                return None
            parts.append((both[0], sign * depth_sign[-1]))
            known = table()[both[1]]
        exponent, i = _exponent(atoms, i)
        if abs(exponent) > 9:
            return None
        parts.append((known[0], exponent * scale * sign * depth_sign[-1]))
        if len(depth_sign) == 1 and sign == -1 and i < len(atoms) and atoms[i] not in ("/", "per"):
            sign = -1 if atoms[i] in ("*", "\\cdot") else 1
        scale, expecting = 1, False
    return tuple(parts) if parts and not expecting and len(depth_sign) == 1 else None


def _pair(atom: str) -> tuple[str, str] | None:
    """Two symbols written without a sign between them: Nm, Wh, kWh, Jmol."""
    for cut in range(1, min(len(atom), 4)):
        left, right = table().get(atom[:cut]), table().get(atom[cut:])
        if left and right and atom in ("Nm", "Wh", "kWh", "MWh", "mAh", "Ah", "Vm", "kNm", "lbft"):
            return left[0], right[0]
    return None


def _exponent(atoms: Sequence[str], i: int) -> tuple[int, int]:
    """The exponent that stands at atom i, and where the atoms go on after it."""
    start = i
    if i < len(atoms) and atoms[i] == "^":
        i += 1
    negative = i < len(atoms) and atoms[i] == "-"
    i += negative
    if i < len(atoms) and atoms[i].isdigit() and len(atoms[i]) < 3:
        return (-int(atoms[i]) if negative else int(atoms[i])), i + 1
    return 1, start


def shown(unit: Unit) -> str:
    """The unit as one would write it."""
    return " ".join(name if power == 1 else f"{name}^{power}" for name, power in unit)
