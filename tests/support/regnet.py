"""Golden values of RegNetY, computed by timm 1.0.31 in float64.

    python3 tests/support/regnet.py > tests/goldens/regnet.json

Weights, statistics and images are those of `recipe.ts`. Layers are named and laid out as in timm.
"""
import json

import timm
import torch

from recipe import SEED, recipe

CLASSES, SHAPE = 5, (4, 3, 64, 64)


def tensor(name, value):
    """A tensor by its name. Running means are made as offsets of norms, variances as their factors."""
    of_norm = ".bn." in name
    if name == "image":
        role = "image"
    elif of_norm:
        role = "norm.weight" if name.endswith(("weight", "var")) else "norm.bias"
    else:
        role = "bias" if name.endswith("bias") else "weight"
    return torch.from_numpy(recipe(name, value.shape, role))


def tensors(name, **options):
    with torch.device("meta"):
        network = timm.create_model(name, **options)
    return {name: list(value.shape) for name, value in network.state_dict().items() if value.ndim > 0}


if __name__ == "__main__":
    network = timm.create_model("regnety_002", num_classes=CLASSES)
    for name, value in network.state_dict().items():
        if value.ndim > 0:
            value.copy_(tensor(name, value))
    network = network.double()
    images = tensor("image", torch.empty(SHAPE)).double()
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
