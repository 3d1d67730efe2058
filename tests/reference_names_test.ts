import { assertEquals, assertThrows } from "@std/assert";
import { build, type Classifier } from "../lib/network.ts";
import * as deep from "../lib/networks/deep_resnet.ts";
import * as imagenet from "../lib/networks/imagenet.ts";
import { mobilenetv2 } from "../lib/networks/mobilenet.ts";
import * as resnet from "../lib/networks/resnet.ts";
import * as shufflenet from "../lib/networks/shufflenet.ts";
import * as vgg from "../lib/networks/vgg.ts";
import * as wrn from "../lib/networks/wrn.ts";
import { referenceName } from "../lib/reference_names.ts";
import { variables } from "../lib/variables.ts";

Deno.test("reference names: a ResNet's are those of RepDistiller", () => {
  const names = {
    "stem.weight": "conv1.weight",
    "stem.norm.scale": "bn1.weight",
    "block1.0.body.0.weight": "layer1.0.conv1.weight",
    "block1.0.body.0.norm.offset": "layer1.0.bn1.bias",
    "block2.4.body.2.weight": "layer2.2.conv2.weight",
    "block2.4.body.2.norm.mean": "layer2.2.bn2.running_mean",
    "block3.0.shortcut.weight": "layer3.0.downsample.0.weight",
    "block3.0.shortcut.norm.variance": "layer3.0.downsample.1.running_var",
    "logits.weight": "fc.weight",
    "logits.bias": "fc.bias",
  };
  for (const [ours, theirs] of Object.entries(names)) assertEquals(referenceName(resnet.resnet20, ours), theirs);
});

Deno.test("reference names: a VGG's are those of RepDistiller", () => {
  const names = {
    "stem.0.weight": "block0.0.weight",
    "stem.2.norm.scale": "block0.4.weight",
    "block1.1.bias": "block1.0.bias",
    "block1.3.norm.mean": "block1.4.running_mean",
    "block4.0.weight": "block4.0.weight",
    "block4.6.norm.variance": "block4.10.running_var",
    "logits.bias": "classifier.bias",
  };
  for (const [ours, theirs] of Object.entries(names)) assertEquals(referenceName(vgg.vgg19, ours), theirs);
});

Deno.test("reference names: every variable of every network has one of its own", () => {
  const networks = [deep, imagenet, resnet, shufflenet, vgg, wrn].flatMap((family) =>
    Object.values<unknown>({ ...family }).filter((value): value is Classifier => typeof value === "object")
  );
  for (const network of [...networks, mobilenetv2()]) {
    const made = build(network, variables({ seed: 1, collected: new Map() }), [32, 32, 3], 100).variables;
    const names = new Set(made.map(({ name }) => referenceName(network, name)));
    assertEquals(names.size, made.length, network.id);
  }
});

Deno.test("reference names: what is no variable of the family is an error", () => {
  for (
    const name of [
      "",
      "stem",
      "stem.0.weight",
      "block1.0.body.1.weight",
      "block1.0.body.0.norm.size",
      "logits.norm.mean",
    ]
  ) {
    assertThrows(() => referenceName(resnet.resnet20, name), Error, "is not a variable of resnet20");
  }
});
