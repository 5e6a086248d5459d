"""What a problem is about, by a judge of the configuration: a section of the MSC.

s1 had a model label each problem by the Mathematics Subject Classification (arXiv 2501.19393,
section 2.2), whose sections reach into physics, biology and economics. The reply must end with the
two digits of a section; what cannot be read is asked once more and then has no domain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from judgekit.backends.engine import Ask, Engine
from judgekit.backends.turn import derive, open_context
from judgekit.config import Config, JudgeConfig
from judgekit.errors import DataError, RequestFailed, UnknownName
from judgekit.judges.asking import most_tokens
from judgekit.judges.budget import Amount, Budget
from judgekit.judges.engines import open_backend
from judgekit.judges.fence import MAX_QUESTION, between, middle_out, neutralise
from judgekit.lines import Lines, read_lines
from judgekit.prompt import load_prompt, messages, prompt_hash
from judgekit.records import Problem
from judgekit.rows import from_row
from judgekit.runs import digest
from judgekit.strategies.together import together
from judgekit.train.curation.pool import Row

MSC: Mapping[str, str] = {
    "00": "General and overarching topics",
    "01": "History and biography",
    "03": "Mathematical logic and foundations",
    "05": "Combinatorics",
    "06": "Order, lattices, ordered algebraic structures",
    "08": "General algebraic systems",
    "11": "Number theory",
    "12": "Field theory and polynomials",
    "13": "Commutative algebra",
    "14": "Algebraic geometry",
    "15": "Linear and multilinear algebra; matrix theory",
    "16": "Associative rings and algebras",
    "17": "Nonassociative rings and algebras",
    "18": "Category theory; homological algebra",
    "19": "K-theory",
    "20": "Group theory and generalizations",
    "22": "Topological groups, Lie groups",
    "26": "Real functions",
    "28": "Measure and integration",
    "30": "Functions of a complex variable",
    "31": "Potential theory",
    "32": "Several complex variables and analytic spaces",
    "33": "Special functions",
    "34": "Ordinary differential equations",
    "35": "Partial differential equations",
    "37": "Dynamical systems and ergodic theory",
    "39": "Difference and functional equations",
    "40": "Sequences, series, summability",
    "41": "Approximations and expansions",
    "42": "Harmonic analysis on Euclidean spaces",
    "43": "Abstract harmonic analysis",
    "44": "Integral transforms, operational calculus",
    "45": "Integral equations",
    "46": "Functional analysis",
    "47": "Operator theory",
    "49": "Calculus of variations and optimal control; optimization",
    "51": "Geometry",
    "52": "Convex and discrete geometry",
    "53": "Differential geometry",
    "54": "General topology",
    "55": "Algebraic topology",
    "57": "Manifolds and cell complexes",
    "58": "Global analysis, analysis on manifolds",
    "60": "Probability theory and stochastic processes",
    "62": "Statistics",
    "65": "Numerical analysis",
    "68": "Computer science",
    "70": "Mechanics of particles and systems",
    "74": "Mechanics of deformable solids",
    "76": "Fluid mechanics",
    "78": "Optics, electromagnetic theory",
    "80": "Classical thermodynamics, heat transfer",
    "81": "Quantum theory",
    "82": "Statistical mechanics, structure of matter",
    "83": "Relativity and gravitational theory",
    "85": "Astronomy and astrophysics",
    "86": "Geophysics",
    "90": "Operations research, mathematical programming",
    "91": "Game theory, economics, social and behavioral sciences",
    "92": "Biology and other natural sciences",
    "93": "Systems theory; control",
    "94": "Information and communication, circuits",
    "97": "Mathematics education",
}
"""The 63 sections of the MSC 2020."""

PROMPT = "curation/domain"
ATTEMPTS = 2
AT_ONCE = 64
LISTED = "\n".join(f"{code} {name}" for code, name in MSC.items())

Watch = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A judge's label of a question, as kept on the disk under the hash of both."""

    key: str
    domain: str


async def label_domains(
    rows: Sequence[Row], judge: str, config: Config, kept: Path, watch: Watch | None = None
) -> dict[int, str]:
    """The domain of each row, by number; a row without one has none (see `section_of`).

    Labels are appended to `kept` as they come, and what stands there is not asked again. Raises
    `UnknownName` for a judge that is no table [judges.NAME], `BackendError` where its model stays
    down.
    """
    if judge not in config.judges:
        hint = "a table [judges.NAME] in judgekit.toml"
        raise UnknownName("judge", judge, config.judges, hint=hint)
    settings = config.judges[judge]
    asked_as = digest([settings.model, settings.base_url, prompt_hash(load_prompt(PROMPT))])
    keys = {row.number: digest([asked_as, row.question]) for row in rows}
    known = _known(kept)
    owed = {keys[row.number]: row.question for row in rows if keys[row.number] not in known}
    if owed:
        engine = open_backend(settings.served_by)
        budget = Budget.of(settings, judge)
        todo, done = iter(owed.items()), list[str]()
        try:
            with closing(Lines(kept, locked=True)) as sheet:

                async def worker() -> None:
                    for key, question in todo:
                        domain = await _ask(engine, budget, settings, question)
                        if domain is not None:
                            known[key] = domain
                            sheet.append(Labelled(key, domain))
                        done.append(key)
                        if watch:
                            watch(len(done), len(owed))

                await together(worker() for _ in range(AT_ONCE))
        finally:
            await engine.aclose()
    return {number: known[key] for number, key in keys.items() if key in known}


def section_of(reply: str) -> str | None:
    """The section that the last line of a reply names, as `11 Number theory`; None without one.

    >>> section_of("I would say: 11")
    '11 Number theory'
    """
    lines = reply.strip().splitlines()
    codes = re.findall(r"(?<!\d)\d\d(?!\d)", lines[-1]) if lines else []
    code = codes[0] if len(set(codes)) == 1 else ""
    return f"{code} {MSC[code]}" if code in MSC else None


async def _ask(engine: Engine, budget: Budget, config: JudgeConfig, question: str) -> str | None:
    """The judge's word on one question; None where it cannot be had or read."""
    shown = middle_out(neutralise(question), MAX_QUESTION)
    mark = digest(shown)[:16]
    chat = messages(
        load_prompt(PROMPT),
        Problem("", between("problem", shown, mark), ""),
        domains=LISTED,
        mark=mark,
    )
    for attempt in range(ATTEMPTS):
        context = open_context(engine, chat)
        most = Amount(1, most_tokens(context), config.max_tokens)
        if not await budget.reserve(most):
            return None
        used = most
        try:
            seed = derive(0, mark, attempt)
            temperature = config.temperature or 0.0
            said = await engine.extend(
                context, Ask(config.max_tokens, temperature=temperature, seed=seed)
            )
            used = Amount(1, said.prompt_tokens, said.tokens + said.discarded)
        except RequestFailed:
            return None
        finally:
            engine.release(context)
            await budget.settle(most, used)
        if domain := section_of(said.text):
            return domain
    return None


def _known(kept: Path) -> dict[str, str]:
    try:
        rows = [from_row(Labelled, row, where=f"{kept} line {n}") for n, row in read_lines(kept)]
    except DataError as fault:
        raise DataError(
            f"{kept} holds no domain labels: {fault.message}", hint=fault.hint
        ) from None
    return {row.key: row.domain for row in rows}
