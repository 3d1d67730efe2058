import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../kernels/tensor.ts";
import { type DetectionLoss, fastRcnnLoss, rpnLoss } from "../nn/detection_loss.ts";
import { anchorTargets, sampleRegions, type Truths } from "../nn/detection_targets.ts";
import { detect, type Detections } from "../nn/detections.ts";
import type { Detector } from "../nn/detector.ts";
import type { PassOutput } from "../nn/network.ts";
import { propose } from "../nn/proposals.ts";
import { candidatesOf, lookAt, type TrainedRegions } from "../nn/two_stages.ts";
import { noiseBoxes, readBoxLabels } from "./box_labels.ts";
import type { CocoStat } from "./coco_evaluation.ts";
import { detectionFiles } from "./detection_files.ts";
import { detectionFindings } from "./detection_findings.ts";
import { detectionTally } from "./detection_tally.ts";
import type { LabelContext, Labels, Measure, Target, Task } from "./task.ts";

const score = (title: string): Measure => ({ title, decimals: 2, isPercentage: true });

const loss = (title: string): Measure => ({
  title,
  decimals: 4,
  isPercentage: false,
  isLessBetter: true,
});

const scores: { readonly [K in CocoStat]: Measure } = {
  AP: score("AP"),
  AP50: score("AP50"),
  AP75: score("AP75"),
  APs: score("APs"),
  APm: score("APm"),
  APl: score("APl"),
  AR1: score("AR1"),
  AR10: score("AR10"),
  AR100: score("AR100"),
  ARs: score("ARs"),
  ARm: score("ARm"),
  ARl: score("ARl"),
};

/** The four losses of a detector, in the order of the two stages. */
const losses = {
  objectness: loss("objectness loss"),
  anchorBoxes: loss("anchors' box loss"),
  classes: loss("class loss"),
  boxes: loss("box loss"),
};

/**
 * Detection of objects by a detector of two stages (Ren et al., 2015). The loss is the sum of four:
 * objectness and boxes of sampled anchors, classes and boxes of sampled regions. The score is
 * COCO's; the log of a training has the four losses.
 */
export const detection: Task<Detector> = {
  id: "detection",
  measures: { ...scores, ...losses },
  primary: "AP",
  evaluationBatch: 2,
  readLabels: readBoxLabels,
  noiseLabels: noiseBoxes,
  prepare: blankPadding,
  target: detectionTarget,
  evaluate: findObjects,
  tally: detectionTally,
  predictsFrom: {
    labelSize: {
      shape: [2],
      words: "height and width of the image without its padding",
      example: ([height, width]) => [height, width],
    },
  },
  predictions: {
    boxes: "x1, y1, x2, y2 in pixels of the image, [1, slots, 4], best first",
    scores: "probabilities, [1, slots]; 0 in a slot without an object",
    classes: "positions in the list of classes, [1, slots]",
    mask: "1 for each slot with an object, else 0, [1, slots]",
  },
  inWords: (images, [, ...kinds]) => ({
    goal: `Finds objects of ${kinds.length} classes in ${images}.`,
    limit: "It finds objects of these classes only.",
  }),
  hub: { task: "object-detection", metric: "mean_average_precision" },
  predict: findObjects,
  examine: detectionFindings,
  files: detectionFiles,
};

/** Sets what lies outside of each image, right and below, to 0. */
function blankPadding(images: Tensor, { labelSize }: Labels): Tensor {
  const [, height, width] = images.shape as [number, number, number, number];
  const [heights, widths] = tf.unstack(labelSize, 1);
  const within = (side: number, limits: Tensor) =>
    tf.cast(tf.less(tf.range(0, side), tf.expandDims(limits, 1)), "float32");
  const rows = tf.expandDims(tf.expandDims(within(height, heights), 2), 3);
  const columns = tf.expandDims(tf.expandDims(within(width, widths), 1), 3);
  return tf.mul(images, tf.mul(rows, columns));
}

/** What a detector says in a training step. */
interface Seen {
  readonly regions: TrainedRegions;
  readonly losses: { readonly [K in keyof typeof losses]: Tensor };
}

function detectionTarget(labels: Labels, { random }: LabelContext): Target<Detector> {
  const seen = new Map<PassOutput<Detector>, Seen>();
  const see = (output: PassOutput<Detector>) => {
    const now = seen.get(output) ?? seeObjects(output, labels, random);
    seen.set(output, now);
    return now;
  };
  return {
    loss: (output: PassOutput<Detector>) => tf.addN(Object.values(see(output).losses)),
    measure: (output: PassOutput<Detector>) => see(output).losses,
    given: { regionsOf: (output: PassOutput<Detector>) => see(output).regions },
  };
}

function seeObjects(
  output: PassOutput<Detector>,
  { labelBoxes, labelClasses, labelCount, labelSize }: Labels,
  random: LabelContext["random"],
): Seen {
  const { training, anchorTargets: ofAnchors, regionTargets, ...others } = output.recipe.detecting;
  const truths: Truths = { boxes: labelBoxes, classes: labelClasses, count: labelCount };
  const candidates = candidatesOf(output, labelSize);
  const { anchors, objectness, deltas } = candidates;
  const uniform = (x: Tensor, stream: string) =>
    random.in(stream).uniform([x.shape[0], x.shape[1]!]);
  const first: DetectionLoss = rpnLoss(
    objectness,
    deltas,
    anchorTargets(anchors, truths, uniform(objectness, "anchors"), ofAnchors),
    others.rpnLoss,
  );
  const proposals = propose(candidates, training);
  const all = tf.concat([proposals.boxes, truths.boxes], 1);
  const sampled = sampleRegions(proposals, truths, uniform(all, "regions"), regionTargets);
  const regions = lookAt(output, sampled.boxes);
  const second = fastRcnnLoss(regions.logits, regions.deltas, sampled, others.headLoss);
  return {
    regions: { ...sampled, sizes: labelSize, output: regions },
    losses: {
      objectness: first.classes,
      anchorBoxes: first.boxes,
      classes: second.classes,
      boxes: second.boxes,
    },
  };
}

/** Finds the objects in images. */
function findObjects(
  output: PassOutput<Detector>,
  { labelSize: sizes }: Labels,
): { readonly [K in keyof Detections]: Tensor } {
  const { evaluation, detections } = output.recipe.detecting;
  const proposals = propose(candidatesOf(output, sizes), evaluation);
  const { logits, deltas } = lookAt(output, proposals.boxes);
  return detect({ logits, deltas, proposals, sizes }, detections);
}
