"""How well a result agrees with the truth: pure functions over arrays."""
