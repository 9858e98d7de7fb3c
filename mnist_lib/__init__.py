"""One small convolutional network for MNIST, explained to the last number.

A map of the package, in the order in which a digit meets it:

==========================  ===================================================================
`mnist_lib.architecture`    the network as data: names, shapes, kernels of its eight layers
`mnist_lib.data`            load MNIST: one loader, four sources, verified by content hash
`mnist_lib.preprocessing`   turn any picture into an MNIST-like digit
`mnist_lib.model`           the network, once, in Keras
`mnist_lib.reference`       the same layers in plain NumPy, forwards and backwards
`mnist_lib.training`        the note's recipe: five epochs, batches of 64, RMSprop
`mnist_lib.saving`          save and load models: no file is lost, and no code in a file is run
`mnist_lib.variants`        the network with one part changed, to measure what that part is good for
`mnist_lib.experiments`     what such changes did to the accuracy: stored results of many trainings
`mnist_lib.calibration`    how far scores are from shares of right answers; a temperature against it
`mnist_lib.pretrained`      the weights of our own training run, readable without TensorFlow
`mnist_lib.simulate`        handwriting with known labels, and photographs of it
`mnist_lib.augment`         digits as other pens and other hands would have written them
`mnist_lib.exercises`       the self-check of the exercises: a hint, not a traceback
`mnist_lib.plots`           every figure of the book: arrays in, axes out
`mnist_lib.explorer`        the live network, on the book's pages and in notebooks
`mnist_lib.files`           write beside, then rename
`mnist_lib.cli`             `python -m mnist_lib train | evaluate | predict | data`
==========================  ===================================================================

CONTRIBUTING lists which of them may import which, and a test enforces it.
"""

__version__ = "1.0.0"

IMAGE_SHAPE = (28, 28, 1)
"""Rows, columns, channels of one digit."""

N_CLASSES = 10
"""The ten digits 0 to 9."""
