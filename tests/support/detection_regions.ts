/**
 * Checks of what a whole detector does between its networks, each from the golden values of the
 * step before: proposals, targets, the loss of the region proposal network, pooled regions and
 * detections.
 */
import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../../lib/kernels/tensor.ts";
import { torchvisionAnchors } from "../../lib/nn/anchors.ts";
import { rpnLoss } from "../../lib/nn/detection_loss.ts";
import {
  ANCHOR_TARGETS,
  anchorTargets,
  REGION_TARGETS,
  sampleRegions,
  type Truths,
} from "../../lib/nn/detection_targets.ts";
import { detect } from "../../lib/nn/detections.ts";
import { propose } from "../../lib/nn/proposals.ts";
import { pyramidRoiAlign, roiLevels } from "../../lib/nn/roi_align.ts";
import { type DetectionFacts, onEveryEngine } from "./detection_engines.ts";
import type { Check, Golden, Numbers } from "./goldens.ts";
import { ourMap } from "./layout.ts";
import { assertNear, tolerance } from "./tolerance.ts";

type Sides = readonly [height: number, width: number];

/** The JSON of a whole detector's case. */
export interface RegionFacts extends DetectionFacts {
  readonly network: {
    readonly classes: number;
    readonly images: readonly Sides[];
    readonly anchor_sizes: readonly number[];
    readonly ratios: readonly number[];
    readonly pre_train: number;
    readonly pre_test: number;
    readonly post_train: number;
    readonly post_test: number;
    readonly score_thresh: number;
    readonly canonical_scale: number;
    readonly rpn_batch: number;
    readonly roi_batch: number;
    readonly detections: number;
  };
  readonly resized_hw: readonly Sides[];
  readonly padded_hw: Sides;
}

type DetectorGolden = Golden<RegionFacts>;

/** Slots for objects: two more than any image has. */
const SPARE_SLOTS = 2;

/** What the region proposal network said, as the inputs of a step. */
function candidatesOf({ facts, tensor, has }: DetectorGolden) {
  const { network, padded_hw, resized_hw } = facts;
  const maps: Sides[] = [];
  const parts: { objectness: Float32Array; deltas: Float32Array }[][] = facts.resized_hw.map(
    () => [],
  );
  while (has(`eval.objectness.${maps.length}`)) {
    const logits = ourMap(tensor(`eval.objectness.${maps.length}`));
    const deltas = ourMap(tensor(`eval.deltas.${maps.length}`));
    const [batch, height, width, cells] = logits.shape;
    const size = height * width * cells;
    for (let i = 0; i < batch; i++) {
      parts[i].push({
        objectness: logits.data.slice(i * size, (i + 1) * size),
        deltas: deltas.data.slice(4 * i * size, 4 * (i + 1) * size),
      });
    }
    maps.push([height, width]);
  }
  assert(maps.length > 0, "there is no objectness");
  const levels = maps.map((map, i) => ({
    map,
    sizes: [network.anchor_sizes[i]],
    ratios: network.ratios,
  }));
  const anchors = torchvisionAnchors(padded_hw, levels);
  const batch = resized_hw.length;
  const all = parts.flat();
  return {
    levels: levels.map(({ map, ratios }) => map[0] * map[1] * ratios.length),
    inputs: {
      objectness: {
        shape: [batch, anchors.length / 4],
        data: concat(all.map(({ objectness }) => objectness)),
      },
      deltas: {
        shape: [batch, anchors.length / 4, 4],
        data: concat(all.map(({ deltas }) => deltas)),
      },
      anchors: { shape: [anchors.length / 4, 4], data: anchors },
      sizes: { shape: [batch, 2], data: Float32Array.from(resized_hw.flat()) },
    },
  };
}

function concat(arrays: readonly Float32Array[]): Float32Array {
  return Float32Array.from(arrays.flatMap((array) => [...array]));
}

/** The objects of the resized images, in slots, as the inputs of a step. */
export function truthsOf({ facts, tensor, integers }: DetectorGolden) {
  const { images } = facts.network;
  const counts = images.map((_, i) => integers(`in.labels.${i}`).length);
  const slots = Math.max(...counts) + SPARE_SLOTS;
  const boxes = new Float32Array(images.length * slots * 4);
  const classes = new Float32Array(images.length * slots);
  images.forEach((sides, i) => {
    const [down, across] = sides.map((side, axis) => facts.resized_hw[i][axis] / side);
    const resized = tensor(`in.boxes.${i}`).data.map((x, at) => x * (at % 2 ? down : across));
    boxes.set(resized, 4 * i * slots);
    classes.set(integers(`in.labels.${i}`), i * slots);
  });
  return {
    truthBoxes: { shape: [images.length, slots, 4], data: boxes },
    truthClasses: { shape: [images.length, slots], data: classes },
    truthCount: { shape: [images.length], data: Float32Array.from(counts) },
  };
}

type Given = Readonly<Record<string, Tensor>>;

/** The objects as the inputs of `truthsOf` have them. */
export const truthsIn = ({ truthBoxes, truthClasses, truthCount }: Given): Truths => ({
  boxes: truthBoxes,
  classes: tf.cast(truthClasses, "int32"),
  count: tf.cast(truthCount, "int32"),
});

/** Random numbers, [batch, candidates], that leave candidates in their order. */
export function inOrder(batch: number, candidates: number): Tensor {
  return tf.tile(tf.expandDims(tf.linspace(1, 0.5, candidates), 0), [batch, 1]);
}

/** The taken rows of an image, [slots, columns], which are in front. */
function taken(values: Float32Array, mask: Float32Array, image: number, images: number) {
  const slots = mask.length / images;
  const columns = values.length / mask.length;
  const count = mask.slice(image * slots, (image + 1) * slots).reduce((a, b) => a + b, 0);
  return values.slice(image * slots * columns, (image * slots + count) * columns);
}

async function checkProposals(golden: DetectorGolden): Promise<void> {
  const { facts, tensor, integers } = golden;
  const { levels, inputs } = candidatesOf(golden);
  const { pre_test, post_test } = facts.network;
  const images = facts.resized_hw.length;
  await onEveryEngine(inputs, ({ objectness, deltas, anchors, sizes }) => {
    const candidates = { objectness, deltas, anchors, sizes, levels };
    return { ...propose(candidates, { before: pre_test, after: post_test }) };
  }, (kind, { boxes, mask }) => {
    for (let i = 0; i < images; i++) {
      const ours = taken(boxes, mask, i, images);
      const name = `eval.proposals.${i}`;
      assertEquals(ours.length / 4, integers("eval.proposal_counts")[i], `${kind}: ${name}`);
      const limit = tolerance(facts.fp32_vs_fp64_rel_err[name]);
      assertNear(`${kind}: ${name}`, ours, tensor(name).data, limit);
    }
  });
}

async function checkAnchorTargets(golden: DetectorGolden): Promise<void> {
  const { facts, tensor } = golden;
  const { inputs } = candidatesOf(golden);
  const options = { ...ANCHOR_TARGETS, slots: facts.network.rpn_batch };
  await onEveryEngine({ ...inputs, ...truthsOf(golden) }, (given) => {
    const { objectness, deltas, anchors } = given;
    const truths = truthsIn(given);
    const [batch, candidates] = objectness.shape as [number, number];
    const targets = anchorTargets(anchors, truths, inOrder(batch, candidates), options);
    const loss = rpnLoss(objectness, deltas, targets);
    return {
      labels: tf.where(
        tf.greater(targets.sampled, 0),
        targets.objects,
        tf.fill([batch, candidates], -1),
      ),
      "train.loss_objectness": tf.mean(loss.classes),
      "train.loss_rpn_box_reg": tf.mean(loss.boxes),
    };
  }, (kind, { labels, ...losses }: Readonly<Record<string, Float32Array>>) => {
    const golden = tensor("train.rpn_labels").data;
    const off = labels.filter((label, i) => label !== golden[i]).length;
    assertEquals(off, 0, `${kind}: train.rpn_labels`);
    for (const [name, value] of Object.entries(losses)) {
      const limit = tolerance(facts.fp32_vs_fp64_rel_err[name]);
      assertNear(`${kind}: ${name}`, value, tensor(name).data, limit);
    }
  });
}

/** The rows of a golden tensor, objects first, which is the order of our slots. */
function objectsFirst({ shape, data }: Numbers, labels: Int32Array): Float32Array {
  const columns = data.length / shape[0];
  const rows = Array.from(
    labels,
    (label, i) => ({ label, row: data.slice(i * columns, (i + 1) * columns) }),
  );
  return concat(
    [true, false].flatMap((wanted) =>
      rows.filter(({ label }) => label > 0 === wanted).map(({ row }) => row)
    ),
  );
}

async function checkRegionTargets(golden: DetectorGolden): Promise<void> {
  const { facts, tensor, integers } = golden;
  const { levels, inputs } = candidatesOf(golden);
  const { pre_train, post_train, roi_batch } = facts.network;
  const images = facts.resized_hw.length;
  await onEveryEngine({ ...inputs, ...truthsOf(golden) }, (given) => {
    const { objectness, deltas, anchors, sizes } = given;
    const truths = truthsIn(given);
    const candidates = { objectness, deltas, anchors, sizes, levels };
    const proposals = propose(candidates, { before: pre_train, after: post_train });
    const count = proposals.mask.shape[1]! + truths.boxes.shape[1]!;
    const options = { ...REGION_TARGETS, slots: roi_batch };
    const { labels, ...others } = sampleRegions(proposals, truths, inOrder(images, count), options);
    return { labels: tf.cast(labels, "float32"), ...others };
  }, (kind, { boxes, labels, deltas, mask }) => {
    for (let i = 0; i < images; i++) {
      const golden = integers(`train.roi_labels.${i}`);
      const ofImage = (values: Float32Array) => taken(values, mask, i, images);
      assertEquals(ofImage(labels).length, integers("train.roi_counts")[i], `${kind}: roi_counts`);
      const sorted = objectsFirst(
        { shape: [golden.length], data: Float32Array.from(golden) },
        golden,
      );
      assertEquals(ofImage(labels), sorted, `${kind}: train.roi_labels.${i}`);
      const check = (name: string, ours: Float32Array) => {
        const limit = tolerance(facts.fp32_vs_fp64_rel_err[name]);
        assertNear(`${kind}: ${name}`, ours, objectsFirst(tensor(name), golden), limit);
      };
      check(`train.rois.${i}`, ofImage(boxes));
      const isObject = (at: number) => sorted[Math.floor(at / 4)] > 0;
      check(`train.roi_targets.${i}`, ofImage(deltas).map((delta, at) => isObject(at) ? delta : 0));
    }
  });
}

/** The golden proposals of all images, and the image of each. */
function proposalsOf({ facts, tensor }: DetectorGolden) {
  const ofImages = facts.resized_hw.map((_, i) => tensor(`eval.proposals.${i}`));
  const count = ofImages.reduce((sum, { shape }) => sum + shape[0], 0);
  return {
    boxes: { shape: [count, 4], data: concat(ofImages.map(({ data }) => data)) },
    images: {
      shape: [count],
      data: Float32Array.from(ofImages.flatMap(({ shape }, i) => Array(shape[0]).fill(i))),
    },
  };
}

async function checkPooled(golden: DetectorGolden): Promise<void> {
  const { facts, tensor, integers, has, names } = golden;
  const finest = Math.log2(facts.padded_hw[0] / tensor("eval.objectness.0").shape[2]);
  const levels = integers("eval.levels");
  const canonicalSize = facts.network.canonical_scale;
  const maps = names().flatMap((name) => name.match(/^eval\.fpn\.(\d+)(?:\.sample)?$/)?.[1] ?? []);
  const isStored = (level: number) => has(`eval.fpn.${level}`);
  maps.sort((a, b) => Number(a) - Number(b));
  const whole = maps.filter((level) => isStored(Number(level)));
  assert(whole.length > 0, "no map is stored whole");
  const channels = tensor(`eval.fpn.${whole[0]}`).shape[1];
  const pyramid = maps.map((level) => {
    if (isStored(Number(level))) return ourMap(tensor(`eval.fpn.${level}`));
    const [height, width] = facts.padded_hw.map((side) => side / 2 ** (finest + Number(level)));
    const shape = [facts.resized_hw.length, height, width, channels];
    return { shape, data: new Float32Array(shape.reduce((a, b) => a * b)) };
  });
  const inputs: Record<string, Numbers> = {
    ...proposalsOf(golden),
    ...Object.fromEntries(pyramid.map((map, i) => [`map${i}`, map])),
  };
  await onEveryEngine(inputs, ({ boxes, images, ...given }) => {
    const regions = { boxes, images: tf.cast(images, "int32") };
    const options = { canonicalSize };
    return {
      levels: roiLevels(boxes, finest, maps.length, options),
      pooled: pyramidRoiAlign(maps.map((_, i) => given[`map${i}`]), regions, finest, options),
    };
  }, (kind, values) => {
    assertEquals(Int32Array.from(values.levels), levels, `${kind}: eval.levels`);
    if (!has("eval.pooled")) return;
    const pooled = ourMap(tensor("eval.pooled")).data;
    const size = pooled.length / levels.length;
    const stored = (values: Float32Array) =>
      values.filter((_, i) => isStored(levels[Math.floor(i / size)]));
    assert(stored(pooled).length > 0, "no region is on a stored map");
    const limit = tolerance(facts.fp32_vs_fp64_rel_err["eval.pooled"]);
    assertNear(`${kind}: eval.pooled`, stored(values.pooled), stored(pooled), limit);
    // tfjs's own backend copies a whole map for each region.
  }, ["compiled", "eager"]);
}

async function checkDetections(golden: DetectorGolden): Promise<void> {
  const { facts, tensor, integers } = golden;
  const { network, resized_hw } = facts;
  const images = resized_hw.length;
  const counts = integers("eval.proposal_counts");
  const slots = Math.max(...counts);
  /** Rows of all images as slots of each. */
  const inSlots = ({ shape, data }: Numbers): Numbers => {
    const columns = data.length / shape[0];
    const out = new Float32Array(images * slots * columns);
    let from = 0;
    counts.forEach((count, i) => {
      out.set(data.subarray(from * columns, (from + count) * columns), i * slots * columns);
      from += count;
    });
    return { shape: [images, slots, columns], data: out };
  };
  const { boxes } = proposalsOf(golden);
  const inputs = {
    logits: inSlots(tensor("eval.logits")),
    deltas: inSlots(tensor("eval.regression")),
    proposals: inSlots(boxes),
    mask: {
      shape: [images, slots],
      data: Float32Array.from(
        { length: images * slots },
        (_, i) => i % slots < counts[Math.floor(i / slots)] ? 1 : 0,
      ),
    },
    sizes: { shape: [images, 2], data: Float32Array.from(resized_hw.flat()) },
  };
  await onEveryEngine(inputs, ({ logits, deltas, proposals, mask, sizes }) => {
    const regions = { logits, deltas, proposals: { boxes: proposals, mask }, sizes };
    return { ...detect(regions, { score: network.score_thresh, limit: network.detections }) };
  }, (kind, { boxes, scores, classes, mask }) => {
    for (let i = 0; i < images; i++) {
      const ofImage = (values: Float32Array) => taken(values, mask, i, images);
      const count = integers("eval.detection_counts")[i];
      assertEquals(ofImage(scores).length, count, `${kind}: detections of image ${i}`);
      assertEquals(Int32Array.from(ofImage(classes)), integers(`eval.labels.${i}`), kind);
      const [down, across] = network.images[i].map((side, axis) => side / resized_hw[i][axis]);
      const back = ofImage(boxes).map((x, at) => x * (at % 2 ? down : across));
      for (
        const [name, ours] of [[`boxes.${i}`, back], [`scores.${i}`, ofImage(scores)]] as const
      ) {
        const limit = tolerance(facts.fp32_vs_fp64_rel_err[`eval.${name}`]);
        assertNear(`${kind}: eval.${name}`, ours, tensor(`eval.${name}`).data, limit);
      }
    }
  });
}

async function checkRegions(golden: DetectorGolden, t: Deno.TestContext): Promise<void> {
  for (
    const [name, check] of [
      ["proposals", checkProposals],
      ["anchor targets", checkAnchorTargets],
      ["region targets", checkRegionTargets],
      ["pooled regions", checkPooled],
      ["detections", checkDetections],
    ] as const
  ) {
    await t.step(name, () => check(golden));
  }
}

/** Checks of these cases. */
export const regions: readonly Check<RegionFacts>[] = [
  [/^model_small(_\w+)?$/, checkRegions],
];
