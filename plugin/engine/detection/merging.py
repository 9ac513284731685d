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


def merge(boxes, scores, labels, cut, overlap, share, check=lambda: None):
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
    check : callable
        Called for every box; may raise.

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
        some, sure, whole = _joined(boxes[mine], scores[mine], cut[mine], overlap, check)
        chosen = _suppress(some, sure, whole, share, check)
        kept.append((some[chosen], sure[chosen], np.full(len(chosen), label)))
    if not kept:
        return boxes[:0], scores[:0], labels[:0]
    boxes, scores, labels = (np.concatenate(part) for part in zip(*kept, strict=True))
    order = np.argsort(-scores, kind="stable")
    return boxes[order], scores[order], labels[order]


def _joined(boxes, scores, cut, overlap, check):
    """Join the pieces of objects that no window holds whole.

    Returns
    -------
    boxes, scores : arrays
    whole : bool array
        Whether a box was never cut, or is cut no more.
    """
    pieces = np.flatnonzero(cut.any(axis=1))
    rest = ~cut.any(axis=1)
    unions, surest, closed = [boxes[rest]], [scores[rest]], [np.ones(rest.sum(), bool)]
    for some in _objects(boxes[pieces], cut[pieces], overlap, check):
        some = pieces[some]
        union = np.concatenate([boxes[some, :2].min(0), boxes[some, 2:].max(0)])
        open_ends = cut[some] & (np.abs(boxes[some] - union) <= _NEAR)
        unions.append(union[None])
        surest.append(scores[some].max(keepdims=True))
        closed.append(~open_ends.any(keepdims=True)[0])
    return np.concatenate(unions), np.concatenate(surest), np.concatenate(closed)


def _objects(boxes, cut, overlap, check):
    """Numbers of the pieces of every object, in lists."""
    parent = list(range(len(boxes)))
    for first, second in sorted(_fitting(boxes, cut, overlap, check)):
        parent[_root(parent, first)] = _root(parent, second)
    members = {}
    for piece in range(len(boxes)):
        members.setdefault(_root(parent, piece), []).append(piece)
    return [members[root] for root in sorted(members)]


def _fitting(boxes, cut, overlap, check):
    """Pairs of pieces of which the first goes on in the second."""
    for place, others in _meeting(boxes, check):
        one, many = (boxes[place], cut[place]), (boxes[others], cut[others])
        yield from ((place, int(other)) for other in others[_fit(*one, *many, overlap)])
        yield from ((int(other), place) for other in others[_fit(*many, *one, overlap)])


def _meeting(boxes, check):
    """Every box with those that begin right of where it begins, and not right of its end."""
    order = np.argsort(boxes[:, 0], kind="stable")
    stops = np.searchsorted(boxes[order, 0], boxes[order, 2], side="right")
    for position, (place, stop) in enumerate(zip(order.tolist(), stops, strict=True)):
        check()
        yield place, order[position + 1 : stop]


def _fit(first, first_cut, second, second_cut, overlap):
    """Whether the right or lower end of pieces goes on in the left or upper end of others."""
    fit = False
    for axis in (0, 1):
        cut = first_cut[..., axis + 2] & second_cut[..., axis]
        shared = first[..., axis + 2] - second[..., axis]
        goes_on = (first[..., [axis, axis + 2]] < second[..., [axis, axis + 2]]).all(axis=-1)
        together = goes_on & (shared >= _COVERED * overlap) & _same_span(first, second, 1 - axis)
        fit |= cut & together
    return fit


def _same_span(first, second, axis):
    starts, ends = (
        (first[..., axis], second[..., axis]),
        (first[..., axis + 2], second[..., axis + 2]),
    )
    shared = np.minimum(*ends) - np.maximum(*starts)
    return shared >= _SAME_SPAN * (np.maximum(*ends) - np.minimum(*starts))


def _root(parent, key):
    while parent[key] != key:
        parent[key] = key = parent[parent[key]]
    return key


def _suppress(boxes, scores, whole, share, check):
    """Numbers of the boxes that are kept: whole ones first, then the surest."""
    rivals = _rivals(boxes, whole, share, check)
    kept = np.ones(len(boxes), bool)
    chosen = []
    for place in np.lexsort((-scores, ~whole)):
        if kept[place]:
            chosen.append(place)
            kept[rivals[place]] = False
    return np.array(chosen, int)


def _rivals(boxes, whole, share, check):
    """For every box the others that are the same object."""
    rivals = [[] for _ in boxes]
    for place, others in _meeting(boxes, check):
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
