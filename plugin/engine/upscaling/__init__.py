"""Upscaling: a generator that adds detail, and the measurements that hold it."""
