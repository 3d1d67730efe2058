/** Checks of the losses of detectors and of distillation on regions. */
import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import {
  decoupleRegions,
  distilRegions,
  type RegionLossOptions,
} from "../../lib/distillers/parts/distil_regions.ts";
import type { Tensor } from "../../lib/kernels/tensor.ts";
import { fastRcnnLoss, rpnLoss } from "../../lib/nn/detection_loss.ts";
import type { RegionsInImages } from "../../lib/nn/detection_targets.ts";
import type { RegionOutput } from "../../lib/nn/two_stages.ts";
import { type DetectionFacts, onEveryEngine } from "./detection_engines.ts";
import type { Check, Golden, Numbers } from "./goldens.ts";
import { assertNear, tolerance } from "./tolerance.ts";

/** Asserts that named values are near the golden ones, and that these are all of them. */
function nearAll(
  { name, facts, tensor, names }: Golden<DetectionFacts>,
  kind: string,
  values: Readonly<Record<string, Float32Array>>,
): void {
  const all = names().filter((name) => /^(out|grad)\./.test(name));
  assertEquals(Object.keys(values).sort(), all.sort(), `${kind}: ${name}`);
  for (const [name, value] of Object.entries(values)) {
    const limit = tolerance(facts.fp32_vs_fp64_rel_err[name]);
    assertNear(`${kind}: ${name}`, value, tensor(name).data, limit);
  }
}

/** An int32 tensor of a case, as an input of a step. */
function integersOf({ tensor, integers }: Golden<DetectionFacts>, name: string) {
  return { shape: tensor(name).shape, data: integers(name) };
}

async function checkRpnLoss(golden: Golden<DetectionFacts>): Promise<void> {
  const { facts, tensor } = golden;
  const { beta, batch_size_per_image } = facts.detectron2 as {
    beta: number;
    batch_size_per_image: number;
  };
  const [images, anchors] = tensor("in.labels").shape;
  const inputs = {
    objectness: tensor("in.objectness"),
    deltas: tensor("in.deltas"),
    labels: tensor("in.labels"),
    targets: tensor("in.targets"),
    positive: integersOf(golden, "in.positive"),
    negative: integersOf(golden, "in.negative"),
  };
  await onEveryEngine(inputs, ({ objectness, deltas, labels, targets, positive, negative }) => {
    const truth = {
      objects: tf.cast(tf.greaterEqual(labels, 1), "float32"),
      deltas: targets,
      sampled: tf.cast(tf.add(positive, negative), "float32"),
    };
    const loss = (
      objectness: Tensor,
      deltas: Tensor,
      options: { beta: number; divisor?: number },
    ) =>
      rpnLoss(
        tf.reshape(objectness, [images, anchors]),
        tf.reshape(deltas, [images, anchors, 4]),
        truth,
        options,
      );
    const ours = { beta: facts.beta as number };
    const sum = (...given: Tensor[]) => {
      const { classes, boxes } = loss(given[0], given[1], ours);
      return tf.add(tf.mean(classes), tf.mean(boxes));
    };
    const gradients = tf.grads(sum as (...given: tf.Tensor[]) => tf.Tensor)([objectness, deltas]);
    const { classes, boxes } = loss(objectness, deltas, ours);
    const theirs = loss(objectness, deltas, { beta, divisor: batch_size_per_image });
    return {
      "out.loss_objectness": tf.mean(classes),
      "out.loss_rpn_box_reg": tf.mean(boxes),
      "out.detectron2.loss_rpn_cls": tf.mean(theirs.classes),
      "out.detectron2.loss_rpn_loc": tf.mean(theirs.boxes),
      "grad.objectness": gradients[0],
      "grad.deltas": gradients[1],
    };
  }, (kind, values) => nearAll(golden, kind, values));
}

async function checkFastRcnnLoss(golden: Golden<DetectionFacts>): Promise<void> {
  const { facts, tensor } = golden;
  const [images, slots] = [facts.images, facts.per_image] as number[];
  const inputs = {
    logits: tensor("in.logits"),
    regression: tensor("in.regression"),
    targets: tensor("in.targets"),
    labels: integersOf(golden, "in.labels"),
  };
  await onEveryEngine(inputs, ({ logits, regression, targets, labels }) => {
    const truth = {
      labels: tf.reshape(labels, [images, slots]),
      deltas: tf.reshape(targets, [images, slots, 4]),
      mask: tf.ones([images, slots]),
    };
    const ours = (logits: Tensor, deltas: Tensor, beta = facts.beta as number) =>
      fastRcnnLoss(
        tf.reshape(logits, [images, slots, -1]),
        tf.reshape(deltas, [images, slots, -1]),
        truth,
        { beta },
      );
    const sum = (...given: Tensor[]) => {
      const { classes, boxes } = ours(given[0], given[1]);
      return tf.add(tf.mean(classes), tf.mean(boxes));
    };
    const gradients = tf.grads(sum as (...given: tf.Tensor[]) => tf.Tensor)([logits, regression]);
    const { classes, boxes } = ours(logits, regression);
    return {
      "out.loss_classifier": tf.mean(classes),
      "out.loss_box_reg": tf.mean(boxes),
      "out.detectron2.loss_box_reg": tf.mean(ours(logits, regression, 0).boxes),
      "grad.logits": gradients[0],
      "grad.regression": gradients[1],
    };
  }, (kind, values) => nearAll(golden, kind, values));
}

/** The outputs of three box heads on the same regions: student, shadow and teacher. */
const HEADS = ["s", "h", "t"] as const;

type Given = Readonly<Record<string, Tensor>>;

/** The inputs of a case of distillation on regions. */
function regionInputs(golden: Golden<DetectionFacts>): Readonly<Record<string, Numbers>> {
  const label = golden.integers("in.label");
  const heads = HEADS.flatMap((head) => [`logit_${head}`, `box_${head}`]);
  return {
    ...Object.fromEntries(
      [...heads, "proposals"].map((name) => [name, golden.tensor(`in.${name}`)]),
    ),
    label: { shape: [label.length], data: Float32Array.from(label) },
  };
}

/** The regions as those of one image. */
function regionsOf({ proposals, label }: Given, facts: DetectionFacts): RegionsInImages {
  const [height, width] = (facts.image_hw ?? [1, 1]) as number[];
  return {
    boxes: tf.expandDims(proposals, 0),
    labels: tf.expandDims(tf.cast(label, "int32"), 0),
    mask: tf.ones([1, label.shape[0]]),
    sizes: tf.tensor2d([[height, width]]),
  };
}

const outputOf = (logits: Tensor, deltas: Tensor): RegionOutput => ({
  logits: tf.expandDims(logits, 0),
  deltas: tf.expandDims(deltas, 0),
});

/** Checks a part of `distilRegions` in the readings that a case's values have in their names. */
function checkDistance(
  part: "classes" | "boxes",
  optionsOf: (reading: string, facts: DetectionFacts) => RegionLossOptions,
): (golden: Golden<DetectionFacts>) => Promise<void> {
  return async (golden) => {
    const readings = golden.names().flatMap((name) => name.match(/^out\.(.+)$/)?.[1] ?? []);
    assert(readings.length > 0, "there is no loss");
    const learns = part === "classes" ? "logit_s" : "box_s";
    await onEveryEngine(regionInputs(golden), (given) => {
      const values: Record<string, Tensor> = {};
      const teacher = outputOf(given.logit_t, given.box_t);
      for (const reading of readings) {
        const loss = (learned: Tensor) => {
          const { logit_s, box_s } = { ...given, [learns]: learned } as Given;
          const regions = regionsOf(given, golden.facts);
          const parts = distilRegions(
            outputOf(logit_s, box_s),
            teacher,
            regions,
            optionsOf(reading, golden.facts),
          );
          return tf.mean(parts[part]);
        };
        values[`out.${reading}`] = loss(given[learns]);
        values[`grad.${learns}.${reading}`] = tf.grad((x) => loss(x))(given[learns]);
      }
      return values;
    }, (kind, values) => nearAll(golden, kind, values));
  };
}

/** The options of a reading such as `T4`, `all.T4`, `foreground.T1`. */
function klOptions(classes: "softmax" | "sigmoid"): (reading: string) => RegionLossOptions {
  return (reading) => {
    const [, among, temperature] = reading.match(/^(?:(\w+)\.)?T([\d.]+)$/)!;
    return { classes, temperature: Number(temperature), background: among !== "foreground" };
  };
}

/** The options of a reading such as `l1.all`, `decoded_l1.fg`. */
function boxOptions(reading: string, { beta }: DetectionFacts): RegionLossOptions {
  const [, boxes, over] = reading.match(/^(l1|smooth_l1|decoded_l1)\.(all|fg)$/)!;
  return {
    boxes: boxes as RegionLossOptions["boxes"],
    over: over === "fg" ? "objects" : "all",
    beta: beta as number,
  };
}

async function checkDkd(golden: Golden<DetectionFacts>): Promise<void> {
  const { facts, names } = golden;
  const [alpha, beta] = [facts.alpha, facts.beta] as number[];
  const temperatures = facts.T as readonly number[];
  const readings = names().flatMap((name) => name.match(/^out\.(.+)$/)?.[1] ?? []);
  assertEquals(readings.length, temperatures.length);
  const temperatureOf = (reading: string) =>
    Number(reading.match(/^T([\d.]+)$/)?.[1] ?? temperatures[0]);
  await onEveryEngine(regionInputs(golden), (given) => {
    const values: Record<string, Tensor> = {};
    const teacher = outputOf(given.logit_t, given.box_t);
    for (const reading of readings) {
      const loss = (logits: Tensor) => {
        const student = outputOf(logits, given.box_s);
        const regions = regionsOf(given, facts);
        const parts = decoupleRegions(student, teacher, regions, temperatureOf(reading));
        return tf.mean(tf.add(tf.mul(parts.target, alpha), tf.mul(parts.others, beta)));
      };
      values[`out.${reading}`] = loss(given.logit_s);
      values[`grad.logit_s.${reading}`] = tf.grad((x) => loss(x))(given.logit_s);
    }
    return values;
  }, (kind, values) => nearAll(golden, kind, values));
}

async function checkShake(golden: Golden<DetectionFacts>): Promise<void> {
  const { facts } = golden;
  const [, classes] = String(facts.source).match(/KL of (softmax|sigmoid)/)!;
  const options: RegionLossOptions = {
    classes: classes as RegionLossOptions["classes"],
    temperature: facts.T as number,
  };
  await onEveryEngine(regionInputs(golden), (given) => {
    const regions = regionsOf(given, facts);
    const learned = ["logit_s", "box_s", "logit_h", "box_h"];
    const terms = (...values: Tensor[]) => {
      const all: Given = {
        ...given,
        ...Object.fromEntries(learned.map((name, i) => [name, values[i]])),
      };
      const [s, h, t] = HEADS.map((head) => outputOf(all[`logit_${head}`], all[`box_${head}`]));
      const distance = (student: RegionOutput, teacher: RegionOutput) => {
        const { classes, boxes } = distilRegions(student, teacher, regions, options);
        return tf.mean(tf.add(classes, boxes));
      };
      return {
        follow: distance(h, t),
        reverse: distance(h, s),
        shadow: distance(s, h),
        direct: distance(s, t),
      };
    };
    const loss = (...values: Tensor[]) => {
      const { follow, reverse, shadow } = terms(...values);
      return tf.addN([follow, tf.mul(tf.add(reverse, shadow), facts.weights as number)]);
    };
    const values = learned.map((name) => given[name]);
    const gradients = tf.grads(loss as (...values: tf.Tensor[]) => tf.Tensor)(values);
    const { follow, reverse, shadow, direct } = terms(...values);
    return {
      "out.follow": follow,
      "out.reverse": reverse,
      "out.shadow": shadow,
      "out.direct": direct,
      "out.loss": loss(...values),
      ...Object.fromEntries(learned.map((name, i) => [`grad.${name}`, gradients[i]])),
    };
  }, (kind, values) => nearAll(golden, kind, values));
}

/** Checks of these cases. */
export const losses: readonly Check<DetectionFacts>[] = [
  [/^ops_rpn_loss$/, checkRpnLoss],
  [/^ops_fastrcnn_loss$/, checkFastRcnnLoss],
  [/^shake_kl_softmax$/, checkDistance("classes", klOptions("softmax"))],
  [/^shake_kl_sigmoid$/, checkDistance("classes", klOptions("sigmoid"))],
  [/^shake_box_distance$/, checkDistance("boxes", boxOptions)],
  [/^shake_detection_\w+$/, checkShake],
  [/^dkd_roi$/, checkDkd],
];
