"""The exercises of the chapter *Your digit*."""

from collections.abc import Callable

import numpy as np

from mnist_lib.exercises.answers import by_behaviour, by_value, same


def _jitter(move: Callable) -> str | None:
    generator = np.random.default_rng()
    images = np.zeros((400, 28, 28, 1), np.float32)
    images[:, 4:24, 4:24] = generator.random((400, 20, 20, 1), np.float32)
    images[:, 27, 27] = 0.5  # what leaves here must not come in on the other side
    before = images.copy()
    found = np.asarray(move(images, np.random.default_rng(generator.integers(1 << 30))))
    if not np.array_equal(images, before):
        return "It changes the pictures that it was given; return new ones."
    if found.shape != images.shape:
        return f"Pictures of shape {images.shape} went in, {found.shape} came out."
    seen = [_shift_of(image[..., 0], out[..., 0]) for image, out in zip(before, found, strict=True)]
    if "round" in seen:
        return "What leaves on one side comes in on the other: fill the free pixels with 0."
    if None in seen:
        return (
            "One of the pictures is not the old one, moved by whole pixels, at most 2 in each "
            "direction, with zeros where nothing was."
        )
    if len(set(seen)) == 1:
        return "All pictures of the batch move alike: draw a shift for each of them."
    if all(shift in [(k, k) for k in range(-2, 3)] for shift in seen):
        return "Down and across always move by the same amount: draw two numbers."
    if len(set(seen)) < 25:
        return f"Of the 25 shifts from −2 to 2 only {len(set(seen))} occur: is an end left out?"
    once, again = (np.asarray(move(images, np.random.default_rng(7))) for _ in range(2))
    if not np.array_equal(once, again):
        return "The same generator must give the same pictures: draw from `rng` alone."
    return None


def _shift_of(image: np.ndarray, moved: np.ndarray) -> tuple[int, int] | str | None:
    """By how much a picture was moved; "round" where it came in on the other side."""
    for down in range(-2, 3):
        for across in range(-2, 3):
            padded = np.pad(image, 2)
            if same(moved, padded[2 - down : 30 - down, 2 - across : 30 - across]):
                return down, across
            if same(moved, np.roll(image, (down, across), (0, 1))):
                return "round"
    return None


def _other_rule(refuses: Callable) -> str | None:
    generator = np.random.default_rng()
    shares = np.concatenate([generator.dirichlet(np.full(10, a), 400) for a in (0.05, 0.2, 1)])
    verdicts = []
    for p in shares:
        verdict = np.asarray(refuses(p.copy()))
        if verdict.shape != () or verdict.dtype.kind not in "b":
            return "True or False was wanted, for one row of ten probabilities."
        verdicts.append(bool(verdict))
        if bool(refuses(generator.permutation(p))) != verdicts[-1]:
            return "The verdict changes when the classes change places."
    said = np.array(verdicts)
    if not bool(refuses(np.full(10, 0.1))):
        return "Ten times one tenth is no digit; your rule answers."
    if bool(refuses(np.eye(10)[generator.integers(10)])):
        return "It refuses even where one class has all of the 1."
    if said.all() or not said.any():
        return (
            f"Of {len(said):,} rows drawn by chance it refuses {'all' if said.all() else 'none'}."
        )
    top = shares.max(axis=1)
    if top[said].max() <= top[~said].min():
        return "That is a threshold on the largest probability, the rule of the chapter."
    if top[said].min() >= top[~said].max():
        return "It refuses the sure answers and lets the unsure ones pass."
    return None


EXERCISES = {
    "your_digit/1": by_value(
        (20, 20 / 9),
        "Go through the four steps. What is the tight box of the dot, and of the line?",
        {
            "So wide is the pen on the pad. The box is brought to 20 pixels, whatever it was.": (
                28,
                28,
            ),
            "So wide it would be if the whole pad were shrunk. Step 1 cuts out the box first.": (
                2.8,
                2.8,
            ),
            "The line is right. The dot has a box of its own.": (20 / 9, 20 / 9),
            "The dot is right. The longer side of the line is its length: what becomes of 252?": (
                20,
                20,
            ),
            "28 is the picture. The box is brought to 20 pixels.": (28, 28 / 9),
            "The pen is round: it adds half its width at both ends of the line.": (20, 2.5),
        },
    ),
    "your_digit/2": by_value(
        (8, 4),
        "Into which pixel must the centre fall, and where does that pixel end?",
        {
            "The shift is right. The box alone is shifted by (28 − 20) / 2.": (8, 8),
            "The picture's middle is at 14, but pixel 14 reaches from 14 to 15.": (7, 3),
            "A shift by whole pixels: drop the fraction.": (8.6, 4.6),
            "Rounded up, the centre would fall beyond pixel 14: drop the fraction.": (9, 5),
            "By how much do the two shifts differ? They have the same direction.": (8, 12),
            "That is how the box is shifted, and by how much it misses; the first was asked for "
            "the centre of mass.": (4, 4),
        },
    ),
    "your_digit/3": by_behaviour(_jitter),
    "your_digit/4": by_behaviour(_other_rule),
}
"""By number."""
