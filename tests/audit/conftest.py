"""Tests of this folder share `making.py`: rows, subjects and runs to audit."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
