"""Time series of grids: reading, references, a recurrent network, forecasts."""
