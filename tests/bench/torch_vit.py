"""PyTorch's side of the transformers' speed comparison: one training step of a DeiT with PyTorch's best settings.

    python3 torch_vit.py --vit deit [--mode eager|compiled] [--batch 64] [--steps 15] [--precision float32|bfloat16]
                         [--threads N]

Needs `pip install torch==2.13.0` and, for `torch.compile`, a C++ compiler. Prints one JSON line: milliseconds (min,
median) of a step, and `first_ms`, that of the first, which compiles. Both modes have PyTorch's fused attention and its
fused AdamW. The loss is the cross-entropy of the mean of both heads' logits.
"""
import argparse, contextlib, json, time
import torch
import torch.nn as nn
import torch.nn.functional as F

# Side of the images, side of the patches, width, depth, heads, classes
SIZES = {"deit": (32, 4, 192, 12, 3, 100)}


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        batch, tokens, width = x.shape
        q, k, v = self.qkv(x).view(batch, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, tokens, width))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width, 1e-6), nn.LayerNorm(width, 1e-6)
        self.attention = Attention(width, heads)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Distilled(nn.Module):
    def __init__(self, side, patch, width, depth, heads, classes):
        super().__init__()
        self.patches = nn.Conv2d(3, width, patch, patch)
        self.tokens = nn.Parameter(0.02 * torch.randn(1, 2, width))
        self.positions = nn.Parameter(0.02 * torch.randn(1, (side // patch) ** 2 + 2, width))
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(width, 1e-6)
        self.heads = nn.ModuleList(nn.Linear(width, classes) for _ in range(2))

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = self.blocks(torch.cat([self.tokens.expand(len(x), -1, -1), x], 1) + self.positions)
        # Only these rows' norms are needed.
        x = self.norm(x[:, :2])
        return sum(head(x[:, row]) for row, head in enumerate(self.heads)) / 2


def measure(vit, mode, batch, steps, precision):
    side, _, _, _, _, classes = SIZES[vit]
    model = Distilled(*SIZES[vit]).train()
    network = torch.compile(model) if mode == "compiled" else model
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05, fused=True)
    x = torch.randn(batch, 3, side, side)
    y = torch.randint(0, classes, (batch,))
    cast = (lambda: torch.autocast("cpu", torch.bfloat16)) if precision == "bfloat16" else contextlib.nullcontext
    times = []
    for k in range(steps + 3):
        start = time.perf_counter()
        with cast():
            loss = F.cross_entropy(network(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()
        times.append(1e3 * (time.perf_counter() - start))
    return times[0], sorted(times[3:])


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--vit", default="deit", choices=list(SIZES))
    p.add_argument("--mode", default="eager", choices=["eager", "compiled"])
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--steps", type=int, default=15)
    p.add_argument("--precision", default="float32", choices=["float32", "bfloat16"])
    p.add_argument("--threads", type=int)
    a = p.parse_args()
    if a.threads:
        torch.set_num_threads(a.threads)
    first, times = measure(a.vit, a.mode, a.batch, a.steps, a.precision)
    print(json.dumps({"framework": "torch " + torch.__version__, "vit": a.vit, "mode": a.mode, "batch": a.batch,
                      "precision": a.precision, "min_ms": round(times[0], 1),
                      "median_ms": round(times[len(times) // 2], 1), "first_ms": round(first, 1)}))
