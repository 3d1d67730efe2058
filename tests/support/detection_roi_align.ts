/** Checks of RoIAlign on one map and on a pyramid, and of frozen batch norms. */
import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { frozenNorm } from "../../lib/kernels/batch_norm.ts";
import type { Tensor } from "../../lib/kernels/tensor.ts";
import { pyramidRoiAlign, type RegionBoxes, roiLevels } from "../../lib/nn/roi_align.ts";
import { type DetectionFacts, onEveryEngine, withGradient } from "./detection_engines.ts";
import type { Check, Golden, Numbers } from "./goldens.ts";
import { ourMap } from "./layout.ts";
import { assertNear, tolerance } from "./tolerance.ts";

/** Asserts that a map of ours is near the golden one of this name. */
function nearMap(
  { facts, tensor }: Golden<DetectionFacts>,
  kind: string,
  name: string,
  value: Float32Array,
): void {
  const limit = tolerance(facts.fp32_vs_fp64_rel_err[name]);
  assertNear(`${kind}: ${name}`, value, ourMap(tensor(name)).data, limit);
}

/** The regions of rows with the image in front: image, x1, y1, x2, y2. */
function regionsOf(rows: Tensor): RegionBoxes {
  const [image, boxes] = tf.split(rows, [1, 4], 1);
  return { boxes, images: tf.cast(tf.squeeze(image, [1]), "int32") };
}

async function checkRoiAlign(golden: Golden<DetectionFacts>): Promise<void> {
  const { facts, tensor, names } = golden;
  // A detector's head has two samples along a bin; the golden values with 0 have as many as pixels.
  const readings = names().flatMap((name) =>
    name.match(/^out\.((?:legacy|aligned)\.2)$/)?.[1] ?? []
  );
  assert(readings.length > 0, "nothing is pooled");
  const inputs = {
    x: ourMap(tensor("in.x")),
    g: ourMap(tensor("in.g")),
    rois: tensor("in.rois"),
  };
  await onEveryEngine(inputs, ({ x, g, rois }) => {
    const values: Record<string, Tensor> = {};
    for (const reading of readings) {
      const pool = (x: Tensor) =>
        pyramidRoiAlign([x], regionsOf(rois), -Math.log2(facts.spatial_scale as number), {
          bins: facts.output as number,
          aligned: reading.startsWith("aligned"),
        });
      const { value, gradient } = withGradient(x, pool, g);
      values[`out.${reading}`] = value;
      values[`grad.x.${reading}`] = gradient;
    }
    return values;
  }, (kind, values) => {
    for (const [name, value] of Object.entries(values)) nearMap(golden, kind, name, value);
  });
}

async function checkPyramid(golden: Golden<DetectionFacts>): Promise<void> {
  const { facts, tensor, integers } = golden;
  const scales = facts.scales as readonly number[];
  const finest = -Math.log2(scales[0]);
  assertEquals(scales, scales.map((_, i) => 2 ** -(finest + i)));
  const images = Array.from({ length: tensor("in.x0").shape[0] }, (_, i) => tensor(`in.b${i}`));
  const rows = images.flatMap(({ data, shape }, image) =>
    Array.from({ length: shape[0] }, (_, i) => [image, ...data.subarray(4 * i, 4 * i + 4)])
  );
  const maps = Object.fromEntries(scales.map((_, i) => [`x${i}`, ourMap(tensor(`in.x${i}`))]));
  const inputs: Record<string, Numbers> = {
    ...maps,
    g: ourMap(tensor("in.g")),
    rois: { shape: [rows.length, 5], data: Float32Array.from(rows.flat()) },
  };
  const { shape } = inputs.g;
  await onEveryEngine(inputs, ({ g, rois, ...given }) => {
    const regions = regionsOf(rois);
    const pyramid = Object.keys(maps).map((name) => given[name]);
    const pool = (...maps: Tensor[]) => pyramidRoiAlign(maps, regions, finest, { bins: shape[1] });
    const gradients = tf.grads(pool as (...maps: tf.Tensor[]) => tf.Tensor)(pyramid, g);
    return {
      ...Object.fromEntries(gradients.map((gradient, i) => [`grad.x${i}`, gradient])),
      "out.y": pool(...pyramid),
      "out.levels": roiLevels(regions.boxes, finest, scales.length),
    };
  }, (kind, { "out.levels": levels, ...values }: Readonly<Record<string, Float32Array>>) => {
    assertEquals(Int32Array.from(levels), integers("out.levels"), kind);
    for (const [name, value] of Object.entries(values)) nearMap(golden, kind, name, value);
  });
}

async function checkFrozenBatchNorm(golden: Golden<DetectionFacts>): Promise<void> {
  const { facts, tensor, names } = golden;
  const epsilons = facts.eps as readonly number[];
  const named = names().flatMap((name) => name.match(/^out\.eps_(.+)$/)?.[1] ?? []);
  assertEquals(new Set(named.map(Number)), new Set(epsilons));
  const inputs = {
    x: ourMap(tensor("in.x")),
    g: ourMap(tensor("in.g")),
    scale: tensor("in.weight"),
    offset: tensor("in.bias"),
    mean: tensor("in.running_mean"),
    variance: tensor("in.running_var"),
  };
  await onEveryEngine(inputs, ({ x, g, ...state }) => {
    const values: Record<string, Tensor> = {};
    for (const epsilon of named) {
      const norm = (x: Tensor) => frozenNorm(x, state, Number(epsilon));
      const { value, gradient } = withGradient(x, norm, g);
      values[`out.eps_${epsilon}`] = value;
      values[`grad.x.eps_${epsilon}`] = gradient;
    }
    return values;
  }, (kind, values) => {
    for (const [name, value] of Object.entries(values)) nearMap(golden, kind, name, value);
  });
}

/** Checks of these cases. */
export const roiAligns: readonly Check<DetectionFacts>[] = [
  [/^ops_roi_align$/, checkRoiAlign],
  [/^ops_multiscale_roi_align$/, checkPyramid],
  [/^ops_frozen_batch_norm$/, checkFrozenBatchNorm],
];
