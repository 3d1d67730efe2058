"""PyTorch's side of the cost table: one training step of each method, resnet32x4 -> resnet8x4.

    python3 torch_methods.py --method at [--mode eager|compiled|autotuned] [--layout channels_last|contiguous]
                             [--batch 64] [--steps 15] [--precision float32|bfloat16] [--threads N]

Needs `pip install torch==2.13.0`. Prints the line of `torch_ways.py`. A frozen teacher's norms are folded into its
convolutions. The formulas are those of RepDistiller, mdistiller, torchdistill and the methods' own repositories, vectorised
as there. Needless costs are removed: a batched product replaces a broadcast multiplication with a sum (NST, FSP), and
gradients that no loss or optimiser uses (FT's paraphraser) are not computed. CRD's indices are drawn before the timing,
as in the references' data loaders. AEKD's weights for its two teachers have a closed form instead of scikit-learn's
support vector machine.
"""
import copy, math, random
from collections import namedtuple
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch_step import RESNET, conv_bn, network
from torch_ways import folded, time_step, way_flags

TEACHER, STUDENT, CLASSES, IMAGES, NEGATIVES = "resnet32x4", "resnet8x4", 100, 50_000, 16_384
WIDTHS, SIDES = RESNET[STUDENT][1], (32, 32, 16, 8)

# A network's maps (stem and three stages), the maps before their last ReLU, the last map pooled, and the logits.
Outputs = namedtuple("Outputs", "post pre pooled logits")


class Tapped(nn.Module):
    def __init__(self, name):
        super().__init__()
        layers, n = network(name, CLASSES), RESNET[name][0]
        self.stem, self.head = layers[:3], layers[-1]
        self.stages = nn.ModuleList(layers[3 + i * n:3 + i * n + n] for i in range(3))

    def forward(self, x):
        post, pre = [self.stem(x)], [None]
        for stage in self.stages:
            before, after = run(stage, post[-1])
            pre.append(before)
            post.append(after)
        pooled = F.adaptive_avg_pool2d(post[-1], 1).flatten(1)
        return Outputs(post, pre, pooled, self.head(pooled))


def run(stage, x):
    """Computes a stage's map before and after its last ReLU."""
    *blocks, last = stage
    for block in blocks:
        x = block(x)
    pre = last.body(x) + last.skip(x)
    return pre, F.relu(pre)


# Losses over logits


def kl(s, t, T=4):
    return F.kl_div(F.log_softmax(s / T, 1), F.softmax(t / T, 1), reduction="batchmean") * T * T


def dkd(s, t, y, T=4, alpha=1, beta=8):
    own = torch.zeros_like(s).scatter_(1, y[:, None], 1)

    def binary(logits):
        p = F.softmax(logits / T, 1)
        return torch.cat([(p * own).sum(1, keepdim=True), (p * (1 - own)).sum(1, keepdim=True)], 1)

    target = F.kl_div(torch.log(binary(s)), binary(t), reduction="sum")
    others = F.kl_div(F.log_softmax(s / T - 1000 * own, 1), F.softmax(t / T - 1000 * own, 1), reduction="sum")
    return (alpha * target + beta * others) * T * T / len(s)


def standardised(logits):
    return (logits - logits.mean(1, keepdim=True)) / (1e-7 + logits.std(1, keepdim=True))


def dist(s, t, T=4, beta=2, gamma=2):
    def unlike(a, b):
        a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)
        return 1 - F.cosine_similarity(a, b, dim=1, eps=1e-8).mean()

    s, t = F.softmax(s / T, 1), F.softmax(t / T, 1)
    return T * T * (beta * unlike(s, t) + gamma * unlike(s.t(), t.t()))


def one_kl(s, ensemble, T=3):
    return T * T * F.kl_div(F.log_softmax(s / T, 1), F.softmax(ensemble / T, 1) + 1e-7, reduction="batchmean")


def aver(s, ts):
    return sum(kl(s, t) for t in ts) / len(ts)


def aekd(s, ts, bound=0.6):
    """Finds the shortest combination of the gradients of two teachers."""
    leaf = s.detach().requires_grad_()
    with torch.enable_grad():
        g = torch.stack([torch.autograd.grad(kl(leaf, t), leaf)[0].mean(0) for t in ts])
    (a, b), (_, c) = g @ g.t()
    first = torch.clamp((c - b) / (a + c - 2 * b), 1 - bound, bound)
    return first * kl(s, ts[0]) + (1 - first) * kl(s, ts[1])


def confidence(logits, y):
    losses = torch.stack([F.cross_entropy(z, y, reduction="none") for z in logits])
    return (1 - F.softmax(losses, 0)) / (len(logits) - 1)


def camkd(s, ts, y, T=4):
    each = torch.stack([F.kl_div(F.log_softmax(s / T, 1), F.softmax(t / T, 1), reduction="none").sum(1) for t in ts])
    return (confidence(ts, y) * each).mean() * T * T


def ebkd(s, ts, T=4):
    logs = [F.log_softmax(t, 1) for t in ts]
    entropies = torch.stack([-(log.exp() * log).sum(1) for log in logs])
    weights = 1 - entropies / entropies.sum(0)
    each = [F.kl_div(F.log_softmax(s / T, 1), F.softmax(t / T, 1), reduction="none").sum(1) * T * T for t in ts]
    return (weights * torch.stack(each)).mean()


def mlkd(weak_s, weak_t, strong_s, strong_t, temperatures=(4, 3, 5, 2, 6)):
    p = F.softmax(weak_t, 1)
    unsure, rare = p.max(1)[0], p.sum(0)
    unsure, rare = ((x <= torch.quantile(x.float(), 0.5)).float() for x in (unsure, rare))

    def relations(T):
        s, t = F.softmax(weak_s / T, 1), F.softmax(weak_t / T, 1)
        classes = (t.t() @ t - s.t() @ s).pow(2).sum() / s.shape[1]
        batch = (t @ t.t() - s @ s.t()).pow(2).sum() / len(s)
        return (classes * rare).mean() + (batch * unsure).mean()

    strong = [(strong_s, strong_t)] * 3 + [(weak_s, weak_t)] * 2
    return sum((kl(weak_s, weak_t, T) * unsure).mean() + kl(*views, T) + relations(T)
               for T, views in zip(temperatures, strong))


# Losses over maps


def smaller(a, b):
    """Pools the larger of two maps to the smaller one's size."""
    side = min(a.shape[2], b.shape[2])
    return [f if f.shape[2] == side else F.adaptive_avg_pool2d(f, (side, side)) for f in (a, b)]


class ConvReg(nn.Module):
    """FitNets' regressor between maps of equal size."""

    def __init__(self, i, o):
        super().__init__()
        self.conv, self.bn = nn.Conv2d(i, o, 1), nn.BatchNorm2d(o)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


def attention(f, p=2):
    return F.normalize(f.pow(p).mean(1).flatten(1))


def at(s, t):
    s, t = smaller(s, t)
    return (attention(s) - attention(t)).pow(2).mean()


def sp(s, t):
    s, t = (F.normalize(f @ f.t()) for f in (s.flatten(1), t.flatten(1)))
    return (t - s).pow(2).sum() / len(s) ** 2


def cc(s, t):
    delta = torch.abs(s - t)
    return (delta[:-1] * delta[1:]).sum(1).mean()


class Vid(nn.Module):
    def __init__(self, s, t, variance=5.0, eps=1e-5):
        super().__init__()
        conv = lambda i: nn.Conv2d(i, t, 1, bias=False)
        self.regressor = nn.Sequential(conv(s), nn.ReLU(), conv(t), nn.ReLU(), conv(t))
        self.log_scale, self.eps = nn.Parameter(torch.full((t,), math.log(math.exp(variance - eps) - 1))), eps

    def forward(self, s, t):
        s, t = smaller(s, t)
        variance = (torch.log(1 + torch.exp(self.log_scale)) + self.eps).view(1, -1, 1, 1)
        return (0.5 * ((self.regressor(s) - t) ** 2 / variance + torch.log(variance))).mean()


def rkd(s, t, distance=25, angle=50):
    def distances(e):
        square, product = e.pow(2).sum(1), e @ e.t()
        d = (square[:, None] + square[None] - 2 * product).clamp(min=1e-12).sqrt().clone()
        d[range(len(e)), range(len(e))] = 0
        return d / d[d > 0].mean()

    def angles(e):
        u = F.normalize(e[None] - e[:, None], dim=2)
        return torch.bmm(u, u.transpose(1, 2)).view(-1)

    with torch.no_grad():
        td, ta = distances(t), angles(t)
    return distance * F.smooth_l1_loss(distances(s), td) + angle * F.smooth_l1_loss(angles(s), ta)


def pkt(s, t, eps=1e-7):
    def similarity(f):
        f = f / (f.pow(2).sum(1, keepdim=True).sqrt() + eps)
        k = (f @ f.t() + 1) / 2
        return k / k.sum(1, keepdim=True)

    s, t = similarity(s), similarity(t)
    return (t * torch.log((t + eps) / (s + eps))).mean()


def ab(ss, ts, margin=1):
    def one(s, t):
        return ((s + margin) ** 2 * ((s > -margin) & (t <= 0)).float()
                + (s - margin) ** 2 * ((s <= margin) & (t > 0)).float()).sum()

    n = len(ss)
    return sum(one(s, t) * 2.0 ** (i - n + 1) for i, (s, t) in enumerate(zip(ss, ts))) / len(ss[0]) / 1000 * 3


def factors(widths, conv=nn.Conv2d, norm=nn.BatchNorm2d):
    """Makes FT's translator. Without norms it is the paraphraser, which transposed convolutions undo."""
    layers = []
    for i, o in zip(widths, widths[1:]):
        layers += [conv(i, o, 3, 1, 1), norm(o), nn.LeakyReLU(0.1, inplace=True)]
    return nn.Sequential(*layers)


def paraphraser(c):
    return factors((c, c, c // 2, c // 2), norm=nn.Identity)


def decoder(c):
    return factors((c // 2, c // 2, c, c), nn.ConvTranspose2d, nn.Identity)


def ft(s, t):
    s, t = smaller(s, t)
    return (attention(s) - attention(t)).abs().mean()


def fsp(ss, ts):
    def flows(maps):
        for bottom, top in zip(maps, maps[1:]):
            bottom, top = (f.flatten(2) for f in smaller(bottom, top))
            yield top @ bottom.transpose(1, 2) / bottom.shape[2]

    return sum((s - t).pow(2).mean() for s, t in zip(flows(ss), flows(ts)))


def nst(s, t):
    s, t = (F.normalize(f.flatten(2), dim=2) for f in smaller(s, t))
    kernel = lambda a, b: (a @ b.transpose(1, 2)).pow(2).mean()
    return kernel(t, t).detach() + kernel(s, s) - 2 * kernel(s, t)


def kdsvd(ss, ts, k=1):
    finite = lambda x: torch.where(torch.isfinite(x), x, torch.zeros_like(x))

    def svd(f, n):
        _, values, vectors = torch.svd(f.flatten(2).transpose(1, 2).float())
        return F.normalize(finite(values)[:, :n], dim=1), F.normalize(finite(vectors)[:, :, :n], dim=1)

    def rbf(a, b):
        return torch.exp(-(a[:, :, None] - b[:, None]).pow(2) / 8)

    loss, before = 0, None
    for s, t in zip(ss, ts):
        (values, vt), (_, vs) = svd(t, k), svd(s, k + 3)
        cosine = vs.transpose(1, 2) @ vt
        largest = cosine.abs().max(1, keepdim=True)[0]
        aligned = torch.where(largest == cosine.abs(), torch.sign(cosine), torch.zeros_like(cosine))
        vt, vs = vt * values[:, None], vs @ aligned * values[:, None]
        if before:
            loss = loss + finite((rbf(vs, before[0]) - rbf(vt, before[1]).detach()).pow(2)).sum() / len(s)
        before = vs, vt
    return loss


class Crd(nn.Module):
    def __init__(self, s, t, images=IMAGES, dim=128, T=0.07, momentum=0.5):
        super().__init__()
        self.embed_s, self.embed_t = nn.Linear(s, dim), nn.Linear(t, dim)
        bound = 1 / math.sqrt(dim / 3)
        self.register_buffer("memory_v1", (2 * torch.rand(images, dim) - 1) * bound)
        self.register_buffer("memory_v2", (2 * torch.rand(images, dim) - 1) * bound)
        self.images, self.T, self.momentum, self.z = images, T, momentum, [None, None]

    def forward(self, s, t, index, contrast):
        s, t = (embed(f) for embed, f in ((self.embed_s, s), (self.embed_t, t)))
        s, t = (e / e.pow(2).sum(1, keepdim=True).sqrt() for e in (s, t))
        loss = self.side(0, s, self.memory_v2, contrast) + self.side(1, t, self.memory_v1, contrast)
        with torch.no_grad():
            for memory, e in ((self.memory_v1, s), (self.memory_v2, t)):
                row = memory.index_select(0, index) * self.momentum + e * (1 - self.momentum)
                memory.index_copy_(0, index, row / row.pow(2).sum(1, keepdim=True).sqrt())
        return loss

    def side(self, i, e, memory, contrast):
        rows = memory.index_select(0, contrast.view(-1)).view(*contrast.shape, -1)
        out = torch.exp(torch.bmm(rows, e[:, :, None]).squeeze(2) / self.T)
        if self.z[i] is None:
            self.z[i] = out.mean().item() * self.images
        out = out / self.z[i]
        noise = (contrast.shape[1] - 1) / self.images
        positive, negative = out[:, 0], out[:, 1:]
        own = torch.log(positive / (positive + noise + 1e-7))
        others = torch.log(torch.full_like(negative, noise) / (negative + noise + 1e-7))
        return -(own.sum() + others.sum()) / len(e)


def connector(s, t):
    """Makes OFD's connector."""
    layers = nn.Sequential(*conv_bn(s, t, 1))
    nn.init.normal_(layers[0].weight, 0, math.sqrt(2 / t))
    return layers


def margin(norm):
    """Computes OFD's margin from the teacher's norm."""
    scale, offset = norm.weight.detach().abs(), norm.bias.detach()
    below = torch.special.ndtr(-offset / scale)
    expected = offset - scale * torch.exp(-((offset / scale) ** 2) / 2) / math.sqrt(2 * math.pi) / below
    return torch.where(below > 0.001, expected, -3 * scale).view(1, -1, 1, 1)


def ofd(ss, ts, margins):
    def one(s, t, m):
        t = F.adaptive_avg_pool2d(t, s.shape[-2:])
        loss = ((s - m) ** 2 * ((s > m) & (t <= m)).float()
                + (s - t) ** 2 * ((s > t) & (t > m) & (t <= 0)).float() + (s - t) ** 2 * (t > 0).float())
        return torch.abs(loss).mean(0).sum()

    n = len(ss)
    return sum(one(s, t, m) / 2 ** (n - i - 1) for i, (s, t, m) in enumerate(zip(ss, ts, margins)))


class Abf(nn.Module):
    """ReviewKD's fusion of a map with that of the deeper maps."""

    def __init__(self, i, mid, o, fuse):
        super().__init__()
        self.conv1, self.conv2 = nn.Sequential(*conv_bn(i, mid, 1)), nn.Sequential(*conv_bn(mid, o))
        self.att_conv = nn.Sequential(nn.Conv2d(2 * mid, 2, 1), nn.Sigmoid()) if fuse else None
        for conv in (self.conv1[0], self.conv2[0]):
            nn.init.kaiming_uniform_(conv.weight, a=1)

    def forward(self, x, left, side):
        x = self.conv1(x)
        if self.att_conv:
            left = F.interpolate(left, x.shape[-2:], mode="nearest")
            z = self.att_conv(torch.cat([x, left], 1))
            x = x * z[:, :1] + left * z[:, 1:]
        if x.shape[-1] != side:
            x = F.interpolate(x, (side, side), mode="nearest")
        return self.conv2(x), x


class ReviewKd(nn.Module):
    """ReviewKD over maps from shallow to deep, the pooled map last."""

    def __init__(self, ins, outs, sides, mid=512):
        super().__init__()
        self.sides, mid, last = sides, min(mid, ins[-1]), len(ins) - 1
        self.abfs = nn.ModuleList(Abf(i, mid, o, n < last) for n, (i, o) in reversed(list(enumerate(zip(ins, outs)))))

    def forward(self, ss, ts):
        left, results = None, []
        for abf, s, side in zip(self.abfs, reversed(ss), reversed(self.sides)):
            out, left = abf(s, left, side)
            results.insert(0, out)
        return sum(hcl(s, t) for s, t in zip(results, ts))


def hcl(s, t):
    loss, share, total = F.mse_loss(s, t), 1.0, 1.0
    for side in (4, 2, 1):
        if side < s.shape[2]:
            share /= 2
            loss = loss + share * F.mse_loss(F.adaptive_avg_pool2d(s, side), F.adaptive_avg_pool2d(t, side))
            total += share
    return loss / total


# Methods: each takes a `Setup`, which collects the trainable modules, and returns a function from a batch to its losses

# Images, a second view of them (MLKD), classes, indices in the data set, indices of positives and negatives (CRD).
Batch = namedtuple("Batch", "x strong y index contrast")


class Setup:
    def __init__(self, layout):
        self.layout, self.learning = layout, []

    def learns(self, module):
        self.learning.append(module.to(memory_format=self.layout).train())
        return module

    def teaches(self, module, statistics="running"):
        module.train(statistics == "batch").requires_grad_(False)
        if statistics == "running":
            module = folded(module)
        module.to(memory_format=self.layout)

        def frozen(x):
            with torch.no_grad():
                return module(x)
        return frozen


def taught(weight, make, ce=1.0, teachers=1, teach=Setup.teaches):
    """ce * CE + weight * the loss that `make` gives of the outputs of the student and of its teachers."""
    def method(setup):
        student, networks = setup.learns(Tapped(STUDENT)), [Tapped(TEACHER) for _ in range(teachers)]
        own, frozen = make(setup, *networks), [teach(setup, network) for network in networks]

        def losses(batch):
            ts, s = [teacher(batch.x) for teacher in frozen], student(batch.x)
            return ce * F.cross_entropy(s.logits, batch.y), weight * own(s, *ts, batch)
        return losses
    return method


def plain(loss):
    """A loss over outputs, without modules of its own."""
    return lambda setup, *_: loss


def scores(loss):
    """A loss over the logits of student and teacher."""
    return plain(lambda s, t, _: loss(s.logits, t.logits))


def maps(loss):
    """The sum of a loss over the maps of each stage."""
    return plain(lambda s, t, _: sum(map(loss, s.post[1:], t.post[1:])))


def make_fitnets(setup, _):
    regress = setup.learns(ConvReg(WIDTHS[2], WIDTHS[2]))
    return lambda s, t, _: F.mse_loss(regress(s.post[2]), t.post[2])


def make_cc(setup, _):
    embed_s, embed_t = (setup.learns(nn.Linear(WIDTHS[3], 128)) for _ in "st")
    return lambda s, t, _: cc(embed_s(s.pooled), embed_t(t.pooled))


def make_vid(setup, _):
    vids = [setup.learns(Vid(c, c)) for c in WIDTHS[1:]]
    return lambda s, t, _: sum(vid(*maps) for vid, *maps in zip(vids, s.post[1:], t.post[1:]))


def make_ft(setup, _):
    c = WIDTHS[3]
    translate, paraphrase = setup.learns(factors((c, c, c // 2, c // 2))), setup.teaches(paraphraser(c))
    return lambda s, t, _: ft(translate(s.post[3]), paraphrase(t.post[3]))


def make_crd(setup, _):
    crd = setup.learns(Crd(WIDTHS[3], WIDTHS[3]))
    return lambda s, t, batch: crd(s.pooled, t.pooled, batch.index, batch.contrast)


def make_kd_crd(setup, teacher):
    crd = make_crd(setup, teacher)
    return lambda s, t, batch: 0.9 * kl(s.logits, t.logits) + 0.8 * crd(s, t, batch)


def make_ofd(setup, teacher):
    connectors = [setup.learns(connector(c, c)) for c in WIDTHS[1:]]
    margins = [margin(stage[-1].body[-1]) for stage in teacher.stages]
    return lambda s, t, _: ofd([connect(f) for connect, f in zip(connectors, s.pre[1:])], t.pre[1:], margins)


def make_reviewkd(setup, _):
    review = setup.learns(ReviewKd((*WIDTHS[1:], WIDTHS[3]), (*WIDTHS[1:], WIDTHS[3]), (*SIDES[1:], 1)))
    return lambda s, t, _: review([*s.post[1:], s.pooled[:, :, None, None]], [*t.pre[1:], t.pooled[:, :, None, None]])


def make_camkd(setup, *teachers):
    embeds = [setup.learns(ConvReg(WIDTHS[3], WIDTHS[3])) for _ in teachers]

    def own(s, a, b, batch):
        ts = a, b
        embedded = [embed(s.post[3]) for embed in embeds]
        fits = confidence([teacher.head(e.mean((2, 3))) for teacher, e in zip(teachers, embedded)], batch.y)
        off = torch.stack([F.mse_loss(e, t.post[3], reduction="none").mean((1, 2, 3)) for e, t in zip(embedded, ts)])
        return camkd(s.logits, [t.logits for t in ts], batch.y) + 50 * (fits * off).mean()
    return own


def views(setup):
    student, teacher = setup.learns(Tapped(STUDENT)), setup.teaches(Tapped(TEACHER))

    def losses(batch):
        t, strong_t = teacher(batch.x).logits, teacher(batch.strong).logits
        s, strong_s = student(batch.x).logits, student(batch.strong).logits
        task = F.cross_entropy(s, batch.y) + F.cross_entropy(strong_s, batch.y)
        return 0.1 * task, 0.9 * mlkd(s, t, strong_s, strong_t)
    return losses


def mutual(loss):
    """Student and teacher both learn from labels and from each other's logits."""
    def method(setup):
        student, teacher = setup.learns(Tapped(STUDENT)), setup.learns(Tapped(TEACHER))

        def losses(batch):
            s, t = student(batch.x).logits, teacher(batch.x).logits
            return F.cross_entropy(s, batch.y) + F.cross_entropy(t, batch.y), loss(s, t)
        return losses
    return method


def one(setup, branches=3):
    student = setup.learns(Tapped(STUDENT))
    stages = [student.stages[2], *(setup.learns(copy.deepcopy(student.stages[2])) for _ in range(branches - 1))]
    heads = [student.head, *(setup.learns(copy.deepcopy(student.head)) for _ in range(branches - 1))]
    gate = setup.learns(nn.Sequential(nn.Linear(WIDTHS[2], branches), nn.BatchNorm1d(branches), nn.ReLU()))

    def losses(batch):
        shared = run(student.stages[1], run(student.stages[0], student.stem(batch.x))[1])[1]
        pooled = [F.adaptive_avg_pool2d(run(stage, shared)[1], 1).flatten(1) for stage in stages]
        logits = [head(f) for head, f in zip(heads, pooled)]
        share = F.softmax(gate(F.adaptive_avg_pool2d(shared, 1).flatten(1)), 1)
        ensemble = sum(share[:, i:i + 1] * z for i, z in enumerate(logits))
        task = sum(F.cross_entropy(z, batch.y) for z in (*logits, ensemble))
        return task, 0.37 * sum(one_kl(z, ensemble.detach()) for z in logits)
    return losses


def alone(setup):
    student = setup.learns(Tapped(STUDENT))
    return lambda batch: [F.cross_entropy(student(batch.x).logits, batch.y)]


def first_stage(loss):
    def method(setup):
        student, teacher = setup.learns(Tapped(STUDENT)), setup.teaches(Tapped(TEACHER))
        return lambda batch: [loss(student(batch.x), teacher(batch.x))]
    return method


def ft_init(setup):
    student, teacher = setup.teaches(Tapped(STUDENT)), setup.teaches(Tapped(TEACHER))
    paraphrase, restore = setup.learns(paraphraser(WIDTHS[3])), setup.learns(decoder(WIDTHS[3]))

    def losses(batch):
        student(batch.x)  # as in RepDistiller
        t = teacher(batch.x).post[3]
        return [F.mse_loss(restore(paraphrase(t)), t)]
    return losses


def mixed(mix):
    """KD on mixed images, with the cross-entropy mixed alike."""
    def method(setup):
        student, teacher = setup.learns(Tapped(STUDENT)), setup.teaches(Tapped(TEACHER))

        def losses(batch):
            order, share = torch.randperm(len(batch.x)), torch.rand(()).item()
            x, share = mix(batch.x, batch.x[order], share)
            s, t = student(x).logits, teacher(x).logits
            task = share * F.cross_entropy(s, batch.y) + (1 - share) * F.cross_entropy(s, batch.y[order])
            return 0.1 * task, 0.9 * kl(s, t)
        return losses
    return method


def mixup(x, other, share):
    return share * x + (1 - share) * other, share


def cutmix(x, other, share):
    (height, width), cut = x.shape[2:], math.sqrt(1 - share)
    bounds = []
    for length in (height, width):
        middle, half = torch.randint(length, ()).item(), int(length * cut) // 2
        bounds.append((max(middle - half, 0), min(middle + half, length)))
    (top, bottom), (left, right) = bounds
    x = x.clone()
    x[:, :, top:bottom, left:right] = other[:, :, top:bottom, left:right]
    return x, 1 - (bottom - top) * (right - left) / (height * width)


KD = taught(0.9, scores(kl), ce=0.1)
METHODS = {
    "kd": KD,
    "dkd": taught(1 / 20, plain(lambda s, t, batch: dkd(s.logits, t.logits, batch.y))),
    "kd+standardised": taught(9, scores(lambda s, t: kl(standardised(s), standardised(t), 2)), ce=0.1),
    "dist": taught(1, scores(dist)),
    "dml": mutual(lambda s, t: kl(s, t.detach(), 1) + kl(t, s.detach(), 1)),
    "dml_dagger": mutual(lambda s, t: kl(s, t.detach(), 1)),
    "kd_dagger": mutual(lambda s, t: kl(s, t.detach()) + kl(t, s.detach())),
    "mlkd": views,
    "takd": taught(0.5, scores(lambda s, t: kl(s, t, 5) / CLASSES), ce=0.5),
    "dgkd": taught(1, plain(lambda s, a, b, _: kl(s.logits, random.choice((a, b)).logits, 5) / CLASSES), teachers=2),
    "one": one,
    "fitnets": taught(100, make_fitnets),
    "at": taught(1000, maps(at)),
    "sp": taught(3000, plain(lambda s, t, _: sp(s.post[3], t.post[3]))),
    "cc": taught(0.02, make_cc),
    "vid": taught(1, make_vid),
    "rkd": taught(1, plain(lambda s, t, _: rkd(s.pooled, t.pooled))),
    "pkt": taught(30000, plain(lambda s, t, _: pkt(s.pooled, t.pooled))),
    "ab_init": first_stage(lambda s, t: ab(s.pre[1:], t.pre[1:])),
    "ab": alone,
    "ft_init": ft_init,
    "ft": taught(200, make_ft),
    "fsp_init": first_stage(lambda s, t: fsp(s.post, t.post)),
    "nst": taught(50, maps(nst)),
    "kdsvd": taught(1, plain(lambda s, t, _: kdsvd(s.post[1:], t.post[1:]))),
    "crd": taught(0.8, make_crd),
    "ofd": taught(1e-3, make_ofd),
    "ofd_released": taught(1e-3, make_ofd, teach=lambda setup, teacher: setup.teaches(teacher, "batch")),
    "reviewkd": taught(5 / 20, make_reviewkd),
    "aver": taught(1, plain(lambda s, a, b, _: aver(s.logits, [a.logits, b.logits])), teachers=2),
    "aekd": taught(1, plain(lambda s, a, b, _: aekd(s.logits, [a.logits, b.logits])), teachers=2),
    "camkd": taught(1, make_camkd, teachers=2),
    "ebkd": taught(1, plain(lambda s, a, b, _: ebkd(s.logits, [a.logits, b.logits])), teachers=2),
    "kd+mixup": mixed(mixup),
    "kd+cutmix": mixed(cutmix),
    "kd+crd": taught(1, make_kd_crd, ce=0.1),
    "kd+dot": KD,
}


def sgd(parameters):
    optimizer = torch.optim.SGD(parameters, lr=0.05, momentum=0.9, weight_decay=5e-4, fused=True)

    def update(losses):
        optimizer.zero_grad()
        sum(losses).backward()
        optimizer.step()
    return update


def dot(parameters, delta=0.075):
    """DOT: one momentum for the task's gradient, which has the weight decay, and one for the method's."""
    task = torch.optim.SGD(parameters, lr=0.05, momentum=0.9 - delta, weight_decay=5e-4, fused=True)
    own = torch.optim.SGD(parameters, lr=0.05, momentum=0.9 + delta, fused=True)

    def update(losses):
        task.zero_grad()
        losses[1].backward(retain_graph=True)
        gradients = [p.grad for p in parameters]
        task.zero_grad()
        losses[0].backward()
        task.step()
        for p, gradient in zip(parameters, gradients):
            p.grad = gradient
        own.step()
    return update


def method_step(method, batch, layout):
    """Makes the losses and the update of a method."""
    setup = Setup(layout)
    losses = METHODS[method](setup)
    update = (dot if method == "kd+dot" else sgd)([p for module in setup.learning for p in module.parameters()])
    index, contrast = torch.arange(batch), torch.randint(0, IMAGES, (batch, 1 + NEGATIVES))
    contrast[:, 0] = index
    x, strong = (torch.randn(batch, 3, 32, 32).to(memory_format=layout) for _ in range(2))
    given = Batch(x, strong, torch.randint(0, CLASSES, (batch,)), index, contrast)
    return lambda: losses(given), update


if __name__ == "__main__":
    p = way_flags(__doc__)
    p.add_argument("--method", required=True, choices=METHODS)
    a = p.parse_args()
    time_step(a, lambda layout: method_step(a.method, a.batch, layout))
