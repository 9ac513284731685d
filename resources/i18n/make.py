"""Bring the catalogs of texts up to date: make.py [LANGUAGE ...]

Every text of the plugin gets an entry in ``LANGUAGE.json``, beside its translation or an empty
text; entries that no longer exist leave. Without a language, all catalogs are looked through. A
catalog has four parts: ``texts`` of dialogs, ``messages`` while tools work, with slots for values,
``reports``, in the same way, and ``pieces``, words that messages and reports take in.
"""

import json
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))
from dialogs import dialog_texts  # noqa: E402 - found beside this file
from messages import messages  # noqa: E402
from reports import report_texts  # noqa: E402


def collected():
    """All texts of the plugin: set of texts by part of a catalog."""
    texts = dialog_texts()
    said, pieces = messages()
    told, taken_in = report_texts()
    said -= texts
    pieces = (pieces | taken_in) - texts - said
    return {
        "texts": texts,
        "messages": said,
        "reports": told - texts - said - pieces,
        "pieces": pieces,
    }


def renewed(old, wanted):
    """A catalog with the wanted texts, and what the old one knows of them."""
    known = {english: words for part in old.values() for english, words in part.items()}
    return {
        part: {english: known.get(english, "") for english in sorted(texts)}
        for part, texts in wanted.items()
    }


def written(catalog):
    """A catalog as the text of its file."""
    return json.dumps(catalog, ensure_ascii=False, indent=1) + "\n"


def main(languages):
    """Write the catalogs, and say how many texts of each are not translated."""
    paths = [FOLDER / f"{name}.json" for name in languages] or sorted(FOLDER.glob("*.json"))
    wanted = collected()
    for path in paths:
        old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        catalog = renewed(old, wanted)
        path.write_text(written(catalog), encoding="utf-8")
        count = sum(len(part) for part in catalog.values())
        missing = sum(not words for part in catalog.values() for words in part.values())
        print(f"{path.stem}: {count} texts, {missing} not translated")


if __name__ == "__main__":
    main(sys.argv[1:])
