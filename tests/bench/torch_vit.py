"""PyTorch's side of the transformers' speed comparison: one training step of a DeiT with PyTorch's best settings.

    python3 torch_vit.py --vit deit [--mode eager|compiled|autotuned] [--layout channels_last|contiguous]
                         [--batch 64] [--steps 15] [--precision float32|bfloat16] [--threads N]

Needs `pip install torch==2.13.0`. Prints the line of `torch_ways.py`. It has PyTorch's fused attention and its fused
AdamW. The loss is the cross-entropy of the mean of both heads' logits.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch_ways import time_step, way_flags

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


def vit_step(vit, batch, layout):
    """Makes the loss and the update of a transformer."""
    side, _, _, _, _, classes = SIZES[vit]
    model = Distilled(*SIZES[vit]).train().to(memory_format=layout)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05, fused=True)
    x = torch.randn(batch, 3, side, side).to(memory_format=layout)
    y = torch.randint(0, classes, (batch,))

    def update(terms):
        optimizer.zero_grad()
        sum(terms).backward()
        optimizer.step()
    return lambda: [F.cross_entropy(model(x), y)], update


if __name__ == "__main__":
    p = way_flags(__doc__)
    p.add_argument("--vit", default="deit", choices=list(SIZES))
    a = p.parse_args()
    time_step(a, lambda layout: vit_step(a.vit, a.batch, layout))
