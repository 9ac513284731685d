"""The Deep Geology plugin: QGIS side, worker and engine."""
