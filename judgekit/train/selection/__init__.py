"""Training data from graded runs: which responses to learn from, and against which.

`candidates` reads a graded run, `pairs`, `shortest`, `rollouts`, `mix` and `revised` are the
selections, one function a module, and `files` puts rows and their record on the disk.
"""
