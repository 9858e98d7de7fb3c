"""The exercises of *Architecture*: right answers are right, typical mistakes get their own hint."""

import numpy as np

from mnist_lib.exercises import check
from mnist_lib.exercises.architecture import _PARAMETERS, _WORK, _cost

OURS = "C32 M C64 M C64 F D64 D10"


def smallest(layers):
    side = 1
    for size, stride in layers[::-1]:
        side = (side - 1) * stride + size
    return side


def by_search(layers):
    """The same, with none of the reasoning: the first side that leaves something everywhere."""
    side = 1
    while True:
        left = side
        for size, stride in layers:
            left = len(range(0, left - size + 1, stride))
        if left:
            return side
        side += 1


def forwards(layers):
    side = 1
    for size, stride in layers:
        side = (side - 1) * stride + size
    return side


RIGHT = {
    "architecture/1": [576, 3 * 3 * 2 * 32],
    "architecture/2": [812],
    "architecture/3": [smallest, by_search, lambda layers: np.int64(smallest(layers))],
    "architecture/4": [
        "C32 M C16 M C64 F D144 D10",
        "C8 M C16 M C16 F D640 D10",
        "C8 C8 M C16 M C16 F D2000  D10",
        "C8 M M C16 C32 F D2000 D20 D10",
    ],
}
WRONG = [
    ("architecture/1", 640, "one bias"),
    ("architecture/1", 896, "How many more"),
    ("architecture/1", 864, "weights has C1"),
    ("architecture/1", 288, "colour brings two"),
    ("architecture/1", 18, "one kernel"),
    ("architecture/1", 186_644, "as before"),
    ("architecture/1", 0, "Only one layer"),
    ("architecture/2", 40 + (9 + 1) * 6 + 550, "all 4 channels"),
    ("architecture/2", 36 + 216 + 540, "bias"),
    ("architecture/2", 40 + (9 + 1) * 4 * 6 + 550, "for each channel"),
    ("architecture/2", 40 + 222 + (4 * 4 * 6 + 1) * 10, "rounds down"),
    ("architecture/2", 40 + 222, "without D"),
    ("architecture/2", 550, "D alone"),
    ("architecture/2", 47, "One layer at a time"),
    ("architecture/3", lambda layers: 18, "fewer are"),
    ("architecture/3", lambda layers: 1, "leaves nothing after layer 1"),
    ("architecture/3", forwards, "fewer are"),
    ("architecture/3", lambda layers: smallest(layers) + 1, "fewer are"),
    ("architecture/3", lambda layers: smallest(layers) - 1, "leaves nothing"),
    ("architecture/3", lambda layers: smallest(layers) + 0.5, "whole number"),
    ("architecture/3", lambda layers: (smallest(layers),) * 2, "whole number"),
    ("architecture/3", lambda layers: layers, "whole number"),
    ("architecture/3", lambda: 18, "TypeError"),
    ("architecture/4", OURS, "100 % of ours"),
    ("architecture/4", "C16 M C32 M C32 F D32 D10", "too few"),
    ("architecture/4", "C64 M C128 M C128 F D128 D10", "most of the work"),
    ("architecture/4", "F D128 D10", "three convolutions"),
    ("architecture/4", "C32 M C16 M C64 F D144", "D10"),
    ("architecture/4", "C32 M C16 M C64 D144 D10", "takes a row"),
    ("architecture/4", "C32 M C16 F M C64 D144 D10", "takes a row"),
    ("architecture/4", "C32 M C16 M C64 M C64 F D4000 D10", "run out"),
    ("architecture/4", "C32 M2 C16 M C64 F D144 D10", "M2 is no layer"),
    ("architecture/4", "C M C16 M C64 F D144 D10", "C is no layer"),
    ("architecture/4", ["C32", "M"], "line of text"),
]


def test_a_function_is_judged_on_layers_that_it_has_not_seen():
    known = [(3, 1), (2, 2), (3, 1), (2, 2), (3, 1)]
    assert (
        check("architecture/3", lambda layers: smallest(layers) if layers == known else 3) is False
    )


def test_the_costs_are_those_of_the_network(weights):
    """By the shipped weights, and by Keras for another network."""
    import keras

    assert _cost(OURS) == (_PARAMETERS, _WORK)
    assert sum(part.size for pair in weights.values() for part in pair) == _PARAMETERS
    layers = [keras.layers.Conv2D(4, 3), keras.layers.MaxPooling2D(2), keras.layers.Conv2D(6, 3)]
    layers += [keras.layers.Flatten(), keras.layers.Dense(10)]
    model = keras.Sequential([keras.Input((28, 28, 1)), *layers])
    positions = [int(np.prod(layer.output.shape[1:-1])) for layer in layers if layer.weights]
    sizes = [layer.get_weights()[0].size for layer in layers if layer.weights]
    work = int(np.dot(positions, sizes))
    assert _cost("C4 M C6 F D10") == (model.count_params(), work)
