"""Networks with the structure and the names of RepDistiller's and DeiT's, saved as those do, and their logits.

    python3 reference_files.py FOLDER < {"images": [numbers, ...], "shape": [batch, 3, 32, 32]}

Writes NAME.zip.pth and NAME.legacy.pth for each network and prints {"NAME": [logits, ...], ...} in evaluation mode.
"""
import json
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

CLASSES = 7


def conv(i, o, k=3, s=1, groups=1, bias=False):
    return nn.Conv2d(i, o, k, s, k // 2, groups=groups, bias=bias)


def layers(blocks):
    return nn.Sequential(*blocks)


class BasicBlock(nn.Module):
    def __init__(self, i, o, s):
        super().__init__()
        self.conv1, self.bn1, self.conv2, self.bn2 = conv(i, o, 3, s), nn.BatchNorm2d(o), conv(o, o), nn.BatchNorm2d(o)
        self.downsample = layers([conv(i, o, 1, s), nn.BatchNorm2d(o)]) if s > 1 or i != o else None

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    def __init__(self, n, widths):
        super().__init__()
        self.conv1, self.bn1 = conv(3, widths[0]), nn.BatchNorm2d(widths[0])
        i = widths[0]
        for stage, o in enumerate(widths[1:]):
            blocks = [BasicBlock(i if b == 0 else o, o, 2 if stage and b == 0 else 1) for b in range(n)]
            setattr(self, f"layer{stage + 1}", layers(blocks))
            i = o
        self.fc = nn.Linear(i, CLASSES)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.fc(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


class VGG(nn.Module):
    def __init__(self, counts):
        super().__init__()
        i = 3
        for b, (n, o) in enumerate(zip(counts, (64, 128, 256, 512, 512))):
            block = []
            for _ in range(n):
                block += [conv(i, o, bias=True), nn.BatchNorm2d(o), nn.ReLU()]
                i = o
            setattr(self, f"block{b}", layers(block[:-1]))
        self.classifier = nn.Linear(512, CLASSES)

    def forward(self, x):
        for b in range(5):
            x = F.relu(getattr(self, f"block{b}")(x))
            x = F.max_pool2d(x, 2) if b < 3 else x
        return self.classifier(x.mean((2, 3)))


class WideBlock(nn.Module):
    def __init__(self, i, o, s):
        super().__init__()
        self.bn1, self.conv1, self.bn2, self.conv2 = nn.BatchNorm2d(i), conv(i, o, 3, s), nn.BatchNorm2d(o), conv(o, o)
        self.convShortcut = conv(i, o, 1, s) if i != o else None

    def forward(self, x):
        a = F.relu(self.bn1(x))
        y = self.conv2(F.relu(self.bn2(self.conv1(a))))
        return y + (x if self.convShortcut is None else self.convShortcut(a))


class Group(nn.Module):
    def __init__(self, blocks):
        super().__init__()
        self.layer = layers(blocks)

    def forward(self, x):
        return self.layer(x)


class WRN(nn.Module):
    def __init__(self, depth, width):
        super().__init__()
        self.conv1, i = conv(3, 16), 16
        for stage in range(3):
            o = 16 * width * 2**stage
            blocks = [WideBlock(i if b == 0 else o, o, 2 if stage and b == 0 else 1) for b in range((depth - 4) // 6)]
            setattr(self, f"block{stage + 1}", Group(blocks))
            i = o
        self.bn1, self.fc = nn.BatchNorm2d(i), nn.Linear(i, CLASSES)

    def forward(self, x):
        return self.fc(F.relu(self.bn1(self.block3(self.block2(self.block1(self.conv1(x)))))).mean((2, 3)))


class Inverted(nn.Module):
    def __init__(self, i, o, s, t):
        super().__init__()
        h, self.same = i * t, s == 1 and i == o
        self.conv = layers([conv(i, h, 1), nn.BatchNorm2d(h), nn.ReLU(), conv(h, h, 3, s, h), nn.BatchNorm2d(h), nn.ReLU(),
                            conv(h, o, 1), nn.BatchNorm2d(o)])

    def forward(self, x):
        return x + self.conv(x) if self.same else self.conv(x)


class MobileNetV2(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, i, blocks = layers([conv(3, 16, 3, 2), nn.BatchNorm2d(16), nn.ReLU()]), 16, []
        for t, o, n, s in ((1, 8, 1, 1), (6, 12, 2, 1), (6, 16, 3, 2), (6, 32, 4, 2), (6, 48, 3, 1), (6, 80, 3, 2),
                           (6, 160, 1, 1)):
            blocks.append(layers([Inverted(i if b == 0 else o, o, s if b == 0 else 1, t) for b in range(n)]))
            i = o
        self.blocks = layers(blocks)
        self.conv2 = layers([conv(i, 1280, 1), nn.BatchNorm2d(1280), nn.ReLU()])
        self.classifier = layers([nn.Linear(1280, CLASSES)])

    def forward(self, x):
        return self.classifier(self.conv2(self.blocks(self.conv1(x))).mean((2, 3)))


def shuffle(x, groups):
    n, c, h, w = x.shape
    return x.reshape(n, groups, c // groups, h, w).transpose(1, 2).reshape(n, c, h, w)


class Shuffled(nn.Module):
    def __init__(self, i, o, s):
        super().__init__()
        m, self.groups, self.s = (o - i if s == 2 else o) // 4, 1 if i == 24 else 3, s
        out = o - i if s == 2 else o
        self.conv1, self.bn1 = conv(i, m, 1, groups=self.groups), nn.BatchNorm2d(m)
        self.conv2, self.bn2 = conv(m, m, 3, s, m), nn.BatchNorm2d(m)
        self.conv3, self.bn3 = conv(m, out, 1, groups=3), nn.BatchNorm2d(out)

    def forward(self, x):
        y = shuffle(F.relu(self.bn1(self.conv1(x))), self.groups)
        y = self.bn3(self.conv3(F.relu(self.bn2(self.conv2(y)))))
        return F.relu(torch.cat([y, F.avg_pool2d(x, 3, 2, 1)], 1) if self.s == 2 else y + x)


class ShuffleV1(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1, i = conv(3, 24, 1), nn.BatchNorm2d(24), 24
        for stage, (o, n) in enumerate(((240, 4), (480, 8), (960, 4))):
            setattr(self, f"layer{stage + 1}", layers([Shuffled(i if b == 0 else o, o, 2 if b == 0 else 1) for b in range(n)]))
            i = o
        self.linear = nn.Linear(960, CLASSES)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.linear(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.qkv, self.proj = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        b, n, width = x.shape
        q, k, v = (part.reshape(b, n, self.heads, -1).transpose(1, 2) for part in self.qkv(x).split(width, 2))
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, n, width))


class Mlp(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class TransformerBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width, 1e-6), nn.LayerNorm(width, 1e-6)
        self.attn, self.mlp = Attention(width, heads), Mlp(width)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Transformer(nn.Module):
    def __init__(self, width, depth, heads, patch, distilled):
        super().__init__()
        self.cls_token = nn.Parameter(torch.randn(1, 1, width))
        if distilled:
            self.dist_token = nn.Parameter(torch.randn(1, 1, width))
        self.pos_embed = nn.Parameter(torch.randn(1, 1 + distilled + (32 // patch) ** 2, width))
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, width, patch, patch)})
        self.blocks = layers([TransformerBlock(width, heads) for _ in range(depth)])
        self.norm, self.head = nn.LayerNorm(width, 1e-6), nn.Linear(width, CLASSES)
        if distilled:
            self.head_dist = nn.Linear(width, CLASSES)

    def forward(self, x):
        x = self.patch_embed["proj"](x).flatten(2).transpose(1, 2)
        tokens = [self.cls_token] + ([self.dist_token] if hasattr(self, "dist_token") else [])
        x = torch.cat([token.expand(len(x), -1, -1) for token in tokens] + [x], 1) + self.pos_embed
        x = self.norm(self.blocks(x))
        scores = self.head(x[:, 0])
        return (scores + self.head_dist(x[:, 1])) / 2 if hasattr(self, "head_dist") else scores


NETWORKS = {"resnet8": lambda: ResNet(1, (16, 16, 32, 64)), "resnet8x4": lambda: ResNet(1, (32, 64, 128, 256)),
            "vgg8": lambda: VGG((1, 1, 1, 1, 1)), "wrn_16_2": lambda: WRN(16, 2), "mobilenetv2": MobileNetV2,
            "shufflenetv1": ShuffleV1, "vit": lambda: Transformer(24, 2, 3, 8, False),
            "deit": lambda: Transformer(24, 2, 3, 4, True)}

if __name__ == "__main__":
    torch.manual_seed(1)
    given, scores = json.load(sys.stdin), {}
    images = torch.tensor(given["images"]).reshape(given["shape"])
    for name, make in NETWORKS.items():
        net = make()
        for parameter, value in net.state_dict().items():
            if parameter.endswith("running_var"):
                value.uniform_(0.5, 1.5)
            elif parameter.endswith("running_mean") or parameter.endswith("bias"):
                value.uniform_(-0.2, 0.2)
        state = {"epoch": 240, "model": net.state_dict(), "best_acc": torch.tensor(71.5)}
        torch.save(state, f"{sys.argv[1]}/{name}.zip.pth")
        torch.save(state, f"{sys.argv[1]}/{name}.legacy.pth", _use_new_zipfile_serialization=False)
        with torch.no_grad():
            scores[name] = net.eval()(images).flatten().tolist()
    print(json.dumps(scores))
