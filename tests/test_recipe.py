"""Laws of the recipes: what each value changes, and that the note's changes nothing."""

import types

import keras
import numpy as np
import pytest

from mnist_lib.augment import Limits
from mnist_lib.data import Digits
from mnist_lib.model import build_model
from mnist_lib.training import NOTE, CheckpointError, Recipe, train
from mnist_lib.training.recipe import compile_for

N = 100
DIGITS = Digits(
    np.broadcast_to(np.arange(N).reshape(N, 1, 1, 1) / N, (N, 28, 28, 1)).astype(np.float32),
    np.arange(N) % 10,
)


class Recorder:
    """A fake network: records how it is compiled and what it is given, and trains nothing."""

    def __init__(self):
        self.compiled, self.calls = [], []

    def compile(self, optimizer, **options):
        self.compiled.append((optimizer, options))

    def fit(self, images, targets, **options):
        self.calls.append((images, targets, options))
        return types.SimpleNamespace(history={"loss": [1.0], "accuracy": [0.5]})


def recorded(recipe, **options):
    recorder = Recorder()
    train(recorder, DIGITS, recipe=recipe, **options)
    return recorder


def rates(recipe, digits=640):
    """The learning rate of every step."""
    recorder = Recorder()
    compile_for(recorder, recipe, digits)
    ((optimizer, _),) = recorder.compiled
    rate = optimizer._learning_rate
    steps = recipe.epochs * digits // recipe.batch_size
    if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        return np.array([float(rate(step)) for step in range(steps + 1)])
    return np.full(steps + 1, float(rate))


def test_the_notes_recipe_leaves_the_model_as_it_is_compiled():
    recorder = recorded(NOTE)
    assert recorder.compiled == []
    assert [call[2]["batch_size"] for call in recorder.calls] == [64] * 5
    images, targets, _ = recorder.calls[0]
    assert sorted(images[:, 0, 0, 0]) == sorted(DIGITS.images[:, 0, 0, 0])
    assert set(np.unique(targets)) == {0, 1}


@pytest.mark.parametrize("changed", [{"epochs": 2}, {"batch_size": 7}])
def test_counts_given_by_hand_stay_with_the_notes_optimizer(changed):
    assert recorded(NOTE, **changed).compiled == []


def test_any_other_recipe_compiles_anew_with_loss_and_metric_of_the_note():
    ((optimizer, options),) = recorded(Recipe(optimizer="adam", learning_rate=0.002)).compiled
    assert isinstance(optimizer, keras.optimizers.Adam)
    assert float(optimizer.learning_rate) == pytest.approx(0.002)
    assert options == {"loss": "categorical_crossentropy", "metrics": ["accuracy"]}


@pytest.mark.parametrize("name", ["rmsprop", "adam", "nadam", "sgd"])
def test_every_optimizer_has_its_name(name):
    ((optimizer, _),) = recorded(Recipe(optimizer=name, learning_rate=0.02)).compiled
    assert type(optimizer).__name__.lower() == name


def test_an_unknown_optimizer_is_refused_by_its_name():
    with pytest.raises(ValueError, match="adamm"):
        recorded(Recipe(optimizer="adamm"))


def test_decay_falls_from_the_rate_to_zero_along_half_a_cosine():
    found = rates(Recipe(decay=True))
    share = np.arange(51) / 50
    assert np.allclose(found, 0.001 * (1 + np.cos(np.pi * share)) / 2, atol=1e-9)


def test_warm_up_rises_in_its_share_of_the_steps_and_then_stays():
    found = rates(Recipe(warm_up=0.2))
    assert np.allclose(found[:11], 0.001 * np.arange(11) / 10, atol=1e-9)
    assert np.allclose(found[10:], 0.001, atol=1e-9)


def test_with_both_it_rises_and_falls_and_ends_at_zero_with_the_last_step():
    found = rates(Recipe(warm_up=0.2, decay=True, learning_rate=0.003))
    assert found.argmax() == 10
    assert found.max() == pytest.approx(0.003)
    assert found[-1] == pytest.approx(0, abs=1e-9)
    assert (np.diff(found[10:]) < 0).all()


def test_smoothing_spreads_its_share_over_all_classes():
    _, targets, _ = recorded(Recipe(smoothing=0.1)).calls[0]
    assert targets.max() == pytest.approx(0.91)
    assert targets.min() == pytest.approx(0.01)
    assert targets.sum(axis=1) == pytest.approx(1)


def test_moved_digits_keep_their_labels_and_move_anew_in_each_epoch(embedded):
    digits = embedded.train[:N]
    recorder = Recorder()
    train(recorder, digits, recipe=Recipe(limits=Limits(shift=1)))
    first, second = (images for images, *_ in recorder.calls[:2])
    assert not np.array_equal(np.sort(first, axis=0), np.sort(second, axis=0))
    inked = digits.images.sum(axis=(1, 2, 3))
    for images, targets, _ in recorder.calls:
        nearest = np.abs(images.sum(axis=(1, 2, 3))[:, np.newaxis] - inked).argmin(axis=1)
        assert (digits.labels[nearest] == targets.argmax(axis=1)).mean() > 0.95


@pytest.mark.slow
def test_averaging_leaves_the_mean_of_the_weights_and_not_the_last(embedded):
    def trained(recipe):
        keras.utils.set_random_seed(0)
        model = build_model()
        before = [array.copy() for array in model.get_weights()]
        train(model, embedded.train[:320], recipe=recipe)
        return before, model.get_weights()

    before, plain = trained(Recipe(epochs=1, learning_rate=0.002))
    _, averaged = trained(Recipe(epochs=1, learning_rate=0.002, averaging=0.5))
    moved = [np.abs(a - b).mean() for a, b in zip(averaged, before, strict=True)]
    all_the_way = [np.abs(a - b).mean() for a, b in zip(plain, before, strict=True)]
    assert all(0 < m < a for m, a in zip(moved, all_the_way, strict=True))


@pytest.mark.slow
def test_a_recipe_goes_on_from_its_checkpoint_to_the_same_bits(embedded, tmp_path):
    digits, recipe = (
        embedded.train[:320],
        Recipe(2, 32, "adam", decay=True, limits=Limits(shift=1), averaging=0.9),
    )

    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            stops.append(epoch)
            if len(stops) == 2:
                raise KeyboardInterrupt

    def fresh():
        keras.utils.set_random_seed(0)
        return build_model()

    stops, whole, model = [], fresh(), fresh()
    train(whole, digits, recipe=recipe)
    with pytest.raises(KeyboardInterrupt):
        train(model, digits, recipe=recipe, checkpoint=tmp_path, callbacks=[Stop()])
    again = fresh()
    assert len(train(again, digits, recipe=recipe, checkpoint=tmp_path).loss) == 2
    for one, other in zip(whole.get_weights(), again.get_weights(), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"limits": Limits(shift=2)}, "limits"),
        ({"smoothing": 0.2}, "smoothing"),
        ({"decay": False}, "optimizer"),
        ({"averaging": 0.5}, "optimizer"),
        ({"batch_size": 64}, "batch size"),
    ],
)
def test_a_checkpoint_of_another_recipe_is_refused(other, named, embedded, tmp_path):
    digits = embedded.train[:64]
    recipe = Recipe(1, 32, decay=True, limits=Limits(shift=1), smoothing=0.1, averaging=0.9)
    train(build_model(), digits, recipe=recipe, checkpoint=tmp_path)
    with pytest.raises(CheckpointError, match=f"another training: its {named} is"):
        train(build_model(), digits, recipe=recipe._replace(**other), checkpoint=tmp_path)
