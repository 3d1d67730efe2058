"""torchvision's side of the detectors' speed comparison: one training step of Faster R-CNN with a feature pyramid.

    python3 torch_detection.py --detector resnet18 [--batch 2] [--steps 15] [--threads N]

Needs torchvision beside its PyTorch (`pip install torch==2.14.1 torchvision==0.29.1`). Prints one JSON line: milliseconds
(min, median) of a step, and `first_ms`, that of the first. The images have the side already, so that torchvision's resizing
changes nothing; it and the normalisation take about a hundredth of the step. Norms, the stem and the first block are
frozen, as by default. Torchvision's detectors choose by values how many regions there are: `torch.compile` breaks their
graph there, and is not measured.
"""
import argparse, json, time
import torch
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

SIDE, CLASSES, OBJECTS = 256, 81, 8


def measure(detector, batch, steps):
    torch.manual_seed(0)
    backbone = resnet_fpn_backbone(backbone_name=detector, weights=None, trainable_layers=3)
    model = FasterRCNN(backbone, CLASSES, min_size=SIDE, max_size=SIDE).train()
    learned = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(learned, lr=1e-5, momentum=0.9, weight_decay=1e-4)
    images = [torch.rand(3, SIDE, SIDE) for _ in range(batch)]
    corners = [SIDE * 0.6 * torch.rand(OBJECTS, 2) for _ in range(batch)]
    targets = [
        {"boxes": torch.cat([c, c + 16 + SIDE * 0.3 * torch.rand(OBJECTS, 2)], 1), "labels": 1 + torch.arange(OBJECTS)}
        for c in corners
    ]
    times = []
    for _ in range(steps + 3):
        start = time.perf_counter()
        loss = sum(model(images, targets).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()
        times.append(1e3 * (time.perf_counter() - start))
    return times[0], sorted(times[3:])


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--detector", default="resnet18", choices=["resnet18", "resnet34", "resnet50"])
    p.add_argument("--batch", type=int, default=2)
    p.add_argument("--steps", type=int, default=15)
    p.add_argument("--precision", default="float32", choices=["float32"])
    p.add_argument("--threads", type=int)
    a = p.parse_args()
    if a.threads:
        torch.set_num_threads(a.threads)
    first, times = measure(a.detector, a.batch, a.steps)
    print(json.dumps({"framework": "torch " + torch.__version__, "detector": a.detector, "batch": a.batch,
                      "min_ms": round(times[0], 1), "median_ms": round(times[len(times) // 2], 1),
                      "first_ms": round(first, 1)}))
