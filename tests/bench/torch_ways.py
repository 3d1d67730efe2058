"""How PyTorch runs a training step: op by op or compiled, in either memory layout. The bench takes the best.

A script names its step with `way_flags` and `time_step`. Both modes have PyTorch's fused optimisers. `torch.compile`,
which needs a C++ compiler, compiles forward pass and losses as one function, the backward pass with them.
"""
import argparse, contextlib, json, time
import torch
import torch.nn as nn

LAYOUTS = {"channels_last": torch.channels_last, "contiguous": torch.contiguous_format}
# `torch.compile`'s modes, by their names in the bench. Eager has none.
MODES = {"eager": None, "compiled": "default", "autotuned": "max-autotune-no-cudagraphs"}
WARM = 3


def way_flags(description):
    """Makes a parser with the flags of every script."""
    p = argparse.ArgumentParser(description=description)
    p.add_argument("--mode", default="eager", choices=MODES)
    p.add_argument("--layout", default="channels_last", choices=LAYOUTS)
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--steps", type=int, default=15, help=f"timed steps, after {WARM} others")
    p.add_argument("--precision", default="float32", choices=["float32", "bfloat16"])
    p.add_argument("--threads", type=int)
    p.add_argument("--since", type=float, default=1e3 * time.time(), help="start of the process, ms since 1970")
    return p


def folded(module):
    """Folds each batch norm that follows a convolution in a sequence into it, for evaluation."""
    for name, child in module.named_children():
        setattr(module, name, folded(child))
    if not isinstance(module, nn.Sequential):
        return module
    layers = []
    for layer in module:
        if layers and isinstance(layers[-1], nn.Conv2d) and isinstance(layer, nn.BatchNorm2d):
            layers[-1] = nn.utils.fusion.fuse_conv_bn_eval(layers[-1].eval(), layer.eval())
        else:
            layers.append(layer)
    return nn.Sequential(*layers)


def time_step(a, make):
    """Times steps and prints one JSON line: milliseconds (min, median), and from the start of the process to the end of
    the first step, compilation included. `make(layout)` gives a function that computes the losses, and one that updates
    by them.
    """
    if a.threads:
        torch.set_num_threads(a.threads)
    losses, update = make(LAYOUTS[a.layout])
    if MODES[a.mode]:
        losses = torch.compile(losses, mode=MODES[a.mode])
    cast = (lambda: torch.autocast("cpu", torch.bfloat16)) if a.precision == "bfloat16" else contextlib.nullcontext
    times, first = [], 0
    for k in range(a.steps + WARM):
        start = time.perf_counter()
        with cast():
            terms = losses()
        update(terms)
        sum(terms).item()
        times.append(1e3 * (time.perf_counter() - start))
        if k == 0:
            first = 1e3 * time.time() - a.since
    times = sorted(times[WARM:])
    result = {"min_ms": times[0], "median_ms": times[len(times) // 2], "first_ms": first}
    print(json.dumps({"framework": "torch " + torch.__version__, **vars(a), **{k: round(v, 1) for k, v in result.items()}}))
