"""Maps from labels: a class for every pixel."""
