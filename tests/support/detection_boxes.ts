/** Checks of anchors, boxes, matches, samples and non-maximum suppression. */
import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { nonMaxSuppression } from "../../lib/kernels/non_max_suppression.ts";
import { type AnchorLevel, detectron2Anchors, torchvisionAnchors } from "../../lib/nn/anchors.ts";
import {
  boxAreas,
  boxIou,
  type BoxWeights,
  clipBoxes,
  decodeBoxes,
  encodeBoxes,
} from "../../lib/nn/boxes.ts";
import { matchBoxes, type MatchOptions, matchQuality } from "../../lib/nn/match_boxes.ts";
import { suppressPerClass } from "../../lib/nn/suppression.ts";
import { markSampled, sampleBalanced } from "../../lib/nn/sample_balanced.ts";
import type { Tensor } from "../../lib/kernels/tensor.ts";
import { stream } from "../../lib/values/random.ts";
import { type DetectionFacts, onEveryEngine, withGradient } from "./detection_engines.ts";
import type { Check, Golden, Numbers } from "./goldens.ts";
import { assertNear, tolerance } from "./tolerance.ts";

type Sides = readonly [height: number, width: number];

/** A configuration of `ops_anchors`. */
interface AnchorFacts {
  readonly padded: Sides;
  readonly maps: readonly Sides[];
  readonly sizes: readonly (readonly number[])[];
  readonly ratios: readonly (readonly number[])[];
  readonly d2_strides: readonly number[];
}

function checkAnchors({ facts, tensor }: Golden<DetectionFacts>): void {
  const configs = facts.configs as readonly AnchorFacts[];
  assert(configs.length > 0, "there are no configurations");
  configs.forEach(({ padded, maps, sizes, ratios, d2_strides }, i) => {
    const levels = maps.map((map, level) => ({
      map,
      sizes: sizes[level],
      ratios: ratios[level],
      stride: d2_strides[level],
    }));
    assertEquals(torchvisionAnchors(padded, levels), tensor(`out.${i}.anchors`).data);
    const exact = tensor(`out.${i}.detectron2`).data;
    assertNear(`out.${i}.detectron2`, detectron2Anchors(levels), exact, 1e-6);
    levels.forEach(({ sizes, ratios }, level) => {
      const one: AnchorLevel = { map: [1, 1], sizes, ratios };
      assertEquals(torchvisionAnchors(padded, [one]), tensor(`out.${i}.cell.${level}`).data);
    });
  });
}

/** Asserts that a value is near the golden one of this name. */
function near(
  golden: Golden<DetectionFacts>,
  kind: string,
  name: string,
  value: Float32Array,
): void {
  const { facts, tensor } = golden;
  const limit = tolerance(facts.fp32_vs_fp64_rel_err[name]);
  assertNear(`${kind}: ${name}`, value, tensor(name).data, limit);
}

async function checkBoxCoder(golden: Golden<DetectionFacts>): Promise<void> {
  const { facts, tensor } = golden;
  const [reference, proposals, codes, g] = ["reference", "proposals", "codes", "g"].map((name) =>
    tensor(`in.${name}`)
  );
  const [height, width] = facts.image_hw as Sides;
  const weights = Object.entries(facts.weights as Record<string, BoxWeights>);
  assert(weights.length > 0, "there are no weights");
  await onEveryEngine({ reference, proposals, codes, g }, (given) => {
    const values: Record<string, Tensor> = {};
    const boxes = tf.expandDims(given.proposals, 1);
    for (const [name, weight] of weights) {
      const decode = (codes: Tensor) => decodeBoxes(tf.reshape(codes, [...g.shape]), boxes, weight);
      const { value, gradient } = withGradient(given.codes, decode, given.g);
      values[`out.encode.${name}`] = encodeBoxes(given.reference, given.proposals, weight);
      values[`out.decode.${name}`] = value;
      values[`grad.codes.${name}`] = gradient;
    }
    const [last] = weights.at(-1)!;
    const decoded = tf.expandDims(values[`out.decode.${last}`], 0);
    values["out.clipped"] = clipBoxes(decoded, tf.tensor2d([[height, width]]));
    return values;
  }, (kind, values) => {
    for (const [name, value] of Object.entries(values)) near(golden, kind, name, value);
  });
}

async function checkBoxIou(golden: Golden<DetectionFacts>): Promise<void> {
  const inputs = { a: golden.tensor("in.a"), b: golden.tensor("in.b") };
  await onEveryEngine(inputs, ({ a, b }) => ({
    "out.iou": boxIou(a, b),
    "out.area": boxAreas(a),
  }), (kind, values) => {
    for (const [name, value] of Object.entries(values)) near(golden, kind, name, value);
  });
}

async function checkMatcher(golden: Golden<DetectionFacts>): Promise<void> {
  const { facts, tensor, integers } = golden;
  const [, high, low] = String(facts.source).match(/Matcher\((\S+), (\S+), low quality\)/)!
    .map(Number);
  const [, roiHigh, roiLow] = String(facts.source).match(/Matcher\((\S+), ([\d.]+)\) on proposals/)!
    .map(Number);
  const rpn: MatchOptions = { high, low, bestOfEach: true };
  const roi: MatchOptions = { high: roiHigh, low: roiLow };
  const sizes = facts.sizes as readonly number[];
  const levels = (facts.maps as readonly Sides[]).map((map, i) => ({
    map,
    sizes: [sizes[i]],
    ratios: facts.ratios as readonly number[],
  }));
  const anchors = torchvisionAnchors(facts.padded as Sides, levels);
  const inputs = {
    gt: tensor("in.gt"),
    proposals: tensor("in.proposals"),
    exactGt: tensor("in.exact.gt"),
    exactProposals: tensor("in.exact.proposals"),
    zero: tensor("in.zero.quality"),
    anchors: { shape: [anchors.length / 4, 4], data: anchors },
  };
  // Two more slots without a truth, filled with whatever is there.
  const filled = (x: Tensor) => tf.expandDims(tf.concat([x, tf.ones([2, x.shape[1]!])], 0), 0);
  const countOf = (x: Tensor) => tf.tensor1d([x.shape[0]], "int32");
  const match = (truths: Tensor, boxes: Tensor, options: MatchOptions) =>
    matchBoxes(filled(truths), boxes, countOf(truths), options);
  await onEveryEngine(inputs, ({ gt, proposals, exactGt, exactProposals, zero, anchors }) => {
    return {
      "out.rpn": match(gt, anchors, rpn),
      "out.roi": match(gt, proposals, roi),
      "out.exact": match(exactGt, exactProposals, roi),
      "out.zero": matchQuality(filled(zero), countOf(zero), rpn),
      "out.quality_max": tf.max(boxIou(gt, anchors), 1),
    };
  }, (kind, { "out.quality_max": best, ...matches }) => {
    near(golden, kind, "out.quality_max", best);
    for (const [name, match] of Object.entries(matches)) {
      assertEquals(Int32Array.from(match), integers(name), `${kind}: ${name}`);
    }
  });
}

/** A line of `ops_sampler`. */
interface SamplerFacts {
  readonly positives: number;
  readonly negatives: number;
  readonly batch: number;
  readonly fraction: number;
  readonly sampled_positives: number;
  readonly sampled_negatives: number;
}

/** Candidates of which every seventh is neither positive nor negative: 1, 0 and −1. */
function candidates({ positives, negatives }: SamplerFacts): Float32Array {
  const kinds = [...Array(positives).fill(1), ...Array(negatives).fill(0)];
  const random = stream(1, "candidates");
  const mixed = kinds.map((kind) => ({ kind, key: random.uniform() })).sort((a, b) =>
    a.key - b.key
  );
  return Float32Array.from(mixed.flatMap(({ kind }, i) => i % 6 === 0 ? [kind, -1] : [kind]));
}

async function checkSampler({ facts }: Golden<DetectionFacts>): Promise<void> {
  const lines = facts.counts as readonly SamplerFacts[];
  assert(lines.length > 0, "nothing is sampled");
  for (const line of lines) {
    const data = candidates(line);
    const n = data.length;
    const random = stream(1, "uniform");
    const inputs = {
      labels: { shape: [1, n], data },
      uniform: { shape: [1, n], data: Float32Array.from(data, () => random.uniform()) },
    };
    await onEveryEngine(inputs, ({ labels, uniform }) => {
      const sample = sampleBalanced(tf.equal(labels, 1), tf.equal(labels, 0), uniform, {
        slots: line.batch,
        positive: line.fraction,
      });
      return { ...sample, marks: markSampled(sample, n) };
    }, (kind, { indices, mask, marks }) => {
      const what = `${kind}: ${JSON.stringify(line)}`;
      assertEquals(mask.length, Math.min(line.batch, n), what);
      const taken = [...indices].filter((_, slot) => mask[slot] === 1);
      assertEquals(new Set(taken).size, taken.length, `${what}, without replacement`);
      const kinds = taken.map((i) => data[i]);
      assertEquals(kinds.filter((kind) => kind === 1).length, line.sampled_positives, what);
      assertEquals(kinds.filter((kind) => kind === 0).length, line.sampled_negatives, what);
      assertEquals(kinds.length, line.sampled_positives + line.sampled_negatives, what);
      const marked = Array.from(marks, (mark, i) => mark === 1 ? [i] : []).flat();
      assertEquals(marked, taken.sort((a, b) => a - b), `${what}, marks`);
    });
  }
}

async function checkNms({ facts, tensor, integers }: Golden<DetectionFacts>): Promise<void> {
  const thresholds = facts.thresholds as readonly number[];
  assert(thresholds.length > 0, "there are no thresholds");
  const labels: Numbers = {
    shape: tensor("in.scores").shape,
    data: Float32Array.from(integers("in.labels")),
  };
  const keep = (
    name: string,
    boxes: Numbers,
    scores: Numbers,
    run: (boxes: Tensor, scores: Tensor, labels: Tensor) => { indices: Tensor; count: Tensor },
  ) =>
    onEveryEngine({ boxes, scores, labels }, ({ boxes, scores, labels }) => {
      const { indices, count } = run(boxes, scores, labels);
      return { indices, count };
    }, (kind, { indices, count: [count] }) => {
      assertEquals(indices.length, scores.data.length, `${kind}: ${name} is padded`);
      const kept = Int32Array.from(indices.slice(0, count));
      assertEquals(kept, integers(name), `${kind}: ${name}`);
      assert(indices.slice(count).every((index) => index === 0), `${kind}: ${name}, padding`);
    });
  const all = tensor("in.scores").data.length;
  for (const threshold of thresholds) {
    const given = [tensor("in.boxes"), tensor("in.scores")] as const;
    await keep(
      `out.keep.${threshold}`,
      ...given,
      (boxes, scores) => nonMaxSuppression(boxes, scores, all, threshold),
    );
    await keep(
      `out.batched.${threshold}`,
      ...given,
      (boxes, scores, labels) => suppressPerClass(boxes, scores, labels, all, threshold),
    );
  }
  const [, threshold] = String(facts.notes).match(/IoU of exactly ([\d.]+) stays/)!.map(Number);
  for (const name of ["tie", "exact"]) {
    const scores = tensor(`in.${name}.scores`);
    await keep(
      `out.${name}.keep`,
      tensor(`in.${name}.boxes`),
      scores,
      (boxes, scores) => nonMaxSuppression(boxes, scores, scores.shape[0], threshold),
    );
  }
}

/** Checks of these cases. */
export const boxes: readonly Check<DetectionFacts>[] = [
  [/^ops_anchors$/, checkAnchors],
  [/^ops_box_coder$/, checkBoxCoder],
  [/^ops_box_iou$/, checkBoxIou],
  [/^ops_matcher$/, checkMatcher],
  [/^ops_sampler$/, checkSampler],
  [/^ops_nms$/, checkNms],
];
