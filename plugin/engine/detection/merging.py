"""Boxes of overlapping windows become objects that appear once.

A box that touches a border inside the scene shows a cut object. If it is no longer than the
windows overlap, the neighboring window has the whole object, and the cut box is given up. Longer
ones belong to objects that no window holds whole: their pieces are joined.
"""

import numpy as np

from ..metrics.detection import areas, intersections, overlaps

_NEAR = 3.0  # pixels within which a box touches a border
_SAME_SPAN = 0.5
_COVERED = 0.7


def touches(boxes, window, size):
    """Tell which sides of boxes touch a border of their window that lies inside the scene.

    Parameters
    ----------
    boxes : float array, shape (n, 4)
        In pixels of the scene.
    window : (row, column, height, width)
    size : (height, width)
        Of the scene.

    Returns
    -------
    bool array, shape (n, 4)
        Left, top, right, bottom.
    """
    row, column, height, width = window
    inner = [column > 0, row > 0, column + width < size[1], row + height < size[0]]
    borders = np.array([column, row, column + width, row + height], float)
    return (np.abs(boxes - borders) <= _NEAR) & inner


def merge(boxes, scores, labels, cut, overlap, share):
    """Merge the boxes of all windows of a scene.

    Parameters
    ----------
    boxes : float array, shape (n, 4)
    scores : float array, shape (n,)
    labels : int array, shape (n,)
    cut : bool array, shape (n, 4)
        As `touches` gives it.
    overlap : int
        Pixels by which neighboring windows overlap.
    share : float
        Boxes of one class are one object if their intersection is a larger share of their union.

    Returns
    -------
    boxes, scores, labels : arrays
        The surest first.
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    sideways, upright = cut[:, [0, 2]].any(axis=1), cut[:, [1, 3]].any(axis=1)
    # A longer object may touch the borders of both windows although each holds all of it.
    longest = overlap - 2 * _NEAR
    whole_next = (sideways & (sides[:, 0] < longest)) | (upright & (sides[:, 1] < longest))
    boxes, scores, labels, cut = (part[~whole_next] for part in (boxes, scores, labels, cut))
    kept = []
    for label in np.unique(labels):
        mine = labels == label
        some, sure, whole = _joined(boxes[mine], scores[mine], cut[mine], overlap)
        chosen = _suppress(some, sure, whole, share)
        kept.append((some[chosen], sure[chosen], np.full(len(chosen), label)))
    if not kept:
        return boxes[:0], scores[:0], labels[:0]
    boxes, scores, labels = (np.concatenate(part) for part in zip(*kept, strict=True))
    order = np.argsort(-scores, kind="stable")
    return boxes[order], scores[order], labels[order]


def _joined(boxes, scores, cut, overlap):
    """Join the pieces of objects that no window holds whole.

    Returns
    -------
    boxes, scores : arrays
    whole : bool array
        Whether a box was never cut, or is cut no more.
    """
    pieces = np.flatnonzero(cut.any(axis=1))
    parent = {int(piece): int(piece) for piece in pieces}
    for first in pieces:
        for second in pieces:
            if _fit(boxes[first], cut[first], boxes[second], cut[second], overlap):
                parent[_root(parent, int(first))] = _root(parent, int(second))
    roots = np.array([_root(parent, int(piece)) for piece in pieces], int)
    rest = ~cut.any(axis=1)
    unions, surest, closed = [boxes[rest]], [scores[rest]], [np.ones(rest.sum(), bool)]
    for root in np.unique(roots):
        some = pieces[roots == root]
        union = np.concatenate([boxes[some, :2].min(0), boxes[some, 2:].max(0)])
        open_ends = cut[some] & (np.abs(boxes[some] - union) <= _NEAR)
        unions.append(union[None])
        surest.append(scores[some].max(keepdims=True))
        closed.append(~open_ends.any(keepdims=True)[0])
    return np.concatenate(unions), np.concatenate(surest), np.concatenate(closed)


def _fit(first, first_cut, second, second_cut, overlap):
    """Whether the right or lower end of a piece goes on in the left or upper end of another."""
    for axis in (0, 1):
        if first_cut[axis + 2] and second_cut[axis]:
            shared = first[axis + 2] - second[axis]
            goes_on = first[axis] < second[axis] and first[axis + 2] < second[axis + 2]
            if goes_on and shared >= _COVERED * overlap and _same_span(first, second, 1 - axis):
                return True
    return False


def _same_span(first, second, axis):
    shared = min(first[axis + 2], second[axis + 2]) - max(first[axis], second[axis])
    union = max(first[axis + 2], second[axis + 2]) - min(first[axis], second[axis])
    return shared >= _SAME_SPAN * union


def _root(parent, key):
    while parent[key] != key:
        key = parent[key]
    return key


def _suppress(boxes, scores, whole, share):
    """Numbers of the boxes that are kept: whole ones first, then the surest."""
    rivals = _rivals(boxes, whole, share)
    kept = np.ones(len(boxes), bool)
    chosen = []
    for place in np.lexsort((-scores, ~whole)):
        if kept[place]:
            chosen.append(place)
            kept[rivals[place]] = False
    return np.array(chosen, int)


def _rivals(boxes, whole, share):
    """For every box the others that are the same object, found along sorted left sides."""
    order = np.argsort(boxes[:, 0], kind="stable")
    lefts = boxes[order, 0]
    rivals = [[] for _ in boxes]
    for position, place in enumerate(order):
        stop = np.searchsorted(lefts, boxes[place, 2], side="right")
        others = order[position + 1 : stop]
        for other in others[_same(boxes[place], whole[place], boxes[others], whole[others], share)]:
            rivals[place].append(other)
            rivals[other].append(place)
    return rivals


def _same(box, is_whole, others, are_whole, share):
    """Overlapping enough; or a piece that lies in a whole box, or around it."""
    one = box[None]
    same = overlaps(one, others)[0] > share
    piece = np.where(is_whole & ~are_whole, areas(others), np.inf)
    piece = np.where(~np.array(is_whole) & are_whole, areas(one), piece)
    return same | (intersections(one, others)[0] > _COVERED * piece)
