"""The numbers of `recipe.ts`: tensors in PyTorch's layout, by their names."""
import numpy

SEED = 1


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


def recipe(name, shape, role):
    """The tensor of a name in its role: weight, bias, norm.weight, norm.bias or image."""
    u = uniforms(f"{SEED}:{name}", int(numpy.prod(shape))).reshape(shape)
    if role == "weight" and len(shape) == 4:
        out, _, height, width = shape
        made = (2 * u - 1) * (3**0.5) * (2 / (out * height * width)) ** 0.5
    elif role == "weight":
        made = (2 * u - 1) / shape[1] ** 0.5
    else:
        span, low = {
            "bias": (0.2, -0.1),
            "norm.weight": (0.6, 0.7),
            "norm.bias": (0.4, -0.2),
            "image": (4, -2),
        }[role]
        made = span * u + low
    return made.astype(numpy.float32)
