"""Images made from noise: learning to make them, guards, and whether they are of use."""
