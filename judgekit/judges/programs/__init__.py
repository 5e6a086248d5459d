"""Judges as programs: DSPy signatures and modules over our own engines, and their tuning.

A program (`judgekit.judges.programs.program`) is what a judge is asked, as data: a form (`predict`,
`chain-of-thought`, `agent`), instructions and examples, saved as JSON. DSPy drives it; it speaks to
our engines through one seam (`seam`), and in our own words (`adapter`): fenced inputs, one JSON
object as the reply, nothing repaired. The verdict itself is read by the parser of all judges. DSPy
is the extra `judge`, imported by these modules alone, and only where a judge is a program.
"""
