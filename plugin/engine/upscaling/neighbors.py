"""Windows share what a network adds where they overlap, so that it is computed once."""

from .rolling import VECTOR, added_planes

_MOST_BYTES = 2**27  # of what is kept for the windows below


class Neighbors:
    """Keeps the borders of earlier windows for those on their right and below them.

    Back-projection looks `margin` pixels beyond what is kept of a window, and there lies what the
    window beside it keeps. A network gives a pixel the same values in both.

    Parameters
    ----------
    margin : int
        Coarse pixels around a window's core for which the network's result is wanted.
    """

    def __init__(self, margin):
        self._margin, self._left, self._above, self._bytes = margin, {}, {}, 0

    def __call__(self, network, image, told, window, narrow=False):
        """What `rolling.added_planes` gives, for a window of a layout.

        Parameters
        ----------
        network : Upscaler
        image : torch.Tensor, shape (C, H, W)
            The window's core with `margin` and the network's receptive radius around it.
        told : float
        window : Window
        narrow : bool

        Returns
        -------
        torch.Tensor, shape (C, factor squared, H', W')
        """
        if not self._margin or network.first.out_channels % VECTOR:
            return added_planes(network, image, told, narrow)
        left, above = self._known(network, window)
        top, side = (0 if known is None else 2 * self._margin for known in (above, left))
        lost = 2 * network.receptive_radius
        rows, columns = image.shape[1] - lost, image.shape[2] - lost
        planes = image.new_empty(len(image), network.factor**2, rows, columns)
        if side:
            planes[:, :, top:, :side] = left[:, :, top:]
        if top:
            planes[:, :, :top] = above
        new = planes[:, :, top:, side:]
        added_planes(network, image[:, top:, side:], told, narrow, out=new)
        self._keep(network, window, planes)
        return planes

    def _known(self, network, window):
        """The left and the upper border of a window, None where they are not there."""
        row, left = self._left.get(network, (None, None))
        below, above = self._above.get((network, window.column), (None, None))
        place = (window.row, window.height, window.column)
        return left if row == place else None, above if below == (
            window.row,
            window.width,
        ) else None

    def _keep(self, network, window, planes):
        wide = 2 * self._margin
        place = (window.row, window.height, window.column + window.width)
        self._left[network] = place, planes[..., -wide:].clone()
        known = self._above.pop((network, window.column), None)
        self._bytes -= 0 if known is None else known[1].nbytes
        below = planes[:, :, -wide:]
        if self._bytes + below.nbytes <= _MOST_BYTES:
            kept = below.clone()
            self._above[network, window.column] = (window.row + window.height, window.width), kept
            self._bytes += kept.nbytes
