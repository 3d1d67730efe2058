"""torchvision's side of the detectors' speed comparison: one training step of Faster R-CNN with a feature pyramid.

    python3 torch_detection.py --detector resnet18 [--layout channels_last|contiguous] [--batch 2] [--steps 15] [--threads N]

Needs torchvision beside its PyTorch (`pip install torch==2.14.1 torchvision==0.29.1`). Prints the line of `torch_ways.py`.
The images have the side already, so that torchvision's resizing changes nothing; it and the normalisation take about a
hundredth of the step. Norms, the stem and the first block are frozen, as by default. Torchvision's detectors choose by
values how many regions there are: `torch.compile` breaks their graph there, and is not measured.
"""
import torch
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torch_ways import time_step, way_flags

SIDE, CLASSES, OBJECTS = 256, 81, 8


def detector_step(detector, batch, layout):
    """Makes the losses and the update of a detector."""
    torch.manual_seed(0)
    backbone = resnet_fpn_backbone(backbone_name=detector, weights=None, trainable_layers=3)
    model = FasterRCNN(backbone, CLASSES, min_size=SIDE, max_size=SIDE).train().to(memory_format=layout)
    learned = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(learned, lr=1e-5, momentum=0.9, weight_decay=1e-4, fused=True)
    images = [torch.rand(3, SIDE, SIDE) for _ in range(batch)]
    corners = [SIDE * 0.6 * torch.rand(OBJECTS, 2) for _ in range(batch)]
    targets = [
        {"boxes": torch.cat([c, c + 16 + SIDE * 0.3 * torch.rand(OBJECTS, 2)], 1), "labels": 1 + torch.arange(OBJECTS)}
        for c in corners
    ]

    def update(terms):
        optimizer.zero_grad()
        sum(terms).backward()
        optimizer.step()
    return lambda: list(model(images, targets).values()), update


if __name__ == "__main__":
    p = way_flags(__doc__)
    p.set_defaults(batch=2)
    p.add_argument("--detector", default="resnet18", choices=["resnet18", "resnet34", "resnet50"])
    a = p.parse_args()
    time_step(a, lambda layout: detector_step(a.detector, a.batch, layout))
