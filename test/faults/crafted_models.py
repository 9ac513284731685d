"""Model files taken apart, and put together again with another card or header."""

import json
import struct

from plugin.jobs.model_card import KEY


def taken_apart(path):
    """Header, as a dict, and tensors' bytes of a safetensors file."""
    with open(path, "rb") as file:
        content = file.read()
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def put_together(path, header, tensors):
    text = header if isinstance(header, bytes) else json.dumps(header).encode("ascii")
    path.write_bytes(struct.pack("<Q", len(text)) + text + tensors)
    return str(path)


def with_card(path, header, tensors, card):
    text = card if isinstance(card, str) else json.dumps(card)
    changed = {**header, "__metadata__": {**header["__metadata__"], KEY: text}}
    return put_together(path, changed, tensors)
