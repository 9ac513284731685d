"""The files of an output layer: they take their place when they are whole, or nothing changes."""

import os
import shutil
import struct
import tempfile
import traceback
from contextlib import suppress

from qgis.core import QgsProcessingOutputLayerDefinition, QgsProperty

from ..plugin.jobs.places import part_path
from .destinations import asked_place, is_new_table
from .layers_in_place import BEHIND, InPlace

# The files of a format that belong to the one that is asked for, by its ending.
_SHAPEFILE = frozenset(
    (".shp", ".shx", ".dbf", ".prj", ".cpg", ".qpj", ".qix", ".sbn", ".sbx", ".idm", ".ind")
)
_MAPINFO = frozenset((".tab", ".dat", ".map", ".id", ".ind"))
_TOGETHER = {".shp": _SHAPEFILE, ".tab": _MAPINFO}


def written(given):
    """The files of a destination, as a context in which they are written.

    Parameters
    ----------
    given : str or QgsProcessingOutputLayerDefinition

    Returns
    -------
    Beside or InPlace
    """
    place = asked_place(given)
    if place and not is_new_table(given) and not appends(given):
        return Beside(given, place)
    return InPlace(given)


def try_out(given):
    """Find out before the work begins whether a layer could take its place.

    Raises
    ------
    NotReplacedError
        If an older file of the layer is held open by another program.
    """
    place = asked_place(given)
    if not place or is_new_table(given) or appends(given):
        return
    folder, name = os.path.split(place)
    try:
        for one in _files_of(folder, name) if os.path.isdir(folder) else ():
            path = os.path.join(folder, one)
            os.rename(path, path)  # Windows refuses this for an open file, and changes nothing
    except OSError as error:
        raise NotReplacedError(error.errno, error.strerror) from error


def appends(given):
    """Whether a destination is a layer that features are added to."""
    return isinstance(given, QgsProcessingOutputLayerDefinition) and given.useRemapping()


class NotReplacedError(OSError):
    """Older files may not be replaced.

    Attributes
    ----------
    aside : str
        The folder of those that could not even be put back; empty if all are there as before.
    """

    def __init__(self, number, why, aside=""):
        super().__init__(number, why)
        self.aside = aside


class Beside:
    """A layer in files of its own: they are written in a folder beside their place.

    They have their names there already, for formats call the layer by the name of its file.

    Parameters
    ----------
    given : str or QgsProcessingOutputLayerDefinition
    place : str
        The file that it names.

    Attributes
    ----------
    sink : str or QgsProcessingOutputLayerDefinition
        Where to write; after entering.

    Raises
    ------
    OSError
        On entering, if there can be no such folder.
    """

    def __init__(self, given, place):
        self._given, self._place = given, place

    def __enter__(self):
        folder = os.path.dirname(self._place)
        os.makedirs(folder, exist_ok=True)
        prefix = os.path.basename(part_path(self._place)) + "."
        self._folder = tempfile.mkdtemp(prefix=prefix, dir=folder)
        self._whole, self._aside = (os.path.join(self._folder, name) for name in ("new", "old"))
        os.mkdir(self._whole)
        os.mkdir(self._aside)
        self.sink = _moved(self._given, os.path.join(self._whole, os.path.basename(self._place)))
        return self

    def __exit__(self, kind, error, trace):
        traceback.clear_frames(trace)  # they hold the sink, which holds its file open
        shutil.rmtree(self._whole, ignore_errors=True)
        for folder in (self._aside, self._folder):
            with suppress(OSError):  # older files that could not be put back stay
                os.rmdir(folder)

    def are_cut(self):
        """Whether a text or dBASE table ends before its last row does."""
        return any(is_cut(os.path.join(self._whole, name)) for name in os.listdir(self._whole))

    def put_in_place(self, layer_id):
        """Give the files their place; those of an older layer go.

        Parameters
        ----------
        layer_id : str
            As the sink tells it, with the ending that QGIS adds to a name that has none.

        Returns
        -------
        str
            The layer's id in its place.

        Raises
        ------
        NotReplacedError
            If an older file may not be replaced; then all of them are there as before.
        """
        there, name = os.path.dirname(self._place), os.path.basename(layer_id.split("|")[0])
        try:
            self._exchange(there, name)
        except OSError as error:
            aside = self._aside if os.listdir(self._aside) else ""
            raise NotReplacedError(error.errno, error.strerror, aside) from error
        shutil.rmtree(self._aside, ignore_errors=True)
        return os.path.join(there, layer_id[len(self._whole) + 1 :])

    def _exchange(self, there, name):
        new = os.listdir(self._whole)
        old = _files_of(there, name) | {*new}.intersection(os.listdir(there))
        if new == [name]:  # a single file takes its place in one step
            old -= {name}
        _move(
            [(os.path.join(there, one), os.path.join(self._aside, one)) for one in old]
            + [(os.path.join(self._whole, one), os.path.join(there, one)) for one in new]
        )


def is_cut(place):
    """Whether a text or dBASE table ends before its last row does."""
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


def _moved(given, path):
    """A destination with another path."""
    if not isinstance(given, QgsProcessingOutputLayerDefinition):
        return path
    moved = QgsProcessingOutputLayerDefinition(given)
    moved.sink = QgsProperty.fromValue(path)
    return moved


def _files_of(folder, name):
    """Names of the files that are there of the layer in a file."""
    stem, ending = os.path.splitext(name)
    together = _TOGETHER.get(ending.lower(), ())
    behind = {name, *(name + end for end in BEHIND)}
    return {
        one
        for one in os.listdir(folder)
        if one in behind or (one.startswith(stem + ".") and one[len(stem) :].lower() in together)
    }


def _move(moves):
    """Rename files in their order; all have their old names again if one may not be renamed."""
    done = []
    try:
        for source, target in moves:
            os.replace(source, target)
            done.append((target, source))
    except OSError:
        for target, source in reversed(done):
            with suppress(OSError):  # another program has just opened it
                os.replace(target, source)
        raise
