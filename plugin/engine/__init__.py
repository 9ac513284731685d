"""The engine: everything that needs torch, in a process and a Python of its own."""
