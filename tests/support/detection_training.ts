/** The losses of golden detectors on given regions, and their gradients by each parameter. */
import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { StepFunction } from "../../lib/engine/engine.ts";
import type { Tensor } from "../../lib/kernels/tensor.ts";
import type { FasterRcnn } from "../../lib/networks/faster_rcnn.ts";
import { torchvisionAnchors } from "../../lib/nn/anchors.ts";
import { fastRcnnLoss, rpnLoss } from "../../lib/nn/detection_loss.ts";
import { ANCHOR_TARGETS, anchorTargets } from "../../lib/nn/detection_targets.ts";
import { PYRAMID } from "../../lib/nn/detector.ts";
import type { Model } from "../../lib/nn/network.ts";
import { type Pass, passes } from "../../lib/nn/pass.ts";
import { pyramidRoiAlign } from "../../lib/nn/roi_align.ts";
import type { Variable } from "../../lib/nn/variables.ts";
import type { Input } from "../../lib/values/input.ts";
import { referenceName } from "../../lib/weights/names.ts";
import { batchOf, type DetectorFacts, detectorOf, loadModel } from "./detection_networks.ts";
import { inOrder, type RegionFacts, truthsIn, truthsOf } from "./detection_regions.ts";
import { open } from "./engines.ts";
import type { Check, Golden } from "./goldens.ts";
import { ourWeight } from "./layout.ts";
import { assertNear, norm, tolerance } from "./tolerance.ts";

type Facts = DetectorFacts & RegionFacts;

/** The checks of the training of whole detectors. */
export const training: readonly Check<Facts>[] = [[/^model_small(_\w+)?$/, checkTraining]];

/** The golden regions of all images, with what the head should say of them, as inputs of a step. */
function regionsOf({ facts, tensor, integers }: Golden<Facts>) {
  const images = facts.resized_hw.map((_, i) => i);
  const labels = images.flatMap((i) => [...integers(`train.roi_labels.${i}`)]);
  const columns = (name: string) => images.flatMap((i) => [...tensor(`${name}.${i}`).data]);
  const count = labels.length;
  return {
    rois: { shape: [count, 4], data: Float32Array.from(columns("train.rois")) },
    roiTargets: { shape: [1, count, 4], data: Float32Array.from(columns("train.roi_targets")) },
    roiLabels: { shape: [1, count], data: Int32Array.from(labels) },
    roiImages: {
      shape: [count],
      data: Int32Array.from(
        images.flatMap((i) => [...integers(`train.roi_labels.${i}`)].map(() => i)),
      ),
    },
  };
}

type Given = Readonly<Record<string, Tensor>>;

/** The four losses of a detector in a pass, by their golden names. */
function lossesOf(
  model: Model<FasterRcnn>,
  images: Tensor,
  given: Given,
  pass: Pass,
  slots: number,
): Record<string, Tensor> {
  const { taps } = model.run(images, pass);
  const [batch, anchors] = taps.rpn.shape as [number, number, number];
  const objectness = tf.reshape(tf.slice(taps.rpn, [0, 0, 0], [-1, -1, 1]), [batch, anchors]);
  const proposed = rpnLoss(
    objectness,
    tf.slice(taps.rpn, [0, 0, 1], [-1, -1, 4]),
    anchorTargets(given.anchors, truthsIn(given), inOrder(batch, anchors), {
      ...ANCHOR_TARGETS,
      slots,
    }),
  );
  const { side: bins, canonicalSize } = model.recipe.regions;
  const maps = [taps.p2, taps.p3, taps.p4, taps.p5];
  const regions = { boxes: given.rois, images: given.roiImages };
  const pooled = pyramidRoiAlign(maps, regions, 2, { bins, canonicalSize });
  const out = tf.expandDims(model.stage("box", pooled, pass).out, 0);
  const { classes } = model;
  const classified = fastRcnnLoss(
    tf.slice(out, [0, 0, 0], [-1, -1, classes]),
    tf.slice(out, [0, 0, classes], [-1, -1, 4 * classes]),
    {
      labels: given.roiLabels,
      deltas: given.roiTargets,
      mask: tf.ones([1, out.shape[1]!]),
    },
  );
  return {
    loss_objectness: tf.mean(proposed.classes),
    loss_rpn_box_reg: tf.mean(proposed.boxes),
    loss_classifier: tf.mean(classified.classes),
    loss_box_reg: tf.mean(classified.boxes),
  };
}

/** A live pass in which variables have these values. */
function passWith(values: ReadonlyMap<Variable, Tensor>): Pass {
  const { live } = passes();
  return { ...live, read: (variable) => values.get(variable) ?? live.read(variable) };
}

/** Checks the losses, and the gradients of their sum. */
async function checkTraining(golden: Golden<Facts>): Promise<void> {
  const { facts, tensor } = golden;
  const { network, classes } = detectorOf(facts);
  const batch = batchOf(golden);
  const { model, collected } = loadModel(golden, network, batch.image, classes);
  const learned = model.variables.filter(({ trainable, fixed }) => trainable && !fixed);
  const anchors = torchvisionAnchors(
    facts.padded_hw,
    PYRAMID.map((level, i) => {
      const [height, width] = model.shapes[level];
      return {
        map: [height, width],
        sizes: [network.anchors.sizes[i]],
        ratios: network.anchors.ratios,
      };
    }),
  );
  const inputs: Record<string, Input> = {
    ...batch.inputs,
    ...regionsOf(golden),
    ...truthsOf(golden),
    anchors: { shape: [anchors.length / 4, 4], data: anchors },
  };
  const step: StepFunction<string> = (given) => {
    const images = batch.make(given);
    const values: Record<string, Tensor> = {};
    const sum = (...tensors: Tensor[]) => {
      const pass = passWith(new Map(learned.map((variable, i) => [variable, tensors[i]])));
      const losses = lossesOf(model, images, given, pass, facts.network.rpn_batch);
      for (const [name, loss] of Object.entries(losses)) values[`train.${name}`] = tf.keep(loss);
      return tf.addN(Object.values(losses)).asScalar();
    };
    const { value, grads } = tf.valueAndGrads(sum)(learned.map(({ value }) => value));
    values["train.loss"] = value;
    learned.forEach(({ name }, i) => values[name] = grads[i]);
    return { values, updates: [] };
  };
  const engine = await open("compiled");
  try {
    await engine.hold([...collected.values()]);
    const values = await engine.compile(step)(inputs);
    const losses = golden.names().filter((name) => name.startsWith("train.loss"));
    assert(losses.length > 0, `${golden.name} has no losses`);
    for (const name of losses) {
      const limit = tolerance(facts.fp32_vs_fp64_rel_err[name]);
      assertNear(name, values[name], tensor(name).data, limit);
    }
    const gradients = new Map(
      learned.map(({ name }) => [referenceName(network, name), values[name]]),
    );
    const limit = tolerance(facts.fp32_vs_fp64_rel_err.grad_max);
    facts.param_order.forEach((name, i) => {
      const ours = gradients.get(name);
      const size = tensor("grad.l2").data[i];
      if (!ours) return assertEquals(size, 0, `${name} has a gradient`);
      assertNear(`the norm of the gradient by ${name}`, [norm(ours)], [size], limit);
    });
    for (const name of golden.names()) {
      const [, parameter] = name.match(/^grad\.full\.(.+)$/) ?? [];
      if (!parameter) continue;
      const limit = tolerance(facts.fp32_vs_fp64_rel_err[name]);
      assertNear(name, gradients.get(parameter)!, ourWeight(tensor(name)).data, limit);
    }
  } finally {
    engine.close();
  }
}
