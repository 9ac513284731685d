"""Run an upscaler over an image in strips of rows that stay in the processor's cache.

Every layer keeps its last rows and goes on from them, so no row is computed twice. The features of
a whole window would leave the cache after each layer and take fresh memory from the system: a
convolution then takes twice the time.
"""

import torch
from torch.nn import functional

_PIXELS, _MOST_THREADS = 2**14, 4  # of a strip, for each thread; more would take much memory
_HAS_ONEDNN = torch.backends.mkldnn.is_available()


def added_planes(network, coarse, blur):
    """What a network adds to an interpolated image, where it sees no border.

    Parameters
    ----------
    network : Upscaler
        For one band, which then takes each by itself, or for all of them.
    coarse : torch.Tensor, shape (C, H, W)
        H and W more than twice the network's receptive radius.
    blur : float
        Response at the Nyquist frequency that the network hears of.

    Returns
    -------
    torch.Tensor, shape (C, factor squared, H', W')
        The fine pixels of each coarse one, as planes; H' is H - 2 receptive radii.
    """
    lost, phases = 2 * network.receptive_radius, network.factor**2
    height, width = coarse.shape[1] - lost, coarse.shape[2] - lost
    planes = coarse.new_empty(len(coarse), phases, height, width)
    for band in range(0, len(coarse), network.bands):
        made = planes[band : band + network.bands]
        told = coarse.new_full((1, *coarse.shape[1:]), blur)
        image = torch.cat([coarse[band : band + network.bands], told])[None]
        if coarse.device.type == "cpu":
            _roll(network, image.contiguous(memory_format=torch.channels_last), made)
        else:
            radius = network.receptive_radius
            whole = network.phases(image.contiguous(memory_format=torch.channels_last))
            made.copy_(whole.view(-1, phases, *coarse.shape[1:])[
                ..., radius : height + radius, radius : width + radius
            ])  # fmt: skip
    return planes


def _roll(network, image, planes):
    """Fill planes strip by strip; the first one sees so much more that it is as high as others."""
    height, width = planes.shape[2:]
    pixels = _PIXELS * min(torch.get_num_threads(), _MOST_THREADS)
    rows = min(max(4, pixels // width), height)
    line, lost = _Line(network, image.shape[3], rows), 2 * network.receptive_radius
    ones = torch.eye(planes.shape[1])
    for row in range(0, height, rows):
        count = min(rows, height - row)
        first = row + lost - 2 if row else 0
        strip = line(image[:, :, first : row + count + lost])
        pixels = strip.permute(0, 2, 3, 1).reshape(count * width, len(planes), -1)
        for band, plane in enumerate(planes):
            # A product with ones in the diagonal turns pixels of channels to planes at full speed.
            into = plane[:, row : row + count].view(len(plane), -1)
            torch.mm(ones, pixels[:, band].T, out=into)


class _Line:
    """The layers of a network, each with the rows that it still needs."""

    def __init__(self, network, width, rows):
        blocks, channels = len(network.body), network.first.out_channels
        most = rows + 2 * network.receptive_radius
        self._network, self._delay = network, 2 * blocks + 1

        def after(convolutions, kept):
            lost = 2 * convolutions
            return _Rows(channels, most - lost, width - lost, kept)

        kept = [self._delay, *([2] * blocks)]
        self._given = [after(2 * place + 1, count) for place, count in enumerate(kept)]
        self._between = [after(2 * place + 2, 2) for place in range(blocks)]
        self._end = after(2 * blocks + 2, 2)

    def __call__(self, image):
        """The last layer's result (1, channel, row, column) for further rows of the image."""
        network, given = self._network, self._given
        given[0].put(_convolved(network.first, image))
        for place, block in enumerate(network.body):
            between = self._between[place]
            made = _convolved(block.one, given[place].fresh)
            torch.clamp_min(made, 0, out=between.room(made.shape[2]))
            made = _convolved(block.two, between.fresh)
            rows = made.shape[2]
            torch.add(made, given[place].before(2, rows), out=given[place + 1].room(rows))
        made = _convolved(network.after, given[-1].fresh)
        rows = made.shape[2]
        torch.add(made, given[0].before(self._delay, rows), out=self._end.room(rows))
        return _convolved(network.last, self._end.fresh)


class _Rows:
    """The last rows of a layer's input, and room for the next ones after them."""

    def __init__(self, channels, most, width, kept):
        self._memory = torch.empty(1, most + kept, width, channels).permute(0, 3, 1, 2)
        self._kept, self._filled, self._new = kept, 0, 0

    def room(self, count):
        """Where the next rows go."""
        stay = min(self._kept, self._filled)
        if stay:
            last = self._memory[:, :, self._filled - stay : self._filled]
            self._memory[:, :, :stay] = last.clone() if self._filled < 2 * stay else last
        self._filled, self._new = stay + count, count
        return self._memory[:, :, stay : self._filled]

    def put(self, rows):
        self.room(rows.shape[2]).copy_(rows)

    @property
    def fresh(self):
        """The new rows and the two before them."""
        return self._memory[:, :, max(self._filled - self._new - 2, 0) : self._filled]

    def before(self, delay, count):
        """`count` rows of the inside that end `delay` rows before the last one."""
        return self._memory[:, :, self._filled - delay - count : self._filled - delay,
                            delay:-delay]  # fmt: skip


def _convolved(layer, rows):
    """Convolve by the same kernels whatever the number of rows, so that no bit hangs on it.

    With one thread `conv2d` takes others for few pixels.
    """
    if _HAS_ONEDNN:
        return torch.mkldnn_convolution(rows, layer.weight, layer.bias, (0, 0), (1, 1), (1, 1), 1)
    return functional.conv2d(rows, layer.weight, layer.bias)
