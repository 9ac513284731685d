"""Earthquake catalogs on space-time grids: reading, completeness, counts, forecasts, tests."""
