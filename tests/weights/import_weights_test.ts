import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { resnet20, resnet8, resnet8x4 } from "../../lib/networks/resnet.ts";
import { vgg13, vgg8 } from "../../lib/networks/vgg.ts";
import { variableShapes } from "../../lib/nn/description.ts";
import type { Net } from "../../lib/nn/network.ts";
import { sizeOf } from "../../lib/nn/variables.ts";
import { Failure } from "../../lib/values/failure.ts";
import { stream } from "../../lib/values/random.ts";
import {
  importWeights,
  importWithItsClasses,
  type NamedTensors,
} from "../../lib/weights/import_weights.ts";
import { referenceName } from "../../lib/weights/names.ts";
import { permute, type Value } from "../../lib/weights/value.ts";
import { small } from "../support/toy.ts";

const image = [32, 32, 3];
const random = stream(1, "weights");

/** Values for every variable of a network, by Retort's names. */
const randomValues = (network: Net, classes: number): Map<string, Value> =>
  new Map(Array.from(variableShapes(network, image, classes), ([name, shape]) => [name, {
    shape,
    data: Float32Array.from({ length: sizeOf(shape) }, () => random.uniform()),
  }]));

/** The same values as PyTorch would write them. */
const asPyTorch = (network: Net, values: ReadonlyMap<string, Value>): Map<string, Value> =>
  new Map(Array.from(values, ([name, value]) => {
    const axes = { 2: [1, 0], 4: [3, 2, 0, 1] }[value.shape.length];
    return [referenceName(network, name), axes ? permute(value, axes) : value];
  }));

const file = (tensors: ReadonlyMap<string, Value>): NamedTensors => ({ path: "a.pth", tensors });

const refusal = (network: Net, classes: number, tensors: ReadonlyMap<string, Value>): string => {
  const failure = assertThrows(
    () => importWeights(network, image, classes, file(tensors)),
    Failure,
  );
  assertEquals(failure.exit, 3);
  return failure.message;
};

Deno.test("import: either naming gives the same variables, in Retort's order and layout", () => {
  for (const network of [resnet8, vgg8]) {
    const values = randomValues(network, 10);
    for (
      const tensors of [
        values,
        asPyTorch(network, values),
        new Map([...asPyTorch(network, values)].reverse()),
      ]
    ) {
      assertEquals([...importWeights(network, image, 10, file(tensors))], [...values]);
    }
  }
});

Deno.test("import: a network without reference names takes Retort's names only", () => {
  const values = randomValues(small, 5);
  assertEquals(importWeights(small, image, 5, file(values)), values);
  assertStringIncludes(
    refusal(small, 5, asPyTorch(resnet8, randomValues(resnet8, 5))),
    "missing: stem.weight [3,3,3,2]",
  );
});

Deno.test("import: integers become floats", () => {
  const values = randomValues(resnet8, 10).set("logits.bias", {
    shape: [10],
    data: Int32Array.from({ length: 10 }, (_, i) => i),
  });
  const { data } = importWeights(resnet8, image, 10, file(values)).get("logits.bias")!;
  assertEquals(data, Float32Array.from({ length: 10 }, (_, i) => i));
});

Deno.test("import: lists missing and extra tensors and other shapes by the file's own names and layout", () => {
  const tensors = asPyTorch(resnet8, randomValues(resnet8, 10));
  tensors.delete("layer2.0.bn1.running_var");
  tensors.set("layer9.weight", { shape: [2], data: new Float32Array(2) });
  tensors.set("conv1.weight", { shape: [24, 3, 3, 3], data: new Float32Array(24 * 27) });
  const message = refusal(resnet8, 10, tensors);
  for (
    const part of [
      "a.pth has the weights of another network than resnet8 for 32×32×3 images and 10 classes",
      "`deno task weights a.pth` shows what is in it",
      "\n  missing: layer2.0.bn1.running_var [32]",
      "\n  extra: layer9.weight [2]",
      "\n  another shape: conv1.weight is [24,3,3,3], not [16,3,3,3]",
    ]
  ) assertStringIncludes(message, part);
  assertEquals(message.split("\n").length, 4);
});

Deno.test("import: lists the first of many problems and counts the rest", () => {
  const lines = refusal(resnet20, 10, asPyTorch(resnet8, randomValues(resnet8, 10))).split("\n");
  const missing = variableShapes(resnet20, image, 10).size -
    variableShapes(resnet8, image, 10).size;
  assertEquals([lines.length, lines.at(-1)], [14, `  … and ${missing - 12} more missing`]);
});

Deno.test("import: a misfit shows what is extra beside many missing tensors", () => {
  const lines = refusal(resnet20, 10, asPyTorch(vgg8, randomValues(vgg8, 10))).split("\n");
  const kinds = lines.map((line) => /^ {2}(missing|extra|… and \d+ more \w+)/.exec(line)?.[1]);
  assertEquals(kinds.filter((kind) => kind === "missing").length, 12);
  assertEquals(kinds.filter((kind) => kind === "extra").length, 12);
  const [missing, extra] = [resnet20, vgg8].map((network) =>
    variableShapes(network, image, 10).size
  );
  assertEquals(kinds.filter((kind) => kind?.startsWith("…")), [
    `… and ${missing - 12} more missing`,
    `… and ${extra - 12} more extra`,
  ]);
});

const prefixed = (prefix: string, tensors: ReadonlyMap<string, Value>): Map<string, Value> =>
  new Map(Array.from(tensors, ([name, value]) => [prefix + name, value]));

Deno.test("import: a prefix that every name has is removed, and the log says so, if the network then fits", () => {
  const values = randomValues(resnet8, 10);
  for (
    const [prefix, off] of [
      ["model.", '"model."'],
      ["student.", '"student."'],
      ["model.net.", '"model.net."'],
      ["model.module.", '"model.module."'],
    ]
  ) {
    const said: string[] = [];
    const log = (line: string) => said.push(line);
    const tensors = prefixed(prefix, asPyTorch(resnet8, values));
    assertEquals([...importWeights(resnet8, image, 10, file(tensors), log)], [...values]);
    assertEquals(said, [`a.pth: ${off} comes off the names of its tensors to fit resnet8`]);
  }
  const inside = new Map(Array.from(asPyTorch(resnet8, values), ([name, value]) => [
    name.replace("layer1.", "layer1.module."),
    value,
  ]));
  const said: string[] = [];
  const log = (line: string) => said.push(line);
  const outside = prefixed("net.", inside);
  assertEquals([...importWeights(resnet8, image, 10, file(inside), log)], [...values]);
  assertEquals([...importWeights(resnet8, image, 10, file(outside), log)], [...values]);
  const wrappers = "the wrappers' names (module., _orig_mod. and the like)";
  assertEquals(
    said.splice(0),
    [wrappers, `${wrappers} and "net."`].map((off) =>
      `a.pth: ${off} comes off the names of its tensors to fit resnet8`
    ),
  );
  importWeights(resnet8, image, 10, file(asPyTorch(resnet8, values)), log);
  assertEquals(said, []);
});

Deno.test("import: a prefix that only some names have is offered", () => {
  const values = asPyTorch(resnet8, randomValues(resnet8, 10));
  const moco = new Map([...prefixed("encoder_q.", values), ...prefixed("encoder_k.", values)]);
  assertEquals(
    refusal(resnet8, 10, moco),
    'a.pth has more than the weights of resnet8: choose `prefix: "encoder_q."` or ' +
      '`prefix: "encoder_k."` in weights(…), or --prefix of a command',
  );
  const part = new Map([...prefixed("backbone.", values), ["head.weight", values.get("fc.bias")!]]);
  part.delete("backbone.fc.bias");
  const message = refusal(resnet8, 10, part);
  assertStringIncludes(
    message,
    `\`prefix: "backbone."\`, which ${
      values.size - 1
    } of its ${values.size} names have, comes nearest`,
  );
  assertEquals(message.split("\n").slice(1), ["  missing: fc.bias [10]"]);
});

Deno.test("import: says if only the head's number of classes differs", () => {
  for (const change of [asPyTorch, (_: Net, values: ReadonlyMap<string, Value>) => values]) {
    const message = refusal(vgg8, 100, change(vgg8, randomValues(vgg8, 10)));
    assertStringIncludes(
      message,
      "a.pth has the weights of vgg8 for 10 classes, and the data set has 100;",
    );
  }
  assert(
    !refusal(vgg13, 100, asPyTorch(vgg8, randomValues(vgg8, 10))).includes("vgg13 for 10 classes"),
  );
});

Deno.test("import: names a tensor that is not finite", () => {
  const values = randomValues(resnet8, 10);
  const tensors = asPyTorch(resnet8, values);
  tensors.get("fc.bias")!.data[3] = NaN;
  assertStringIncludes(refusal(resnet8, 10, tensors), "a.pth: fc.bias is not finite");
});

Deno.test("import: a body from another network's file is refused for the designed classes", () => {
  const tensors = asPyTorch(resnet8x4, randomValues(resnet8x4, 10));
  const message = assertThrows(
    () => importWithItsClasses(resnet8, image, file(tensors)),
    Failure,
  ).message;
  assertStringIncludes(message, "another network than resnet8 for 32×32×3 images and 100 classes");
  const own = asPyTorch(resnet8, randomValues(resnet8, 10));
  assertEquals(importWithItsClasses(resnet8, image, file(own)).get("logits.bias")!.shape, [10]);
});
