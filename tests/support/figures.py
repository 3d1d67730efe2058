"""Golden values of the papers' figures: scikit-learn 1.9.1, grad-cam 1.5.7 and NumPy 2.4.6.

    python3 -m venv figures
    figures/bin/pip install numpy==2.4.6 scikit-learn==1.9.1 torch==2.13.0 ttach==0.0.3
    figures/bin/pip install opencv-python-headless==5.0.0.93 matplotlib tqdm
    figures/bin/pip install --no-deps grad-cam==1.5.7
    figures/bin/python tests/support/figures.py > tests/goldens/figures.json

grad-cam imports torchvision, but Grad-CAM++ does not call it: an empty one stands in for it. Random
numbers, weights and images are those of `recipe.ts`, by name. Maps and weights are PyTorch's.
"""
import json
import sys
from unittest.mock import MagicMock

for name in ("torchvision", "torchvision.transforms", "torchvision.transforms.functional"):
    sys.modules[name] = MagicMock()

import numpy
import torch
from pytorch_grad_cam import GradCAMPlusPlus
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from scipy.spatial.distance import squareform
from sklearn.manifold import TSNE
from sklearn.manifold._t_sne import _joint_probabilities, _kl_divergence
from sklearn.metrics import pairwise_distances

from recipe import recipe


def digits(values, count):
    """Values with so many significant digits, as nested lists."""
    return json.loads(json.dumps(values.tolist()), parse_float=lambda x: float(f"{float(x):.{count}g}"))


def clusters(samples, width, groups):
    """Samples around the means of groups, one after the other."""
    means = 1.5 * recipe("means", (groups, width), "image")
    noise = recipe("noise", (samples, width), "image")
    return (means[numpy.arange(samples) % groups] + noise).astype(numpy.float32)


def tsne(samples, width, groups, perplexity):
    features = clusters(samples, width, groups)
    distances = pairwise_distances(features, metric="euclidean", squared=True)
    p = _joint_probabilities(distances, perplexity, 0)
    points = recipe("points", (samples, 2), "image").astype(numpy.float64)
    divergence, gradient = _kl_divergence(points.ravel(), p, 1, samples, 2)
    start = 1e-4 * recipe("start", (samples, 2), "image").astype(numpy.float64)
    model = TSNE(perplexity=perplexity, init=start, method="exact")
    model.fit_transform(features)
    return {
        "samples": samples,
        "width": width,
        "groups": groups,
        "perplexity": perplexity,
        "affinities": digits(p[: 4 * samples], 9),
        "affinity_norm": float(numpy.linalg.norm(squareform(p))),
        "gradient": digits(gradient, 9),
        "divergence": divergence,
        "final": model.kl_divergence_,
    }


def made(name, shape, role):
    return torch.from_numpy(recipe(name, shape, role))


def network(classes):
    def convolution(name, inputs, channels, stride):
        layer = torch.nn.Conv2d(inputs, channels, 3, stride, 1, bias=False)
        norm = torch.nn.BatchNorm2d(channels)
        with torch.no_grad():
            layer.weight.copy_(made(f"{name}.weight", layer.weight.shape, "weight"))
            norm.weight.copy_(made(f"{name}.norm.scale", (channels,), "norm.weight"))
            norm.bias.copy_(made(f"{name}.norm.offset", (channels,), "norm.bias"))
            norm.running_mean.copy_(made(f"{name}.norm.mean", (channels,), "norm.bias"))
            norm.running_var.copy_(made(f"{name}.norm.variance", (channels,), "norm.weight"))
        return layer, norm

    head = torch.nn.Linear(8, classes)
    with torch.no_grad():
        head.weight.copy_(made("logits.weight", head.weight.shape, "weight"))
        head.bias.copy_(made("logits.bias", (classes,), "bias"))
    return torch.nn.ModuleDict({
        "stem": torch.nn.Sequential(*convolution("stem", 3, 6, 1), torch.nn.ReLU()),
        "block1": torch.nn.Sequential(*convolution("block1", 6, 8, 2), torch.nn.ReLU()),
        "block2": torch.nn.Sequential(*convolution("block2", 8, 8, 2)),
        "logits": torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), head),
    })


def grad_cam(shape, classes):
    stages = network(classes)
    model = torch.nn.Sequential(*stages.values()).eval()
    images = made("image", shape, "image")
    explained = [i % classes for i in range(shape[0])]
    targets = [ClassifierOutputTarget(one) for one in explained]
    maps = {}
    for tap in ("stem", "block1", "block2"):
        with GradCAMPlusPlus(model=model, target_layers=[stages[tap]]) as cam:
            maps[tap] = digits(cam(images, targets), 7)
    with torch.no_grad():
        logits = model(images).numpy()
    return {
        "shape": shape,
        "classes": classes,
        "explained": explained,
        "logits": digits(logits, 9),
        "maps": maps,
    }


def correlations(images, classes):
    student = recipe("student", (images, classes), "image")
    teacher = recipe("teacher", (images, classes), "image")
    # Classes that go together, so that not every correlation is near zero.
    student[:, 1:] += student[:, :-1]
    teacher[:, 1:] -= teacher[:, :-1]
    ours, theirs = (numpy.corrcoef(logits, rowvar=False) for logits in (student, teacher))
    return {
        "images": images,
        "classes": classes,
        "student": digits(ours, 12),
        "teacher": digits(theirs, 12),
        "gap": float(numpy.abs(ours - theirs).mean()),
    }


print(json.dumps({
    "tsne": tsne(120, 8, 6, 12),
    "grad_cam": grad_cam((3, 3, 11, 13), 5),
    "correlation": correlations(40, 7),
}))
