"""What a run wrote of a vector file: it is removed if the file is not whole."""

import os
import struct

from qgis.core import QgsProviderConnectionException, QgsProviderRegistry

# The files of a format that a program writes beside the one that is asked for.
_BESIDE = (
    *(".shp", ".shx", ".dbf", ".prj", ".cpg", ".qpj", ".qix", ".sbn", ".sbx"),
    *(".tab", ".dat", ".map", ".id", ".ind", ".csvt"),
)
_BEHIND = ("-wal", "-shm", "-journal")


class WrittenFiles:
    """Remembers which files were there before a vector file is written.

    Parameters
    ----------
    path : str or None
        The file; None if the layer is in no file that the user named.
    is_new_table : bool
        Whether a table is added to the file, which stays.
    """

    def __init__(self, path, is_new_table=False):
        self._path, self._is_new_table = path, is_new_table
        self._before = {place: _mark(place) for place in _files_of(path)}
        self._tables = _tables(path) if is_new_table and self._before else None
        self._layer_path = path

    def holds(self, layer_id):
        """Tell where QGIS wrote: it adds the ending to a name that has none."""
        path = layer_id.split("|")[0]
        if path and self._path and os.path.dirname(path) == os.path.dirname(self._path):
            self._layer_path = path

    def remove(self):
        """Remove what is new or changed; a file that a table was added to stays."""
        if self._tables is not None:
            self._drop_new_tables()
            return
        for place in {*_files_of(self._path), *_files_of(self._layer_path)}:
            if self._is_written(place):
                _remove(place)

    def are_cut(self):
        """Whether a text or dBASE table ends before its last row does."""
        found = [place for place in _files_of(self._layer_path) if self._is_written(place)]
        return any(_is_cut(place) for place in found)

    def _is_written(self, place):
        return self._before.get(place) != _mark(place)

    def _drop_new_tables(self):
        for table in _tables(self._path) - self._tables:
            try:
                _connection(self._path).dropVectorTable("", table)
            except QgsProviderConnectionException:
                continue  # a full disk may not even let go of a table


def _files_of(path):
    """The files of a vector format at a path that exist."""
    if not path:
        return []
    stem = os.path.splitext(path)[0]
    places = {path, *(stem + ending for ending in _BESIDE), *(path + end for end in _BEHIND)}
    return [place for place in places if os.path.isfile(place)]


def _mark(place):
    """What changes when a file is written."""
    try:
        known = os.stat(place)
    except OSError:
        return None
    return known.st_ino, known.st_size, known.st_mtime_ns


def _is_cut(place):
    ending = os.path.splitext(place)[1].lower()
    if ending not in (".csv", ".dbf", ".dat"):
        return False
    with open(place, "rb") as file:
        head = file.read(12)
        file.seek(max(0, os.path.getsize(place) - 1))
        last = file.read(1)
    if ending == ".csv":
        return last != b"\n"
    rows, start, width = int.from_bytes(head[4:8], "little"), *struct.unpack("<HH", head[8:12])
    return os.path.getsize(place) < start + rows * width


def _remove(place):
    try:
        os.remove(place)
    except OSError:
        return  # open in another program, or gone already


def _tables(path):
    try:
        return {table.tableName() for table in _connection(path).tables()}
    except QgsProviderConnectionException:
        return set()


def _connection(path):
    return QgsProviderRegistry.instance().providerMetadata("ogr").createConnection(path, {})
