"""Make large pictures small: 256 colors of their own, and fewer pixels if need be: shrink.py PICTURE ...

Run with the engine's Python, which has Pillow.
"""

import os
import sys

from PIL import Image

LARGEST_BYTES = 240_000

for path in sys.argv[1:]:
    if os.path.getsize(path) <= LARGEST_BYTES:
        continue
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    while True:
        few = picture.quantize(256, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
        if os.path.getsize(path) <= LARGEST_BYTES:
            break
        size = tuple(side * 9 // 10 for side in picture.size)
        picture = picture.resize(size, Image.Resampling.LANCZOS)
