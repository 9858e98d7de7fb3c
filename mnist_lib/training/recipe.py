"""Recipes: everything about a training that is not the network, its digits or its seed."""

import math
from typing import NamedTuple

import keras

from mnist_lib.augment import Limits


class Recipe(NamedTuple):
    """How a network is trained; the values that stand here are the note's.

    epochs, batch_size: how often each digit is seen, and how many digits a step averages over
    optimizer: a name that `keras.optimizers.get` knows, such as "adam"
    learning_rate: its peak
    warm_up: the share of all steps in which the learning rate rises from zero to that value
    decay: whether it then falls to zero, along half a cosine
    limits: how far the digits are moved, anew in each epoch
    smoothing: this share of each target is spread over all ten classes (label smoothing)
    averaging: the momentum of the moving average of the weights that takes their place at the end
    of each epoch; 0 for none
    """

    epochs: int = 5
    batch_size: int = 64
    optimizer: str = "rmsprop"
    learning_rate: float = 0.001
    warm_up: float = 0.0
    decay: bool = False
    limits: Limits = Limits()
    smoothing: float = 0.0
    averaging: float = 0.0


NOTE = Recipe()
"""Five epochs of RMSprop, in batches of 64."""


def compile_for(model: keras.Model, recipe: Recipe, digits: int) -> None:
    """Compile a model with a fresh optimizer that follows the recipe on so many digits.

    digits: how many an epoch shows
    raises: ValueError for an optimizer that Keras does not know

    >>> from mnist_lib.model import build_model
    >>> model = build_model()
    >>> compile_for(model, Recipe(optimizer="adam", decay=True), 60_000)
    >>> type(model.optimizer).__name__
    'Adam'
    """
    steps = recipe.epochs * math.ceil(digits / recipe.batch_size)
    rate: float | keras.optimizers.schedules.LearningRateSchedule = recipe.learning_rate
    if recipe.decay or recipe.warm_up:
        warm = round(recipe.warm_up * steps)
        rate = keras.optimizers.schedules.CosineDecay(
            0.0 if warm else rate,
            decay_steps=max(1, steps - warm),
            alpha=0.0 if recipe.decay else 1.0,
            warmup_target=recipe.learning_rate if warm else None,
            warmup_steps=warm,
        )
    kind = type(keras.optimizers.get(recipe.optimizer))
    averaged = {"use_ema": True, "ema_momentum": recipe.averaging} if recipe.averaging else {}
    optimizer = kind(rate, **averaged)
    model.compile(optimizer, loss="categorical_crossentropy", metrics=["accuracy"])
