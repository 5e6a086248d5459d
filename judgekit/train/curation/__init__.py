"""From a large pool of problems with traces to a small training set, after s1K.

Muennighoff et al. 2025, arXiv 2501.19393: quality, difficulty and diversity, in this order. `pool`
reads the rows, `quality`, `duplicates`, `contamination` and `difficulty` say which to drop and why,
`domains` asks a judge what a problem is about, `diversity` draws, and `curate` does one after the
other and keeps the books.
"""
