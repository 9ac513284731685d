"""As many images at once as the memory affords, in training and in use."""

from ..jobs.errors import JobError
from . import notices, ranks
from .device import is_out_of_memory, release


class Portions:
    """Takes as many images at once as the memory affords: half as many once it has run out.

    What it has learned of the memory it keeps, so one object belongs to one network at work. That
    fewer are taken is said in the log.

    Parameters
    ----------
    most : int, optional
        Images at once to begin with; all that are given if None.
    """

    def __init__(self, most=None):
        self.most = most

    def each(self, run, *parts):
        """Run something over all images, portion by portion.

        Parameters
        ----------
        run : callable
            ``run(*parts)`` takes as many as it is given.
        *parts : sequences of one length
            Tensors, arrays or lists.

        Returns
        -------
        list
            What it gave, in order.

        Raises
        ------
        JobError
            If not even one image fits.
        """
        results, start, count = [], 0, len(parts[0])
        while start < count:
            size = min(self.most or count, count - start)
            try:
                results.append(run(*(part[start : start + size] for part in parts)))
            except (RuntimeError, MemoryError) as error:
                self._halve(size, error)
            else:
                start += size
        return results

    def descend(self, optimizer, loss_of, *parts, least=1):
        """Leave the gradient of a batch's mean loss in the weights; step by step if need be.

        The gradients of portions add up to that of the batch, but for rounding and for layers that
        look at the batch as a whole, as batch normalization does.

        Parameters
        ----------
        optimizer : torch.optim.Optimizer
            Its gradients are set to nothing first.
        loss_of : callable
            ``loss_of(*parts)`` gives the mean loss of images and the weight of this mean.
        *parts : sequences of one length
        least : int
            Images that the network needs at once.

        Returns
        -------
        float
            The mean loss of the batch.
        """
        while True:
            try:
                return self._gradients(optimizer, loss_of, parts, least)
            except (RuntimeError, MemoryError) as error:
                self._halve(min(self.most or len(parts[0]), len(parts[0])), error, least)

    def some(self, step, *parts):
        """Take a step on the first of the images, as many as the memory affords.

        For steps that compare the images of a batch with each other, which portions cannot.
        """
        while True:
            size = min(self.most or len(parts[0]), len(parts[0]))
            try:
                return step(*(part[:size] for part in parts))
            except (RuntimeError, MemoryError) as error:
                self._halve(size, error)

    def _gradients(self, optimizer, loss_of, parts, least):
        optimizer.zero_grad()
        count = len(parts[0])
        portions = max(1, min(-(-count // (self.most or count)), count // least))
        if portions == 1:
            loss, _ = loss_of(*parts)
            loss.backward()
            return float(loss.detach())
        edges = [count * number // portions for number in range(portions + 1)]
        total = weights = 0.0
        for start, stop in zip(edges, edges[1:], strict=False):
            loss, weight = loss_of(*(part[start:stop] for part in parts))
            if float(weight):
                (loss * weight).backward()
                total += float(loss.detach()) * float(weight)
                weights += float(weight)
        for group in optimizer.param_groups:
            for value in group["params"]:
                if value.grad is not None:
                    value.grad /= weights
        return total / max(weights, 1e-30)

    def _halve(self, size, error, least=1):
        """Take half as many from now on; whatever else is wrong rises."""
        # Several processes that train together must all take the same steps.
        if not is_out_of_memory(error) or ranks.count() > 1:
            raise error
        if size // 2 < least:
            raise JobError(
                f"There is not enough memory for {size} image{'s' * (size > 1)} at once.",
                "Choose the device CPU, a smaller image size, or close other programs.",
            ) from error
        self.most = size // 2
        notices.tell(
            f"There is not enough memory for {size} images at once; from now on {self.most} are "
            "taken."
        )
        release()
