"""The benchmarks are all run by `make benchmark`, and their table holds what they say."""

from run_benchmarks import PLACE, SHORT, rows, table


def test_every_benchmark_has_a_short_form():
    assert sorted(name for name, _ in SHORT) == sorted(path.name for path in PLACE.glob("*.py"))


def test_lines_with_a_colon_become_rows_and_others_do_not():
    said = 'working\n   note: much\n4000 x 4000, halo: 612 MB: fine\n{"a": 1}\n--- japan: now\n'
    assert rows("m.py", said) == [("m.py", "4000 x 4000, halo", "612 MB: fine")]


def test_table_is_markdown_even_with_bars_in_a_cell():
    lines = table([("m.py", "a|b", "1 s")]).splitlines()
    assert lines[0] == "| benchmark | what | result |" and lines[2] == "| m.py | a\\|b | 1 s |"
