"""Loads the named file into a PyTorch network, strictly, and prints its logits for the images on standard input."""

import json
import sys

import torch
from safetensors.torch import load_file
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, stride=2, padding=1, bias=True)
        self.bn1 = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4, 5)

    def forward(self, x):
        return self.fc(torch.relu(self.bn1(self.conv1(x))).mean((2, 3)))


net = Net()
net.load_state_dict(load_file(sys.argv[1]))
net.eval()
images = torch.tensor(json.load(sys.stdin)).reshape(3, 8, 8, 3).permute(0, 3, 1, 2)
with torch.no_grad():
    print(json.dumps(net(images).flatten().tolist()))
