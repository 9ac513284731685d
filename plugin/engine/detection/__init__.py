"""Object detection: boxes from where they are drawn, training, searching and the report.

A box is left, top, right, bottom in pixels of its scene, counted from the scene's upper left
corner. A scene is a raster or an image that is read in windows; a unit is the part of a scene
that is either trained on or scored: a whole image, or a block of a raster.
"""
