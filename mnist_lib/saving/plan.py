"""The plan in a model file, compared with the one network: as data, layer by layer.

A plan is the list of layers with their settings that Keras writes into a file, as JSON. Nothing in
it is imported, called or built.
"""

import json
from itertools import pairwise
from typing import Any

from mnist_lib.architecture import LAYERS, Layer

MAX_PLAN = 100_000
"""Characters of a plan; this network's has 7,000."""

_SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "convolution": ("Conv2D", {"kernel_size": (3, 3), "strides": (1, 1), "dilation_rate": (1, 1)}),
    "pooling": ("MaxPooling2D", {"pool_size": (2, 2), "strides": (2, 2)}),
    "flatten": ("Flatten", {}),
    "dense": ("Dense", {}),
}
"""The class of a layer in Keras, and what distinguishes it besides the shapes of its arrays."""

_COMMON: dict[str, Any] = {
    "trainable": True,
    "padding": "valid",
    "data_format": "channels_last",
    "groups": 1,
}
_NONE = ("regularizer", "constraint")
# No other optimizer of Keras has these settings together.
_RMSPROP = {"rho": 0.9, "momentum": 0.0, "epsilon": 1e-7, "centered": False}


class OtherNetworkError(Exception):
    """The plan is not that of the network; the message says what was found and expected."""


def read_plan(text: str | bytes) -> list[str]:
    """Compare a plan with the network.

    text: the plan as JSON
    returns: the names that the file gives to the layers with weights, in order
    raises: OtherNetworkError where anything differs that an answer or a training depends on
    """
    if len(text) > MAX_PLAN:
        raise OtherNetworkError(
            f"a plan of {len(text):,} characters, at most {MAX_PLAN:,} expected"
        )
    plan = json.loads(text)
    kind = plan["class_name"]
    if kind not in ("Sequential", "Functional"):
        raise OtherNetworkError(f"a {kind}, not a Sequential model")
    _check_module(plan)
    inputs, layers = _split(plan["config"]["layers"])
    if inputs != [[28, 28, 1]]:
        raise OtherNetworkError(f"another network: it takes {inputs}, expected [[28, 28, 1]]")
    found = [layer["class_name"] for layer in layers]
    if found != (wanted := [_SETTINGS[layer.kind][0] for layer in LAYERS]):
        raise OtherNetworkError(f"another network: {found}, expected {wanted}")
    for stored, layer in zip(layers, LAYERS, strict=True):
        _compare(stored, layer)
    if kind == "Functional":
        _check_chain(plan["config"])
    names = [stored["config"]["name"] for stored in layers]
    return [name for name, layer in zip(names, LAYERS, strict=True) if layer.kernel_shape]


def is_our_optimizer(text: str | bytes) -> bool:
    """Whether a plan was trained by RMSprop with the settings of the note."""
    # Saving as .h5 makes Keras forget the optimizer's settings: what is not stated is its default.
    optimizer = json.loads(text).get("compile_config", {}).get("optimizer", "rmsprop")
    if not isinstance(optimizer, dict):
        return optimizer == "rmsprop"
    return all(optimizer["config"].get(key) == value for key, value in _RMSPROP.items())


def _split(layers: list[dict]) -> tuple[list, list[dict]]:
    """The shapes of the inputs, without the batch, and the layers that follow."""
    inputs, others = [], []
    for layer in layers:
        _check_module(layer)
        if layer["class_name"] != "InputLayer":
            others.append(layer)
            continue
        config = layer["config"]
        inputs.append((config.get("batch_shape") or config["batch_input_shape"])[1:])
        _check_type(config, "the input")
    return inputs, others


def _check_module(part: dict) -> None:
    if str(part.get("module", "keras")).partition(".")[0] != "keras":
        raise OtherNetworkError(f"another network: {part['class_name']} of {part['module']}")


def _compare(stored: dict, layer: Layer) -> None:
    """One layer of a plan with one of the network; what a plan does not state is Keras' default."""
    config, (kind, wanted) = stored["config"], _SETTINGS[layer.kind]
    wanted = _COMMON | wanted
    if layer.kernel_shape:
        activation = "relu" if layer.has_relu else "softmax"
        size = "filters" if kind == "Conv2D" else "units"
        wanted |= {"use_bias": True, "activation": activation, size: layer.kernel_shape[-1]}
    defaults = {"activation": "linear"}
    for key, value in wanted.items():
        found = _plain(config.get(key, defaults.get(key, value)))
        if found != value:
            raise OtherNetworkError(f"another network: {kind} with {key} {found}, expected {value}")
    for key, value in config.items():
        if key.endswith(_NONE) and value is not None:
            raise OtherNetworkError(f"another network: {kind} with a {key}, expected none")
    _check_type(config, kind)


def _plain(value: Any) -> Any:
    """A setting as it is compared; something that is built by a class stays what it is."""
    return tuple(value) if isinstance(value, list) else value


def _check_type(config: dict, what: str) -> None:
    """All arithmetic of the network is in float32."""
    policy = config.get("dtype", "float32")
    name = policy["config"]["name"] if isinstance(policy, dict) else policy
    if name != "float32":
        raise OtherNetworkError(f"another network: {what} in {name}, expected float32")


def _check_chain(config: dict) -> None:
    """Each layer takes what the one before it gives, and the last one answers."""
    layers = config["layers"]
    last = [layers[-1]["config"]["name"], 0, 0]
    if config["output_layers"] not in (last, [last]):
        raise OtherNetworkError(f"another network: its outputs are {config['output_layers']}")
    for before, layer in pairwise(layers):
        (node,) = layer["inbound_nodes"]
        (source,) = node["args"]
        if source["config"]["keras_history"] != [before["config"]["name"], 0, 0]:
            raise OtherNetworkError(f"another network: {layer['config']['name']} skips a layer")
