/** The golden detectors: how many parameters they have, and what each stage computes. */
import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { Tensor4D } from "@tensorflow/tfjs";
import { imagenet as imagenetData } from "../../datasets/imagenet.ts";
import type { StepFunction } from "../../lib/engine/engine.ts";
import { linear } from "../../lib/kernels/linear.ts";
import { resizeBilinear } from "../../lib/kernels/resize.ts";
import type { Tensor } from "../../lib/kernels/tensor.ts";
import { type FasterRcnn, fasterRcnn } from "../../lib/networks/faster_rcnn.ts";
import * as imagenet from "../../lib/networks/imagenet.ts";
import { description } from "../../lib/nn/description.ts";
import { PYRAMID } from "../../lib/nn/detector.ts";
import { buildModel, type Model, type Output } from "../../lib/nn/network.ts";
import { passes } from "../../lib/nn/pass.ts";
import { pyramidRoiAlign } from "../../lib/nn/roi_align.ts";
import { type Shape, sizeOf, type Variable, variables } from "../../lib/nn/variables.ts";
import { importWeights } from "../../lib/weights/import_weights.ts";
import { referenceName } from "../../lib/weights/names.ts";
import { open } from "./engines.ts";
import type { Check, Golden, Numbers } from "./goldens.ts";
import { ourMap } from "./layout.ts";
import { type Recipe, recipe, recipeWeight } from "./recipe.ts";
import { assertSampled } from "./sampled.ts";
import { tolerance } from "./tolerance.ts";

/** The bodies that torchvision's detectors have, by its names. */
const BODIES = {
  resnet18: imagenet.resnet18,
  resnet34: imagenet.resnet34,
  resnet50: imagenet.resnet50,
  resnet101: imagenet.resnet101,
};

/** A body's name in torchvision. */
type Body = keyof typeof BODIES;

/** The JSON of `model_counts`: the numbers of each detector, `body.classes`. */
export interface CountFacts {
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** The JSON of a detector's case. */
export interface DetectorFacts extends Recipe {
  readonly params: number;
  readonly trainable: number;
  /** The parameters that do not learn. Default: not said. */
  readonly frozen?: readonly string[];
  readonly sampled: Readonly<Record<string, readonly number[]>>;
  readonly fp32_vs_fp64_rel_err: Readonly<Record<string, number>>;
  readonly param_order: readonly string[];
  /** A detector of its own sizes, with images of several sizes. */
  readonly network?: {
    readonly body: Body;
    readonly fpn: number;
    readonly head: number;
    readonly classes: number;
    readonly anchor_sizes: readonly number[];
    readonly ratios: readonly number[];
    readonly canonical_scale: number;
  };
  /** The names of its images, their shapes and their sizes in the batch. */
  readonly images?: readonly string[];
  readonly image_shapes?: readonly Shape[];
  readonly resized_hw?: readonly Shape[];
  readonly padded_hw?: Shape;
  /** A detector as torchvision has it, with a batch that is ready. */
  readonly body?: Body;
  readonly classes?: number;
  readonly hw?: Shape;
  readonly batch?: number;
  readonly input?: string;
}

/** The checks of detectors' cases. */
export const networks: readonly Check<CountFacts & DetectorFacts>[] = [
  [/^model_counts$/, checkCounts],
  [/^model_(?!counts$)/, checkStages],
];

/** Compares what `describe` says of each detector, and its variables. */
function checkCounts({ facts: { counts } }: Golden<CountFacts>): void {
  for (const [name, golden] of Object.entries(counts)) {
    const [body, classes] = name.split(".");
    const network = fasterRcnn({ body: BODIES[body as Body] });
    const image = [64, 96, 3];
    const { stages, heads, parameters, frozen } = description(network, image, Number(classes));
    const part = (pattern: RegExp) =>
      [...stages, ...heads].filter(({ name }) => pattern.test(name))
        .reduce((sum, { parameters }) => sum + parameters, 0);
    const { variables: all, parts, parameters: sameParameters } = buildModel(
      network,
      variables({ seed: 1, collected: new Map() }),
      image,
      Number(classes),
    );
    const sizes = (some: readonly Variable[]) =>
      some.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const affine = all.filter(({ name }) => /\.norm\.(scale|offset)$/.test(name));
    const head = (layers: RegExp) => sizes(parts.box.filter(({ name }) => layers.test(name)));
    const ours: Record<string, number> = {
      params: parameters,
      trainable: parameters - frozen,
      norm_affine: sizes(affine),
      with_norm_affine: sameParameters + sizes(affine),
      body: part(/^(stem|block)/),
      fpn: part(/^p\d/),
      rpn: part(/^rpn$/),
      box_head: head(/\.fc[67]\./),
      box_predictor: head(/\.(logits|deltas)\./),
    };
    assertEquals(ours, golden, name);
    assertEquals(
      sizes(all.filter(({ trainable, fixed }) => trainable && !fixed)),
      golden.trainable,
      `${name}: what learns`,
    );
  }
}

/** Makes the detector of a case. */
export function detectorOf({ network, body, classes }: DetectorFacts): {
  network: FasterRcnn;
  classes: number;
} {
  if (!network) return { network: fasterRcnn({ body: BODIES[body!] }), classes: classes! };
  const { fpn, head, anchor_sizes: sizes, ratios, canonical_scale: canonicalSize } = network;
  return {
    network: fasterRcnn({
      body: BODIES[network.body],
      channels: fpn,
      hidden: head,
      anchors: { sizes, ratios },
      regions: { canonicalSize },
    }),
    classes: network.classes,
  };
}

/** Finds the case's state dict as torchvision has it, by its names. */
function stateOf({ facts, has, tensor }: Golden<DetectorFacts>): Map<string, Numbers> {
  const names = [...facts.param_order, ...Object.keys(facts.bn_affine!), ...facts.bn_order];
  return new Map(names.map((name) => [
    name,
    has(`sd.${name}`) ? tensor(`sd.${name}`) : recipeWeight(facts, name),
  ]));
}

/** A batch of the case before the detector: inputs of a step, and what makes the batch of them. */
export interface Batch {
  readonly inputs: Readonly<Record<string, Numbers>>;
  readonly image: Shape;
  readonly make: (inputs: Readonly<Record<string, Tensor>>) => Tensor;
}

/** The batch: the ready one, or images that are normalised, resized and padded. */
export function batchOf({ facts }: Golden<DetectorFacts>): Batch {
  const { seed, images, image_shapes, resized_hw, padded_hw, input, batch, hw } = facts;
  if (!images) {
    const [, name] = input!.match(/'(input\d+)'/)!;
    const made = ourMap(recipe(seed, name, [batch!, 3, ...hw!], "image"));
    return { inputs: { [name]: made }, image: made.shape.slice(1), make: (all) => all[name] };
  }
  const { mean, std } = imagenetData().normalisation;
  const [height, width] = padded_hw!;
  return {
    inputs: Object.fromEntries(
      images.map((name, i) => [
        name,
        ourMap(recipe(seed, name, [1, ...image_shapes![i]], "pixel")),
      ]),
    ),
    image: [height, width, 3],
    make: (inputs) =>
      tf.concat(
        images.map((name, i) => {
          const [rows, columns] = resized_hw![i];
          const scaled = tf.div(tf.sub(inputs[name], [...mean]), [...std]);
          const resized = resizeBilinear(scaled, rows, columns) as Tensor4D;
          return tf.pad(resized, [[0, 0], [0, height - rows], [0, width - columns], [0, 0]]);
        }),
      ),
  };
}

/** The regions that the head looks at: the stored pooled ones, or boxes to pool. */
function regionsOf({ facts, has, tensor }: Golden<DetectorFacts>): Record<string, Numbers> {
  if (has("eval.pooled")) return { pooled: ourMap(tensor("eval.pooled")) };
  const kind = has("in.rois.0") ? "in.rois" : "eval.proposals";
  const images = (facts.images ?? Array(facts.batch)).keys();
  const boxes = [...images].map((image) => tensor(`${kind}.${image}`));
  const columns = boxes.flatMap(({ data }) => [...data]);
  const of = boxes.flatMap(({ shape: [count] }, image) => Array<number>(count).fill(image));
  return {
    boxes: { shape: [of.length, 4], data: Float32Array.from(columns) },
    boxImages: { shape: [of.length], data: Float32Array.from(of) },
  };
}

/** What the checks of this module compare: all else of an evaluation is made of these. */
const COMPARED = /^eval\.(batch|body|fpn|objectness|deltas|head|logits|regression)\b/;

/**
 * Checks the batch, the maps of the body and of the pyramid, objectness and deltas, and the head on
 * given regions, all in the frozen pass.
 */
async function checkStages(golden: Golden<DetectorFacts>): Promise<void> {
  const { facts } = golden;
  const { network, classes } = detectorOf(facts);
  const batch = batchOf(golden);
  const { model, collected } = loadModel(golden, network, batch.image, classes);
  assertEquals(model.parameters, facts.params);
  const learned = model.variables.filter(({ trainable }) => trainable);
  const frozen = learned.filter(({ fixed }) => fixed);
  const size = (some: readonly Variable[]) =>
    some.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  assertEquals(size(learned) - size(frozen), facts.trainable);
  const theirNames = (some: readonly Variable[]) =>
    some.map(({ name }) => referenceName(network, name)).sort();
  assertEquals(theirNames(learned), [...facts.param_order].sort());
  if (facts.frozen) assertEquals(theirNames(frozen), [...facts.frozen].sort());

  const regions = regionsOf(golden);
  const shapes = new Map<string, Shape>();
  const traced: StepFunction<string> = (inputs) => {
    const images = batch.make(inputs);
    const { taps } = model.run(images, passes().frozen);
    const values: Record<string, Tensor> = {
      "eval.batch": toTheirs(images),
      ...numbered("eval.body", [taps.block1, taps.block2, taps.block3, taps.block4].map(toTheirs)),
      ...numbered("eval.fpn", [taps.p2, taps.p3, taps.p4, taps.p5].map(toTheirs)),
      "eval.fpn.pool": toTheirs(taps.p6),
      ...levels(taps.rpn, model),
      ...head(model, inputs.pooled ?? pool(model, taps, inputs)),
    };
    for (const [name, { shape }] of Object.entries(values)) shapes.set(name, shape);
    return { values, updates: [] };
  };
  const engine = await open("compiled");
  try {
    await engine.hold([...collected.values()]);
    const values = await engine.compile(traced)({ ...batch.inputs, ...regions });
    const stored = [...golden.names(), ...Object.keys(facts.sampled)]
      .map((name) => name.replace(/\.(sample|stats)$/, "")).filter((name) => COMPARED.test(name));
    assert(stored.length > 0, `${golden.name} has no map`);
    for (const name of new Set(stored)) {
      const limit = tolerance(golden.facts.fp32_vs_fp64_rel_err[name] ?? 0);
      assertSampled(name, { shape: shapes.get(name)!, data: values[name] }, golden, limit);
    }
  } finally {
    engine.close();
  }
}

/** Builds the detector with the case's state dict, imported by torchvision's names. */
export function loadModel(
  golden: Golden<DetectorFacts>,
  network: FasterRcnn,
  image: Shape,
  classes: number,
): { model: Model<FasterRcnn>; collected: ReadonlyMap<string, Variable> } {
  const file = { path: golden.name, tensors: stateOf(golden) };
  const imported = importWeights(network, image, classes, file);
  const values = new Map(
    Array.from(imported, ([name, { data }]) => [name, Float32Array.from(data)]),
  );
  const collected = new Map<string, Variable>();
  const scope = variables({ seed: 1, collected, values });
  return { model: buildModel(network, scope, image, classes), collected };
}

const toTheirs = (map: Tensor): Tensor => tf.transpose(map, [0, 3, 1, 2]);

function numbered(name: string, values: readonly Tensor[]): Record<string, Tensor> {
  return Object.fromEntries(values.map((value, i) => [`${name}.${i}`, value]));
}

/** The tap `rpn` cut into levels, objectness and deltas in torchvision's layout. */
function levels(rpn: Tensor, { shapes, recipe }: Model<FasterRcnn>): Record<string, Tensor> {
  const anchors = recipe.anchors.ratios.length;
  const [batch] = rpn.shape;
  let from = 0;
  const cut = PYRAMID.map((level) => {
    const [rows, columns] = shapes[level];
    const count = rows * columns * anchors;
    const own = tf.slice(rpn, [0, from, 0], [-1, count, -1]);
    from += count;
    const part = (start: number, size: number) =>
      toTheirs(
        tf.reshape(
          tf.slice(own, [0, 0, start], [-1, -1, size]),
          [batch, rows, columns, anchors * size],
        ),
      );
    return { objectness: part(0, 1), deltas: part(1, 4) };
  });
  return {
    ...numbered("eval.objectness", cut.map(({ objectness }) => objectness)),
    ...numbered("eval.deltas", cut.map(({ deltas }) => deltas)),
  };
}

/** Pools boxes from the maps of the pyramid. */
function pool(
  { recipe: { regions: { side: bins, canonicalSize } } }: Model<FasterRcnn>,
  { p2, p3, p4, p5 }: Output<FasterRcnn>["taps"],
  { boxes, boxImages }: Readonly<Record<string, Tensor>>,
): Tensor {
  const images = tf.cast(boxImages, "int32");
  return pyramidRoiAlign([p2, p3, p4, p5], { boxes, images }, 2, { bins, canonicalSize });
}

/** The head on pooled regions: its features, logits and deltas. */
function head(model: Model<FasterRcnn>, pooled: Tensor): Record<string, Tensor> {
  const { frozen } = passes();
  const { out } = model.stage("box", pooled, frozen);
  const [regions] = pooled.shape;
  const [weight6, bias6, weight7, bias7] = model.parts.box.map(frozen.read);
  const units = bias6.shape[0];
  const flat = tf.reshape(weight6, [-1, units!]);
  const six = tf.relu(linear(tf.reshape(pooled, [regions, -1]), flat, bias6));
  return {
    "eval.head": tf.relu(linear(six, weight7, bias7)),
    "eval.logits": tf.slice(out, [0, 0], [-1, model.classes]),
    "eval.regression": tf.slice(out, [0, model.classes], [-1, -1]),
  };
}
