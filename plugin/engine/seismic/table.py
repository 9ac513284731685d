"""A table of events as a text file: separators, encodings and rows as they come."""

import csv
import os
from dataclasses import dataclass
from itertools import islice

from ...jobs.errors import JobError

_SEPARATORS = (",", ";", "\t", "|")
_LOOKED_AT = 2**16  # bytes
_ROWS_TO_LOOK_AT = 200
_LONGEST_HEADER = 100_000
_ROWS_BETWEEN_CHECKS = 5000
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True)
class Table:
    """A text file with a header.

    Attributes
    ----------
    path : str
    names : list of str
        Of the fields, in their order.
    sample : list of list of str
        The first rows.
    separator, encoding : str
    """

    path: str
    names: list
    sample: list
    separator: str
    encoding: str

    @property
    def name(self):
        """The file's name, for sentences."""
        return os.path.basename(self.path)

    def sampled(self, field):
        """The values of a field in the first rows that are not empty."""
        place = self.names.index(field)
        return [row[place] for row in self.sample if row[place].strip()]

    def columns(self, fields, progress):
        """Read fields of all rows.

        Parameters
        ----------
        fields : list of str
        progress : Progress

        Returns
        -------
        dict of list of str
            By name; row 1 is the first below the header.

        Raises
        ------
        JobError
            If a row is longer than the header, or the file is damaged.
        """
        places = [self.names.index(field) for field in fields]
        columns = [[] for _ in fields]
        size = max(os.path.getsize(self.path), 1)
        with _opened(self.path, self.encoding) as file:
            for number, row in enumerate(_rows(self, file), 1):
                if number % _ROWS_BETWEEN_CHECKS == 0:
                    progress(_share(file, size), f"Reading: {number:,} rows")
                for column, place in zip(columns, places):
                    column.append(row[place])
        return dict(zip(fields, columns))


def open_table(path):
    """Look at a table: its separator, encoding, header and first rows.

    Raises
    ------
    JobError
        If it is empty, is no text, or has no header.
    """
    encoding = _encoding(path)
    with _opened(path, encoding) as file:
        first = _first_line(file, path)
    if len(first) > _LONGEST_HEADER:
        raise JobError(
            f'The first line of "{os.path.basename(path)}" has {len(first):,} letters: it is no '
            "header of a table.",
            "Put the names of the fields into the first line.",
        )
    separator = max(_SEPARATORS, key=first.count)
    names = [
        name.strip().lstrip("#").strip() for name in next(csv.reader([first], delimiter=separator))
    ]
    table = Table(path, names, [], separator, encoding)
    if 2 * sum(map(_is_number, names)) >= len(names):
        raise JobError(
            f'"{table.name}" has no header: its first line is "{first.strip()[:60]}".',
            "Put the names of the fields into the first line.",
        )
    with _opened(path, encoding) as file:
        table.sample.extend(islice(_rows(table, file), _ROWS_TO_LOOK_AT))
    if not table.sample:
        raise JobError(
            f'"{table.name}" has no events: there is a header and no row below it.',
            "Check the filter of the layer or the query of the download.",
        )
    return table


def _first_line(file, path):
    while line := file.readline(_LONGEST_HEADER + 1):
        if line.strip():
            return line
    raise JobError(f'"{os.path.basename(path)}" is empty.', "Choose a file with events.")


def _rows(table, file):
    """The rows below the header, filled up to its length; blank lines do not count."""
    rows = csv.reader(file, delimiter=table.separator)
    width, number = len(table.names), -1
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            number += 1
            if number == 0:
                continue
            if len(row) > width and any(row[width:]):
                raise _too_long(table, row, number)
            yield row if len(row) == width else (row + [""] * width)[:width]
    except csv.Error as error:
        raise JobError(
            f'Row {number + 1:,} of "{table.name}" cannot be read: {error}.',
            "Export the catalog again as CSV.",
        ) from error


def _too_long(table, row, number):
    return JobError(
        f'Row {number:,} of "{table.name}" has {len(row)} values, the header {len(table.names)}: '
        f'the last is "{row[-1][:40]}".',
        f'Put texts that contain "{table.separator}" into quotes.',
    )


def _encoding(path):
    """UTF-8 or UTF-16 by its mark, UTF-8 without one, or else the code page of Windows.

    Raises
    ------
    JobError
        If it is none of them.
    """
    with open(path, "rb") as file:
        start = file.read(4)
        for mark, encoding in _BOMS:
            if start.startswith(mark):
                return encoding
        if b"\0" in start + file.read(_LOOKED_AT):
            raise JobError(
                f'"{os.path.basename(path)}" is no text.',
                "Choose a table of events, such as a CSV file.",
            )
        file.seek(0)
        try:
            for line in file:
                line.decode("utf-8")
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def _opened(path, encoding):
    return open(path, encoding=encoding, errors="replace", newline="")


def _share(file, size):
    return min(file.buffer.tell() / size, 1.0)


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True
