"""What a network looked at when it named a class.

The functions take any network that turns images (N, band, row, column), in the network's range,
into logits (N, classes), and the class of every image that is to be explained.
"""
