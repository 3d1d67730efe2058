import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { cutOut } from "../../../datasets/images/cut.ts";
import {
  filters,
  type Interpolation,
  kernels,
  resample,
} from "../../../datasets/images/resample.ts";
import { normalisePixels } from "../../../lib/data/augment.ts";
import { autoAugmentPairs } from "../../../lib/data/auto_augment.ts";
import * as blends from "../../../lib/data/bytes/blends.ts";
import type { ByteColour, ByteImage } from "../../../lib/data/bytes/byte_image.ts";
import { drawMagnitude, type ImageOp, imageOps } from "../../../lib/data/bytes/image_ops.ts";
import * as tones from "../../../lib/data/bytes/tones.ts";
import * as warps from "../../../lib/data/bytes/warp.ts";
import { epochSize, shownAt } from "../../../lib/data/epoch.ts";
import { randAugmentOps } from "../../../lib/data/rand_augment.ts";
import { eraseRectangles, randomErasing } from "../../../lib/data/random_erasing.ts";
import { shardOf } from "../../../lib/data/shard.ts";
import { inOrder } from "../../../lib/training/batches.ts";
import { open } from "../../support/engines.ts";
import type { Check, Golden, Numbers } from "../../support/goldens.ts";
import { permute } from "../../support/layout.ts";
import { scriptedRandom } from "../../support/scripted_random.ts";
import { assertNear, tolerance } from "../../support/tolerance.ts";

const LIMIT = tolerance(0);

/** The image of a tensor of bytes, [height, width, 3]. */
function imageOf({ integers, tensor }: Golden<unknown>, name: string): ByteImage {
  const { shape: [height, width] } = tensor(name);
  return { height, width, data: Uint8Array.from(integers(name)) };
}

/** A map of one image in our layout. */
const channelsLast = (map: Numbers) => permute(map, [1, 2, 0]);

/** Checks an image byte by byte. */
function assertBytes(golden: Golden<unknown>, name: string, { data }: { data: Uint8Array }): void {
  const expected = golden.integers(name);
  const wrong = expected.findIndex((value, i) => value !== data[i]);
  assertEquals(data.length, expected.length, name);
  assert(
    wrong < 0,
    `${golden.name}: ${name}: byte ${wrong} is ${data[wrong]}, not ${expected[wrong]}`,
  );
}

/** The functions of timm by its names. */
const FUNCTIONS: Readonly<Record<string, ImageOp["apply"]>> = {
  auto_contrast: tones.autoContrast,
  equalize: tones.equalize,
  invert: tones.invert,
  posterize: tones.posterize,
  solarize: tones.solarize,
  solarize_add: tones.solarizeAdd,
  ...blends,
  shear_x: warps.shearX,
  shear_y: warps.shearY,
  translate_x_rel: warps.translateX,
  translate_y_rel: warps.translateY,
  rotate: warps.rotate,
};

interface Ops {
  readonly fill: ByteColour;
  readonly ops: readonly (readonly [
    name: string,
    options: Readonly<Record<string, number>> & { readonly resample?: warps.WarpFilter },
  ])[];
}

/** Checks every op on every image. */
function checkOps(golden: Golden<Ops>): void {
  const { fill, ops } = golden.facts;
  const images = golden.names().filter((name) => name.startsWith("in."));
  assert(images.length > 0 && ops.length > 0);
  for (const input of images) {
    const image = imageOf(golden, input);
    for (const [k, [name, { resample: filter = "bicubic", ...numbers }]] of ops.entries()) {
      const apply = FUNCTIONS[name];
      assert(apply, `no op ${name}`);
      const [amount = 0] = Object.values(numbers);
      const out = apply(image, amount, { fill, filter });
      assertBytes(golden, `${input.replace("in.", "out.")}.${k}`, out);
    }
  }
}

interface Levels {
  readonly levels: readonly number[];
  readonly increasing: readonly string[];
  readonly plain: readonly string[];
  readonly args: Readonly<
    Record<
      string,
      null | {
        readonly function: string;
        readonly values: readonly number[];
        readonly negative?: readonly number[];
      }
    >
  >;
}

/** The op of a name of timm. */
function opOf(name: string): ImageOp {
  const found = Object.entries(imageOps).find(([ours]) => ours === ourName(name));
  assert(found, `no op ${name}`);
  return found[1];
}

const ourName = (name: string) => name[0].toLowerCase() + name.slice(1);

/** Checks the lists of ops, and what each magnitude means to each. */
function checkLevels({ facts: { levels, increasing, plain, args } }: Golden<Levels>): void {
  assertEquals<readonly string[]>(randAugmentOps(true), increasing.map(ourName));
  assertEquals<readonly string[]>(randAugmentOps(false), plain.map(ourName));
  assertEquals(Object.keys(imageOps).sort(), Object.keys(args).map(ourName).sort());
  for (const [name, expected] of Object.entries(args)) {
    const { amount, apply } = opOf(name);
    const ours = (isNegative: boolean) => levels.map((level) => amount(level, isNegative) + 0);
    if (expected === null) {
      assertEquals(new Set([...ours(false), ...ours(true)]), new Set([0]), name);
      continue;
    }
    assertEquals(apply, FUNCTIONS[expected.function], name);
    assertEquals(ours(false), expected.values.map((value) => value + 0), name);
    const negative = (expected.negative ?? expected.values).map((value) => value + 0);
    assertEquals(ours(true), negative, `${name}, negative`);
  }
}

/** An op with its magnitude, and whether it goes the other way. */
type ChainOp = readonly [name: string, magnitude: number, isNegative: boolean];

interface Auto {
  readonly fill: ByteColour;
  readonly policies: Readonly<
    Record<string, readonly (readonly (readonly [name: string, ...rest: number[]])[])[]>
  >;
  readonly chains: readonly (readonly ChainOp[])[];
}

/** Checks the policies, and the ops of each pair and of each chain in turn. */
function checkAutoAugment(golden: Golden<Auto>): void {
  const { fill, policies, chains } = golden.facts;
  const named = (pairs: Auto["policies"][string]) =>
    pairs.map((pair) => pair.map(([name, ...rest]) => [ourName(name), ...rest]));
  assertEquals<unknown>(
    Object.entries(autoAugmentPairs),
    Object.entries(policies).map(([name, pairs]) => [name, named(pairs)]),
  );
  const image = imageOf(golden, "in.image");
  const apply = (chain: readonly ChainOp[]) =>
    chain.reduce((changed, [name, magnitude, isNegative]) => {
      const { apply, amount } = opOf(name);
      const drawn = drawMagnitude(magnitude, 0, () => 0);
      return apply(changed, amount(drawn, isNegative), { fill, filter: "bicubic" });
    }, image);
  for (const output of golden.names().filter((name) => name.startsWith("out."))) {
    const [, of, k] = output.split(".");
    const pair = policies[of]?.[Number(k)].map(([name, , magnitude]): ChainOp => [
      name,
      magnitude,
      false,
    ]);
    assertBytes(golden, output, apply(pair ?? chains[Number(k)]));
  }
}

interface Erasing {
  readonly draws: readonly {
    readonly apply: number;
    readonly attempts: readonly {
      readonly area: number;
      readonly log_aspect: number;
      readonly fits: boolean;
      readonly h: number;
      readonly w: number;
      readonly top?: number;
      readonly left?: number;
    }[];
  }[];
}

/** Checks the rectangles of given draws, in which DeiT's noise is the rectangle's own. */
async function checkErasing({ facts: { draws }, tensor }: Golden<Erasing>): Promise<void> {
  const x = channelsLast(tensor("in.x"));
  const noise = channelsLast(tensor("in.noise"));
  const [height, width, channels] = x.shape;
  const options = randomErasing();
  const { least, most, ratio } = options;
  for (const [k, { apply, attempts }] of draws.entries()) {
    const last = attempts.at(-1);
    const { top = 0, left = 0, h = 1, w = 1 } = last ?? {};
    // The attempts after those of the case would fit too: the first one counts.
    const tries = Array.from(
      { length: 10 },
      (_, i) => attempts[i] ?? { area: least, log_aspect: 0 },
    );
    const uniform = [
      tries.map(({ area }) => (area - least) / (most - least)),
      tries.map(({ log_aspect }) => (log_aspect - Math.log(ratio)) / (-2 * Math.log(ratio))),
      [(top + 0.5) / (height + 1 - h)],
      [(left + 0.5) / (width + 1 - w)],
      [apply],
    ];
    for (const kind of ["compiled", "cpu"] as const) {
      const engine = await open(kind);
      const { image } = await engine.compile<"x" | "noise">(({ x, noise }) => {
        const queue = [...uniform];
        const random = scriptedRandom(
          (shape) => tf.tensor(queue.shift()!, [...shape]),
          () => noise,
        );
        return { values: { image: eraseRectangles(x, options, random) }, updates: [] };
      })({
        x: { shape: [1, ...x.shape], data: x.data },
        noise: {
          shape: [1, ...x.shape],
          data: shift(noise.data, [height, width, channels], top, left),
        },
      });
      engine.close();
      assertNear(`${kind}: ${k}`, image, channelsLast(tensor(`out.${k}`)).data, LIMIT);
    }
  }
}

/** Moves a map down and to the right, with zeros before it. */
function shift(
  data: Float32Array,
  [height, width, channels]: readonly number[],
  top: number,
  left: number,
): Float32Array {
  const out = new Float32Array(data.length);
  for (let y = top; y < height; y++) {
    for (let x = left; x < width; x++) {
      for (let c = 0; c < channels; c++) {
        out[(y * width + x) * channels + c] = data[((y - top) * width + x - left) * channels + c];
      }
    }
  }
  return out;
}

interface Resizes {
  readonly size: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly resizes: readonly (readonly [height: number, width: number, of: Interpolation])[];
  readonly crops: readonly (readonly [top: number, left: number, height: number, width: number])[];
  readonly eval_resize: readonly number[];
}

/** Checks sizes, parts and the cut of an evaluation, as Pillow rounds. */
async function checkResizeCrop(golden: Golden<Resizes>): Promise<void> {
  const { size, mean, std, resizes, crops, eval_resize } = golden.facts;
  const image = imageOf(golden, "in.image");
  for (const [k, [height, width, of]] of resizes.entries()) {
    const kernel = kernels[of];
    const columns = filters(image.width, width, 0, kernel);
    const rows = filters(image.height, height, 0, kernel);
    const data = resample(image, columns, rows);
    assertBytes(golden, `out.resize.${k}`, { data });
  }
  const { bicubic } = kernels;
  for (const [k, [top, left, height, width]] of crops.entries()) {
    const columns = filters(width, size, left, bicubic);
    const data = resample(image, columns, filters(height, size, top, bicubic));
    assertBytes(golden, `out.crop.${k}`, { data });
  }
  const [resizedHeight, resizedWidth] = eval_resize;
  const shorter = Math.floor(size / 0.875);
  assertEquals(Math.min(resizedHeight, resizedWidth), shorter);
  const scaled = [
    filters(image.width, resizedWidth, 0, bicubic),
    filters(image.height, resizedHeight, 0, bicubic),
  ];
  assertBytes(golden, "out.eval.resized", { data: resample(image, scaled[0], scaled[1]) });
  const data = cutOut(image, { kind: "centre", size, shorter, interpolation: "bicubic" });
  assertBytes(golden, "out.eval", { data });
  await tf.setBackend("cpu");
  const pixels = tf.tidy(() =>
    normalisePixels(tf.tensor(Float32Array.from(data), [size, size, 3]), { mean, std }).dataSync()
  );
  const expected = channelsLast(golden.tensor("out.eval.normalised")).data;
  assertNear("out.eval.normalised", Float32Array.from(pixels), expected, LIMIT);
}

interface Repeated {
  readonly cases: readonly {
    readonly images: number;
    readonly processes: number;
    readonly repeats: number;
    readonly indices: readonly (readonly number[])[];
  }[];
}

/** Checks the images that each process has of an epoch, if nothing is shuffled. */
function checkRepeated({ facts: { cases } }: Golden<Repeated>): void {
  for (const { images, processes, repeats, indices } of cases) {
    const size = epochSize({ size: images, repeats });
    for (const [rank, expected] of indices.entries()) {
      const places = shardOf(inOrder(size), size, { rank, workers: processes }).order;
      const { order } = shownAt(places, inOrder(images), repeats);
      // Where the processes do not divide the epoch, DeiT leaves out its last images.
      assert(order.length - expected.length <= (size % processes === 0 ? 0 : 1));
      assertEquals([...order.subarray(0, expected.length)], expected);
    }
  }
}

/** What DeiT's recipe does to images before the step mixes them. */
export const images: readonly Check<never>[] = [
  [/^randaugment_ops$/, checkOps],
  [/^randaugment_levels$/, checkLevels],
  [/^autoaugment$/, checkAutoAugment],
  [/^random_erasing$/, checkErasing],
  [/^resize_crop$/, checkResizeCrop],
  [/^repeated_augmentation$/, checkRepeated],
];
