"""judgekit: run small reasoning language models, and know what they got right."""

__version__ = "0.1.0"
