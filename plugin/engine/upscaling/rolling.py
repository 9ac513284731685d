"""Run an upscaler over an image in strips of rows that stay in the processor's cache.

Every layer keeps its last rows and goes on from them, so no row is computed twice. The features of
a whole window would leave the cache after each layer and take fresh memory from the system: a
convolution then takes twice the time.

Where the processor itself multiplies bfloat16, the convolutions between features may do so, in half
the time; what they add up to stays in single precision, and so do the first and the last layer.
"""

import torch
from torch.nn import functional

from ..device import computes_bfloat16

_PIXELS, _MOST_THREADS = 2**14, 4  # of a strip, for each thread; more would take much memory
_HAS_ONEDNN = torch.backends.mkldnn.is_available()
# With other numbers of channels the last bit of a value may hang on where in a window it lies.
VECTOR = 16


def added_planes(network, coarse, blur, narrow=False, out=None):
    """What a network adds to an interpolated image, where it sees no border.

    Parameters
    ----------
    network : Upscaler
        For one band, which then takes each by itself, or for all of them.
    coarse : torch.Tensor, shape (C, H, W)
        H and W more than twice the network's receptive radius.
    blur : float
        Response at the Nyquist frequency that the network hears of.
    narrow : bool
        Multiply in bfloat16 where `can_be_narrow`.
    out : torch.Tensor, shape (C, factor squared, H', W'), optional
        Where to put the result.

    Returns
    -------
    torch.Tensor, shape (C, factor squared, H', W')
        The fine pixels of each coarse one, as planes; H' is H - 2 receptive radii.
    """
    lost, phases = 2 * network.receptive_radius, network.factor**2
    height, width = coarse.shape[1] - lost, coarse.shape[2] - lost
    planes = coarse.new_empty(len(coarse), phases, height, width) if out is None else out
    for band in range(0, len(coarse), network.bands):
        made = planes[band : band + network.bands]
        told = coarse.new_full((1, *coarse.shape[1:]), blur)
        image = torch.cat([coarse[band : band + network.bands], told])[None]
        if coarse.device.type == "cpu":
            _roll(network, image.contiguous(memory_format=torch.channels_last), made, narrow)
        else:
            radius = network.receptive_radius
            whole = network.phases(image.contiguous(memory_format=torch.channels_last))
            made.copy_(whole.view(-1, phases, *coarse.shape[1:])[
                ..., radius : height + radius, radius : width + radius
            ])  # fmt: skip
    return planes


def can_be_narrow(network):
    """Whether the processor itself multiplies the features of a network in bfloat16."""
    return _HAS_ONEDNN and computes_bfloat16() and network.first.out_channels % VECTOR == 0


def _roll(network, image, planes, narrow):
    """Fill planes strip by strip; the first one sees so much more that it is as high as others."""
    height, width = planes.shape[2:]
    pixels = _PIXELS * min(torch.get_num_threads(), _MOST_THREADS)
    rows = min(max(4, pixels // width), height)
    kind = torch.bfloat16 if narrow and can_be_narrow(network) else torch.float32
    line, radius = _Line(network, image.shape[3], rows, kind), network.receptive_radius
    for row in range(0, height, rows):
        count = min(rows, height - row)
        first = row + 2 * radius - 2 if row else 0
        strip = line(image[:, :, first : row + count + 2 * radius])[..., radius:-radius]
        planes[:, :, row : row + count] = strip.view(*planes.shape[:2], count, width)


class _Line:
    """The layers of a network, with the rows of each that further ones need.

    Rows are counted from the first one of the first layer. A convolution loses a row at both ends,
    so that a block can add to the features in place: when it does, it needs none of those rows
    again. No columns are lost, but as many as the radius at both ends are wrong.
    """

    def __init__(self, network, width, rows, kind):
        blocks, channels = len(network.body), network.first.out_channels
        most = rows + 2 * network.receptive_radius
        self._first, self._last = network.first, network.last
        self._body = [(_in(kind, block.one), _in(kind, block.two)) for block in network.body]
        self._after, self._end = _in(kind, network.after), 0

        def room(kind, start=0):
            return _Rows(torch.empty(1, most, width, channels, dtype=kind), start)

        self._given, self._sum = room(torch.float32), room(torch.float32)
        self._seen = self._sum if kind == torch.float32 else room(kind)
        self._between = [None] * blocks, room(kind)
        self._all = room(torch.float32, 2 * blocks + 1)

    def __call__(self, image):
        """The last layer's result (1, channel, row, column) for further rows of the image."""
        made = _convolved(image, self._first.weight, self._first.bias)
        done, self._end = self._end, self._end + made.shape[2]
        lost = 2 * len(self._body) + 2
        for features in {self._given, self._sum, self._seen}:
            features.more(made.shape[2], lost).copy_(made)
        for number in range(len(self._body)):
            self._run(number, done)
        start, stop = max(done + 1 - lost, lost - 1), self._end + 1 - lost
        made = _convolved(self._seen[start - 1 : stop + 1], *self._after)
        torch.add(made, self._given[start:stop], out=self._all.more(stop - start, 2))
        start = max(start - 2, lost - 1)
        return _convolved(self._all[start:stop], self._last.weight, self._last.bias)

    def _run(self, number, done):
        """Add what a block gives to the features; `done` is where the strip before this ended."""
        one, two = self._body[number]
        start, stop = max(done - 2 * number - 1, 2 * number + 1), self._end - 2 * number - 1
        made = _convolved(self._seen[start - 1 : stop + 1], *one)
        between = self._joined(number, made)
        stop, rows = stop - 1, between.shape[2] - 2
        features = self._sum[stop - rows : stop]
        features += _convolved(between, *two)
        if self._seen is not self._sum:
            self._seen[stop - rows : stop] = features

    def _joined(self, number, made):
        """What lies between the layers of a block: rows kept of the last strip, and new ones."""
        last, room = self._between
        kept, whole = last[number], room.memory
        count = 0 if kept is None else 2
        if count:
            whole[:, :, :count] = kept
        end = count + made.shape[2]
        torch.clamp_min(made, 0, out=whole[:, :, count:end])
        last[number] = whole[:, :, end - 2 : end].clone()
        return whole[:, :, :end]


class _Rows:
    """The last rows of features, counted from the first one that there ever was."""

    def __init__(self, memory, start):
        self.memory = memory.permute(0, 3, 1, 2)
        self._start, self._end = start, start

    def more(self, count, kept):
        """Room for further rows; of those before as many as `kept` stay."""
        stay = min(kept, self._end - self._start)
        if self._end - stay > self._start:
            # They may overlap with where they go.
            self.memory[:, :, :stay] = self[self._end - stay : self._end].clone()
            self._start = self._end - stay
        self._end += count
        return self[self._end - count : self._end]

    def __getitem__(self, rows):
        return self.memory[:, :, rows.start - self._start : rows.stop - self._start]

    def __setitem__(self, rows, values):
        self[rows].copy_(values)


def _in(kind, layer):
    return layer.weight.to(kind), layer.bias.to(kind)


def _convolved(rows, weight, bias):
    """Convolve by the same kernels whatever the number of rows, so that no bit hangs on it.

    With one thread `conv2d` takes others for few pixels.
    """
    if _HAS_ONEDNN:
        return torch.mkldnn_convolution(rows, weight, bias, (0, 1), (1, 1), (1, 1), 1)
    return functional.conv2d(rows, weight, bias, padding=(0, 1))
