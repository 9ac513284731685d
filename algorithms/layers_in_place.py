"""A layer that is in no file of its own: what is new goes again if it cannot be written whole."""

import os
import traceback

from qgis.core import QgsProviderConnectionException, QgsProviderRegistry

from .destinations import asked_place, is_new_table

BEHIND = ("-wal", "-shm", "-journal")  # what a database has behind its name while it is written


class InPlace:
    """A layer that is in no file of its own: a table, added features, or a layer in memory.

    Parameters
    ----------
    given : str or QgsProcessingOutputLayerDefinition
    """

    def __init__(self, given):
        self.sink = given
        self._path = asked_place(given) if is_new_table(given) else None
        self._tables = _tables(self._path) if self._path and os.path.isfile(self._path) else None

    def __enter__(self):
        if self._path:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
        return self

    def __exit__(self, kind, error, trace):
        traceback.clear_frames(trace)
        if kind and self._tables is not None:
            self._drop_new_tables()
        elif kind and self._path:
            for ending in ("", *BEHIND):
                _remove(self._path + ending)

    def are_cut(self):
        """A database tells by itself what it does not take."""
        return False

    def put_in_place(self, layer_id):
        """The layer is there already."""
        return layer_id

    def _drop_new_tables(self):
        for table in _tables(self._path) - self._tables:
            try:
                _connection(self._path).dropVectorTable("", table)
            except QgsProviderConnectionException:
                continue  # a full disk may not even let go of a table


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
