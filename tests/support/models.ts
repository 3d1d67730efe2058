/** Models of every kind to export, and Retort's own logits to compare them with. */
import { assert } from "@std/assert";
import { openEngine } from "../../lib/engine/open_engine.ts";
import type { ExportedModel } from "../../lib/export/model.ts";
import { fasterRcnn } from "../../lib/networks/faster_rcnn.ts";
import * as imagenet from "../../lib/networks/imagenet.ts";
import { mobilenetv2 } from "../../lib/networks/mobilenet.ts";
import { resnet8 } from "../../lib/networks/resnet.ts";
import { shufflenetv1, shufflenetv2 } from "../../lib/networks/shufflenet.ts";
import { vgg8 } from "../../lib/networks/vgg.ts";
import { distilledVit, vit } from "../../lib/networks/vit.ts";
import { wrn_16_1 } from "../../lib/networks/wrn.ts";
import { buildModel, type Net } from "../../lib/nn/network.ts";
import { passes } from "../../lib/nn/pass.ts";
import { sizeOf, type Variable, variables } from "../../lib/nn/variables.ts";
import { classification } from "../../lib/tasks/classification.ts";
import { detection } from "../../lib/tasks/detection.ts";
import type { Input } from "../../lib/values/input.ts";
import { stream } from "../../lib/values/random.ts";

/**
 * Makes a model with random statistics, scales, offsets and biases instead of their initial values,
 * so that each of them matters.
 */
export function model(
  network: Net,
  side = 32,
  classes = 5,
  task: ExportedModel["task"] = classification,
): ExportedModel {
  const image = [side, side, 3] as const;
  const random = stream(3, network.id);
  const model = buildModel(network, variables({ seed: 3, collected: new Map() }), image, classes);
  const moved: Readonly<Record<string, () => number>> = {
    mean: () => 0.1 * random.normal(),
    offset: () => 0.1 * random.normal(),
    scale: () => 0.7 + 0.6 * random.uniform(),
    variance: () => 0.5 + random.uniform(),
    bias: () => 0.1 * random.normal(),
  };
  const value = ({ name, initial, shape }: Variable) => {
    const draw = moved[name.split(".").at(-1)!];
    return { shape, data: draw ? Float32Array.from({ length: sizeOf(shape) }, draw) : initial() };
  };
  return {
    network,
    task,
    image,
    classes: Array.from({ length: classes }, (_, i) => `class ${i}`),
    normalisation: { mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3] },
    tensors: new Map(model.variables.map((variable) => [variable.name, value(variable)])),
    origin: { experiment: "toy" },
  };
}

/** Models that together have every kind of layer. */
export const models: readonly ExportedModel[] = [
  model(vgg8, 16),
  model(resnet8),
  model(wrn_16_1),
  model(mobilenetv2()),
  model(shufflenetv1),
  model(shufflenetv2),
  model(vit({ patch: 4, depth: 2, width: 12, heads: 3 }), 16),
  model(distilledVit({ patch: 8, depth: 1, width: 8, heads: 2, logits: "class" }), 24),
];

/** A small detector, which takes any image for objects. */
export function detector(): ExportedModel {
  const network = fasterRcnn({
    body: imagenet.resnet18,
    width: 8,
    channels: 8,
    hidden: 16,
    regions: { side: 3 },
    detections: { score: 0.2 },
  });
  return model(network, 64, 3, detection);
}

/** Finds objects with Retort's own compiled graph in a normalised image of this height and width. */
export async function objects(
  model: ExportedModel,
  images: Float32Array,
  size: readonly number[],
): Promise<Readonly<Record<string, Float32Array>>> {
  return await predictions(model, {
    images: { shape: [1, ...model.image], data: images },
    labelSize: { shape: [1, 2], data: Float32Array.from(size) },
  });
}

/** Runs Retort's own compiled graph on normalised images, and labels if the task needs any. */
async function predictions(
  { network, image, classes, tensors, task }: ExportedModel,
  inputs: Readonly<Record<string, Input>>,
): Promise<Readonly<Record<string, Float32Array>>> {
  const { engine } = await openEngine();
  const values = new Map(Array.from(tensors, ([name, { data }]) => [name, data as Float32Array]));
  const collected = new Map<string, Variable>();
  const scope = variables({ seed: 0, collected, fixed: true, values });
  const exported = buildModel(network, scope, image, classes.length);
  await engine.hold([...collected.values()]);
  const run = engine.compile<string>(({ images, ...labels }) => {
    const output = exported.run(task.prepare?.(images, labels) ?? images, passes().frozen);
    return { values: task.predict(output, labels), updates: [] };
  });
  const found = await run(inputs);
  engine.close();
  return found;
}

/** Draws normalised images, always the same for a batch size. */
export function images({ image }: ExportedModel, batch: number): Float32Array {
  const random = stream(4, `images/${batch}`);
  return Float32Array.from({ length: batch * sizeOf(image) }, () => random.normal());
}

/** Computes Retort's own logits of these images with its compiled graph: [batch, classes]. */
export async function logits(model: ExportedModel, images: Float32Array): Promise<Float32Array> {
  const shape = [images.length / sizeOf(model.image), ...model.image];
  const { logits } = await predictions(model, { images: { shape, data: images } });
  return logits;
}

/** Asserts that these logits equal Retort's (`ours`) and are not all alike. */
export function assertLogits(what: string, found: ArrayLike<number>, ours: Float32Array): void {
  const off = Math.max(...Array.from(ours, (logit, i) => Math.abs(logit - found[i])));
  assert(
    found.length === ours.length && off <= 1e-4,
    `${what}: ${found.length} logits, ${off} away`,
  );
  assert(Math.max(...ours) - Math.min(...ours) > 0.1, `${what}: the logits are all alike: ${ours}`);
}
