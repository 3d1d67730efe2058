"""torchvision's side of the comparison of readers: ImageFolder, RandomResizedCrop, flips and ToTensor in a DataLoader.

    python3 torch_data.py --folder DIR [--workers 1] [--batch 32] [--batches 100] [--steps 0]

Needs torchvision beside its PyTorch (`pip install torch==2.14.1 torchvision==0.29.1`). Prints one JSON line of images per
second: `alone`, and with `--steps` those of ResNet-18's training step on one batch (`bare`) and on the loader's (`beside`).
"""
import argparse, json, time
import torch
from torch.utils.data import ConcatDataset, DataLoader
from torchvision import datasets, models, transforms


def rate(count, batch, act):
    start = time.perf_counter()
    for _ in range(count):
        act()
    return round(count * batch / (time.perf_counter() - start), 1)


def measure(folder, workers, batch, count, steps):
    transform = transforms.Compose(
        [transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip(), transforms.ToTensor()])
    images = datasets.ImageFolder(folder + "/train", transform)
    needed = batch * (2 + count + steps + 2 * workers)
    repeated = ConcatDataset([images] * -(-needed // len(images)))
    loader = iter(DataLoader(repeated, batch, shuffle=True, num_workers=workers))
    for _ in range(2):
        next(loader)
    rates = {"alone": rate(count, batch, lambda: next(loader)), "bare": None, "beside": None}
    if steps > 0:
        model = models.resnet18().to(memory_format=torch.channels_last)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)

        def step(x, y):
            loss = torch.nn.functional.cross_entropy(model(x.contiguous(memory_format=torch.channels_last)), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss.item()

        same = next(loader)
        for _ in range(2):
            step(*same)
        rates["bare"] = rate(steps, batch, lambda: step(*same))
        rates["beside"] = rate(steps, batch, lambda: step(*next(loader)))
    return rates


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--folder", required=True)
    p.add_argument("--workers", type=int, default=1)
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--batches", type=int, default=100)
    p.add_argument("--steps", type=int, default=0)
    a = p.parse_args()
    print(json.dumps(measure(a.folder, a.workers, a.batch, a.batches, a.steps)))
