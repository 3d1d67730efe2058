import { assertEquals, assertThrows } from "@std/assert";
import * as deep from "../../lib/networks/deep_resnet.ts";
import * as imagenet from "../../lib/networks/imagenet.ts";
import { mobilenetv2 } from "../../lib/networks/mobilenet.ts";
import * as resnet from "../../lib/networks/resnet.ts";
import * as shufflenet from "../../lib/networks/shufflenet.ts";
import * as vgg from "../../lib/networks/vgg.ts";
import * as wrn from "../../lib/networks/wrn.ts";
import { buildModel, type Classifier } from "../../lib/nn/network.ts";
import { variables } from "../../lib/nn/variables.ts";
import { referenceName, selectTensors } from "../../lib/weights/names.ts";
import { FileRefused } from "../../lib/weights/refused.ts";
import { networkOf, referenceNetwork } from "../support/reference_networks.ts";

const select = (names: readonly string[], prefix?: string) =>
  selectTensors(new Map(names.map((name, i) => [name, i])), prefix);
const entries = (...names: string[]) => [...select(names).tensors];

Deno.test("selected names: drops module. if every name has it, however often", () => {
  assertEquals(entries("module.b", "module.a"), [["b", 0], ["a", 1]]);
  assertEquals(entries("module.module.a", "module.module.b"), [["a", 0], ["b", 1]]);
  assertEquals(entries("module.module.a", "module.b"), [["module.a", 0], ["b", 1]]);
  assertEquals(entries("module.a", "b"), [["module.a", 0], ["b", 1]]);
  assertEquals(entries(), []);
});

Deno.test("selected names: keeps only the student of a distiller saved as a whole", () => {
  assertEquals(entries("module.student.a", "module.teacher.a", "module.student.b"), [["a", 0], [
    "b",
    2,
  ]]);
  assertEquals(entries("student.module.a", "teacher.module.a"), [["a", 0]]);
});

Deno.test("selected names: drops the names of every wrapper, in any order, with counters beside", () => {
  assertEquals(entries("module._orig_mod.a", "module._orig_mod.b", "n_averaged"), [["a", 0], [
    "b",
    1,
  ]]);
  assertEquals(entries("_orig_mod.module.a", "_orig_mod.module.b"), [["a", 0], ["b", 1]]);
  assertEquals(entries("_fsdp_wrapped_module._orig_mod.a"), [["a", 0]]);
  assertEquals(entries("_orig_mod.a", "b"), [["_orig_mod.a", 0], ["b", 1]]);
});

Deno.test("selected names: says which part was taken, and a prefix takes another", () => {
  const names = ["module.student.a", "module.teacher.a", "module.teacher.b", "module.crd.c"];
  const { prefix, notes } = select(names);
  assertEquals([prefix, notes], ["student.", [
    "the 1 tensors of student. are taken; `prefix` takes others: teacher. (2), crd. (1)",
  ]]);
  for (const prefix of ["teacher.", "teacher", "module.teacher."]) {
    const { tensors, notes } = select(names, prefix);
    assertEquals([[...tensors], notes], [[["a", 1], ["b", 2]], []]);
  }
  const inner = select(["model.student._orig_mod.a", "model.teacher.a", "model.n_averaged"]);
  assertEquals([[...inner.tensors], inner.prefix], [[["a", 0]], "model.student."]);
  assertEquals(select(["student.a", "student.b"]).notes, []);
  const { message } = assertThrows(() => select(names, "ema."), FileRefused);
  assertEquals(
    message,
    "has no tensor whose name begins with ema.; its names begin with student., teacher., crd.",
  );
});

Deno.test("selected names: drops batch counters", () => {
  assertEquals(entries("bn.num_batches_tracked", "bn.weight", "num_batches_tracked"), [[
    "bn.weight",
    1,
  ]]);
});

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
  for (const [name, reference] of Object.entries(names)) {
    assertEquals(referenceName(resnet.resnet20, name), reference);
  }
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
  for (const [name, reference] of Object.entries(names)) {
    assertEquals(referenceName(vgg.vgg19, name), reference);
  }
});

Deno.test("reference names: every variable of every network has its own name", () => {
  const networks = [deep, imagenet, resnet, shufflenet, vgg, wrn].flatMap((family) =>
    Object.values<unknown>({ ...family }).filter((value): value is Classifier =>
      typeof value === "object"
    )
  );
  for (const network of [...networks, mobilenetv2()]) {
    const made =
      buildModel(network, variables({ seed: 1, collected: new Map() }), [32, 32, 3], 100).variables;
    const names = new Set(made.map(({ name }) => referenceName(network, name)));
    assertEquals(names.size, made.length, network.id);
  }
});

Deno.test("reference names: an unknown variable of the family is an error", () => {
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
    assertThrows(
      () => referenceName(resnet.resnet20, name),
      Error,
      "is not a variable of resnet20",
    );
  }
});

Deno.test("reference networks: every network of the repositories' dictionaries is in Retort, another is an error", () => {
  const resnets = ["8", "14", "20", "32", "44", "56", "110", "8x4", "32x4"].map((size) =>
    `resnet${size}`
  );
  const vggs = [8, 11, 13, 16, 19].map((depth) => `vgg${depth}`);
  const wrns = ["16_1", "16_2", "40_1", "40_2"].map((size) => `wrn_${size}`);
  const common = [...resnets, ...vggs, ...wrns, "ResNet50", "MobileNetV2"];
  const dictionaries: Readonly<Record<string, readonly string[]>> = {
    model_dict: [...common, "ShuffleV1", "ShuffleV2"],
    cifar_model_dict: [...common, "ResNet18", "wrn_28_4", "ShuffleV1", "ShuffleV2"],
    tiny_imagenet_model_dict: ["ResNet18", "ShuffleV2"],
    imagenet_model_dict: ["ResNet18", "ResNet34", "ResNet50", "ResNet101", "MobileNetV1"],
    MODEL_DICT: [
      ...common,
      ...[
        "ResNet18",
        "ResNet34",
        "ResNet101",
        "ResNet152",
        "wrn_28_10",
        "ShuffleNetV1",
        "ShuffleNetV2",
      ],
    ],
  };
  for (const [dictionary, names] of Object.entries(dictionaries)) {
    const ids = names.map((name) => referenceNetwork(name, dictionary).id);
    assertEquals(new Set(ids).size, names.length, dictionary);
  }
  assertEquals(referenceNetwork("ResNet18", "imagenet_model_dict").id, "imagenet.resnet18");
  assertEquals(referenceNetwork("MobileNetV2", "MODEL_DICT").options, { width: 1 });
  assertThrows(
    () => referenceNetwork("ResNet9", "model_dict"),
    Error,
    "there is no network ResNet9",
  );
});

Deno.test("reference networks: a source names an entry of a dictionary, with words before and after", () => {
  assertEquals(networkOf("RepDistiller/models model_dict['wrn_16_2']").id, "wrn_16_2");
  const entry =
    "mdistiller cifar_model_dict['ResNet18'] (as imagenet_model_dict['ResNet50'] is not)";
  assertEquals(networkOf(entry), referenceNetwork("ResNet18", "cifar_model_dict"));
  const steps = "spot-adaptive-pytorch train.py main() -> train_epoch, kd_loss=AT, homo=False";
  assertEquals(referenceNetwork("MobileNetV2", steps).options, { width: 1 });
  assertEquals(
    referenceNetwork("MobileNetV2", "RepDistiller helper/loops.py train_distill").options,
    { width: 0.5 },
  );
  assertThrows(() => networkOf("RepDistiller's wrn_16_2"), Error, "names no entry of a dictionary");
});
