"""Training: recipes and wiring for TRL, and the data that they are given."""
