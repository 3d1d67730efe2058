import { assert, assertEquals } from "@std/assert";
import type { ExportedModel } from "../../lib/export/model.ts";
import { safetensors } from "../../lib/export/safetensors.ts";
import { convNorm } from "../../lib/nn/conv.ts";
import { dense, globalAveragePool, relu } from "../../lib/nn/layers.ts";
import { classifier } from "../../lib/nn/network.ts";
import { stage } from "../../lib/nn/stage.ts";
import { importWeights } from "../../lib/weights/import_weights.ts";
import { decodeWeights } from "../../lib/weights/weights_file.ts";
import { decode, toFloat32 } from "../../lib/weights/safetensors.ts";
import { memorySource } from "../support/memory_source.ts";
import { assertLogits, images, logits, model, models } from "../support/models.ts";
import { needsPython, runPython } from "../support/python.ts";
import { inTemporary } from "../support/temporary.ts";
import { small } from "../support/toy.ts";

async function encodeModel(model: ExportedModel): Promise<Uint8Array<ArrayBuffer>> {
  const files = await safetensors.files(model);
  assertEquals([...files.keys()], ["model.safetensors"]);
  return Uint8Array.from(files.get("model.safetensors") as Uint8Array);
}

for (
  const model of [...models, { ...models[0], network: { ...models[0].network, names: undefined } }]
) {
  const { network, image, classes, tensors, normalisation: { mean } } = model;
  Deno.test(`safetensors: ${network.id} with ${network.names ? "the reference's" : "Retort's"} names is read back bit by bit`, async () => {
    const contents = decode(await encodeModel(model), "model.safetensors");
    const values = new Map(
      Array.from(
        contents.tensors,
        ([name, entry]) => [name, { shape: entry.shape, data: toFloat32(entry) }],
      ),
    );
    const file = {
      path: "model.safetensors",
      format: "safetensors",
      tensors: values,
      facts: {},
      sha256: "",
    } as const;
    assertEquals(importWeights(network, image, classes.length, file), tensors);
    const { format, experiment, ...facts } = contents.metadata;
    assertEquals([format, experiment], [network.names ? "pt" : undefined, "toy"]);
    assertEquals(JSON.parse(facts.classes), classes);
    assertEquals(JSON.parse(facts.mean), mean);
    const bytes = await encodeModel(model);
    assertEquals(decodeWeights(memorySource("model.safetensors", bytes)).image, image);
    assertEquals(JSON.parse(facts.network), { id: network.id, options: network.options });
  });
}

Deno.test("safetensors: has PyTorch's names and layout if there is a reference, else Retort's", async () => {
  const shapes = async (model: ExportedModel) => {
    const { tensors } = decode(await encodeModel(model), "model.safetensors");
    return Object.fromEntries(Array.from(tensors, ([name, { shape }]) => [name, shape]));
  };
  const theirs = await shapes(models[1]);
  const ours = await shapes(model(small, 8));
  assertEquals(theirs["layer2.0.conv1.weight"], [32, 16, 3, 3]);
  assertEquals(theirs["layer2.0.bn1.running_var"], [32]);
  assertEquals(theirs["fc.weight"], [5, 64]);
  assertEquals(ours["stem.weight"], [3, 3, 3, 2]);
  assert(
    safetensors.layout(models[1]) === "NCHW" && safetensors.layout(model(small, 8)) === "NHWC",
  );
});

const NAMES: Readonly<Record<string, readonly [string, string?]>> = {
  stem: ["conv1", "bn1"],
  logits: ["fc"],
};

await needsPython(
  ["torch", "safetensors"],
  "safetensors: PyTorch loads the file as a state dict and gives the same logits",
  () =>
    inTemporary(async (folder) => {
      const net = classifier("net", {}, (classes) => ({
        stem: stage(convNorm(4, { stride: 2, bias: true }), relu()),
        pooled: stage(globalAveragePool()),
        logits: stage(dense(classes)),
      }), (path) => NAMES[path]);
      const exported = model(net, 8);
      const batch = images(exported, 3);
      await Deno.writeFile(`${folder}/model.safetensors`, await encodeModel(exported));
      const found = await runPython("load_safetensors.py", [`${folder}/model.safetensors`], [
        ...batch,
      ]) as number[];
      assertLogits("PyTorch", found, await logits(exported, batch));
    }),
);
