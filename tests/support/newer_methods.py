"""Golden values of nkd, wsld, ctkd, srrl and simkd from their papers' formulas, in float64.

    python3 tests/support/newer_methods.py > tests/goldens/newer_methods.json

Maps are written channels last, weights [in, out].
"""
import json
import math

import torch
from torch.nn.functional import adaptive_avg_pool2d, cross_entropy, log_softmax, mse_loss, relu
from torch.nn.functional import softmax

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


def draw(*shape, scale=1.0):
    """Random numbers that float32 holds exactly."""
    return (scale * torch.randn(*shape)).float().double()


def case(inputs, terms, learned):
    """A case: its inputs, its terms, and the gradients of their sum at the learned tensors."""
    loss = sum(terms.values())
    gradients = torch.autograd.grad(loss, list(learned.values()))
    return {
        "inputs": {name: value.tolist() for name, value in inputs.items()},
        "terms": {name: value.item() for name, value in terms.items()},
        "gradients": {name: g.tolist() for name, g in zip(learned, gradients)},
    }


def logits(batch, classes):
    student = draw(batch, classes, scale=2).requires_grad_()
    teacher = draw(batch, classes, scale=3)
    return student, teacher, torch.randint(classes, (batch,))


def nkd(batch, classes, gamma, temperature):
    s, t, y = logits(batch, classes)
    rows = torch.arange(batch)
    target = -(softmax(t, 1)[rows, y] * log_softmax(s, 1)[rows, y]).mean()
    others = torch.ones(batch, classes, dtype=torch.bool)
    others[rows, y] = False
    rest_s = s[others].reshape(batch, -1) / temperature
    rest_t = t[others].reshape(batch, -1) / temperature
    rest = -(softmax(rest_t, 1) * log_softmax(rest_s, 1)).sum(1).mean()
    terms = {
        "task": cross_entropy(s, y),
        "target": target,
        "others": gamma * temperature**2 * rest,
    }
    return case({"student": s, "teacher": t, "label": y}, terms, {"student.logits": s})


def wsld(batch, classes, temperature, alpha):
    s, t, y = logits(batch, classes)
    ratio = cross_entropy(s, y, reduction="none").detach() / (
        cross_entropy(t, y, reduction="none") + 1e-7
    )
    weight = 1 - torch.exp(-ratio.clamp(min=0))
    soft = -(softmax(t / temperature, 1) * log_softmax(s / temperature, 1)).sum(1)
    terms = {
        "task": cross_entropy(s, y),
        "kd": alpha * temperature**2 * (weight * soft).mean(),
    }
    return case({"student": s, "teacher": t, "label": y}, terms, {"student.logits": s})


class Reverse(torch.autograd.Function):
    @staticmethod
    def forward(context, x, strength):
        context.strength = strength
        return x.clone()

    @staticmethod
    def backward(context, dy):
        return -context.strength * dy, None


def ctkd(batch, classes, epoch, loops, start):
    s, t, y = logits(batch, classes)
    theta = torch.tensor(start, requires_grad=True)
    strength = (1 - math.cos(math.pi * min(epoch, loops) / loops)) / 2
    temperature = 1 + 20 * torch.sigmoid(Reverse.apply(theta, strength))
    log_s = log_softmax(s / temperature, 1)
    log_t = log_softmax(t / temperature, 1)
    kl = (log_t.exp() * (log_t - log_s)).sum(1).mean() * temperature**2
    terms = {"task": 0.1 * cross_entropy(s, y), "kd": 0.9 * kl}
    learned = {"student.logits": s, "distiller.theta": theta}
    return case({"student": s, "teacher": t, "label": y}, terms, learned)


def norm(x):
    """Batch norm in training over all but the last dimension, with γ = 1 and β = 0."""
    axes = tuple(range(x.dim() - 1))
    variance, mean = torch.var_mean(x, axes, unbiased=False)
    return (x - mean) / torch.sqrt(variance + 1e-5)


def srrl(batch, side, channels, features, classes):
    f = draw(batch, side, side, channels).requires_grad_()
    connector = draw(channels, features, scale=0.5).requires_grad_()
    weight, bias = draw(features, classes), draw(classes)
    t = relu(draw(batch, features))
    s, y = draw(batch, classes).requires_grad_(), torch.randint(classes, (batch,))
    h = relu(norm(f @ connector)).mean((1, 2))
    terms = {
        "task": cross_entropy(s, y),
        "feature": mse_loss(h, t),
        "regression": mse_loss(h @ weight + bias, t @ weight + bias),
    }
    inputs = {"map": f, "logits": s, "label": y, "teacher": t, "connector": connector}
    inputs |= {"weight": weight, "bias": bias}
    return case(inputs, terms, {"map": f, "logits": s, "connector": connector})


def pool(x, side):
    return adaptive_avg_pool2d(x.permute(0, 3, 1, 2), side).permute(0, 2, 3, 1)


def simkd(batch, side, channels, width, theirs):
    f = draw(batch, side, side, channels).requires_grad_()
    t = relu(draw(batch, theirs, theirs, width))
    inner = width // 2
    first = draw(channels, inner, scale=0.5).requires_grad_()
    second = draw(3, 3, inner, inner, scale=0.3).requires_grad_()
    third = draw(inner, width, scale=0.5).requires_grad_()
    x = relu(norm(pool(f, min(side, theirs)) @ first))
    x = torch.conv2d(x.permute(0, 3, 1, 2), second.permute(3, 2, 0, 1), padding=1)
    x = relu(norm(x.permute(0, 2, 3, 1)))
    projected = relu(norm(x @ third))
    inputs = {"map": f, "teacher": t, "first": first, "second": second, "third": third}
    learned = {"map": f, "first": first, "second": second, "third": third}
    return case(inputs, {"feature": mse_loss(projected, pool(t, min(side, theirs)))}, learned)


print(json.dumps({
    "nkd": nkd(4, 5, 1.5, 1.0),
    "nkd_warm": nkd(3, 7, 1.0, 4.0),
    "wsld": wsld(4, 5, 2.0, 2.5),
    "ctkd": ctkd(4, 5, 3, 10, -2.0),
    "ctkd_full": ctkd(4, 5, 30, 10, -1.0),
    "srrl": srrl(4, 2, 3, 4, 5),
    "simkd": simkd(3, 4, 3, 4, 4),
    "simkd_larger": simkd(3, 4, 3, 4, 2),
    "simkd_smaller": simkd(3, 2, 3, 4, 4),
}))
