"""The note's recipe: train with RMSprop, then count the right answers.

With a folder for a checkpoint a training can be killed at any moment, and goes on from its last
whole epoch, to the same bits.
"""

from mnist_lib.training.checkpoint import CheckpointError
from mnist_lib.training.recipe import EXPECTED_ACCURACY, evaluate, one_hot, train
from mnist_lib.training.record import History, Score, describe_machine

__all__ = [
    "EXPECTED_ACCURACY",
    "CheckpointError",
    "History",
    "Score",
    "describe_machine",
    "evaluate",
    "one_hot",
    "train",
]
