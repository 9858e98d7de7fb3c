"""Recipes: everything about a training that is not the network, its digits or its seed."""

import math
from typing import NamedTuple

import keras

from mnist_lib.augment import Limits

_OPTIMIZERS = {
    "rmsprop": keras.optimizers.RMSprop,
    "adam": keras.optimizers.Adam,
    "nadam": keras.optimizers.Nadam,
    "sgd": keras.optimizers.SGD,
}


class Recipe(NamedTuple):
    """How a network is trained; the values that stand here are the note's.

    epochs, batch_size: how often each digit is seen, and how many digits a step averages over
    optimizer: "rmsprop", "adam", "nadam" or "sgd" (with Nesterov's momentum of 0.9)
    learning_rate: its largest value, in the optimizer's unit
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

RECIPES = {"note": NOTE}
"""By name."""


def compile_for(model: keras.Model, recipe: Recipe, digits: int) -> None:
    """Compile a model with a fresh optimizer that follows the recipe on so many digits.

    raises: ValueError for an optimizer that is not listed

    >>> from mnist_lib.model import build_model
    >>> model = build_model()
    >>> compile_for(model, Recipe(optimizer="adam", decay=True), 60_000)
    >>> model.optimizer.name
    'adam'
    """
    if recipe.optimizer not in _OPTIMIZERS:
        names = ", ".join(_OPTIMIZERS)
        raise ValueError(f"expected optimizer as one of {names}, got {recipe.optimizer!r}")
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
    options = {"momentum": 0.9, "nesterov": True} if recipe.optimizer == "sgd" else {}
    if recipe.averaging:
        options |= {"use_ema": True, "ema_momentum": recipe.averaging}
    optimizer = _OPTIMIZERS[recipe.optimizer](rate, **options)
    model.compile(optimizer, loss="categorical_crossentropy", metrics=["accuracy"])
