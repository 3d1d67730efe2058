"""Golden values of RegNetY, computed by timm 1.0.31 in float64.

    python3 tests/support/regnet.py > tests/goldens/regnet.json

Weights, statistics and images are those of `recipe.ts`. Layers are named and laid out as in timm.
"""
import json

import numpy
import timm
import torch

SEED, CLASSES, SHAPE = 1, 5, (4, 3, 64, 64)


def uniforms(text, size):
    """mulberry32, seeded with the FNV-1a hash of a text: numbers in [0, 1)."""
    state = 0x811C9DC5
    for byte in text.encode():
        state = (state ^ byte) * 0x01000193 % 2**32
    states = (numpy.uint64(state) + numpy.arange(1, size + 1, dtype=numpy.uint64) * numpy.uint64(0x6D2B79F5))
    states = states.astype(numpy.uint32)
    t = (states ^ (states >> 15)) * (states | 1)
    t ^= t + (t ^ (t >> 7)) * (t | 61)
    return (t ^ (t >> 14)) / 2.0**32


def recipe(name, value):
    """A tensor by its name. Running means are made as offsets of norms, variances as their factors."""
    u = uniforms(f"{SEED}:{name}", value.numel()).reshape(value.shape)
    of_norm = ".bn." in name
    if name == "image":
        made = 4 * u - 2
    elif of_norm and name.endswith(("weight", "var")):
        made = 0.7 + 0.6 * u
    elif of_norm:
        made = 0.4 * u - 0.2
    elif name.endswith("bias"):
        made = 0.2 * u - 0.1
    elif value.ndim == 4:
        out, _, height, width = value.shape
        made = (2 * u - 1) * (3**0.5) * (2 / (out * height * width)) ** 0.5
    else:
        made = (2 * u - 1) / value.shape[1] ** 0.5
    return torch.from_numpy(made).float()


def tensors(name, **options):
    with torch.device("meta"):
        network = timm.create_model(name, **options)
    return {name: list(value.shape) for name, value in network.state_dict().items() if value.ndim > 0}


if __name__ == "__main__":
    network = timm.create_model("regnety_002", num_classes=CLASSES)
    for name, value in network.state_dict().items():
        if value.ndim > 0:
            value.copy_(recipe(name, value))
    network = network.double()
    images = recipe("image", torch.empty(SHAPE)).double()
    with torch.no_grad():
        logits = network.eval()(images)
    loss = torch.nn.functional.cross_entropy(network.train()(images), torch.arange(len(images)))
    loss.backward()
    print(json.dumps({
        "values": {
            "seed": SEED,
            "shape": SHAPE,
            "classes": CLASSES,
            "logits": logits.tolist(),
            "loss": loss.item(),
            "gradients": {name: value.grad.norm().item() for name, value in network.named_parameters()},
        },
        "regnety_160": tensors("regnety_160"),
    }))
