"""Train by a recipe, the note's unless another is given; then count the right answers.

With a folder for a checkpoint a training can be killed at any moment, and goes on from its last
whole epoch, to the same bits.
"""

from mnist_lib.training.checkpoint import CheckpointError
from mnist_lib.training.loop import evaluate, one_hot, train
from mnist_lib.training.recipe import NOTE, Recipe
from mnist_lib.training.record import History, Score, describe_machine

__all__ = [
    "EXPECTED_ACCURACY",
    "NOTE",
    "CheckpointError",
    "History",
    "Recipe",
    "Score",
    "describe_machine",
    "evaluate",
    "one_hot",
    "train",
]

EXPECTED_ACCURACY = {60_000: (0.985, 0.996), 4_000: (0.89, 0.99)}
"""Where the test accuracy of the note's recipe falls, by number of training digits.

Bands, not values: the low bits of a run differ between processors, and one seed differs from
the next. Five seeds on the 60,000 gave 9,888 to 9,932 of 10,000; twelve on the embedded 4,000 gave
923 to 967 of 1,000, with a standard deviation of 13. The bands leave a margin on both sides.
"""
