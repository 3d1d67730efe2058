import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";
import { hashName, philox } from "../values/random.ts";
import type { Share } from "../values/share.ts";
import { Attr, DataType, typeAttribute } from "../tensorflow/binding.ts";
import { nativeOr } from "./native.ts";

/**
 * Random numbers inside a step. They depend on the seed, the stream and the step only, and every
 * step has different ones. Numbers for each image of a part of a batch, [images, …], are those that
 * the image gets where the whole batch is one part. Numbers of any other shape are the same for all
 * parts.
 */
export interface Random {
  /** Uniform numbers in [0, 1), of `shape`. Each call in a step has a stream of its own. */
  uniform(shape: readonly number[]): Tensor;
  /** Standard normal numbers, of `shape`, from two calls of `uniform` (Box–Muller). */
  normal(shape: readonly number[]): Tensor;
  /** The random numbers of the stream `name` below this one. */
  in(name: string): Random;
  /**
   * Random numbers that each part of a batch has for itself. No more of them are drawn than it asks
   * for. Those of a whole batch are these numbers themselves.
   */
  readonly own: Random;
}

/**
 * The random numbers of a run's seed and a stream's name in step `step`, an int32 scalar. Default
 * of `part`: the whole batch.
 */
export function randomOf(seed: number, name: string, step: Tensor, part?: BatchPart): Random {
  let calls = 0;
  const draw = (shape: readonly number[], step: Tensor) =>
    randomUniform(shape, hashName(`${seed}/${name}/${calls++}`), step);
  const below = (stream: string) => randomOf(seed, `${name}/${stream}`, step, part);
  if (!part || part.workers === 1) return numbers((shape) => draw(shape, step), below);
  const own = numbers((shape) => draw(shape, stepOf(step, part)), (name) => below(name).own);
  return numbers((shape) => rowsOf(shape, part, (shape) => draw(shape, step)), below, own);
}

/**
 * One part of a batch: of its images every `workers`-th one, from number `rank` on. The rank may be
 * an int32 scalar that only the step knows.
 */
export interface BatchPart extends Pick<Share, "workers"> {
  readonly rank: number | Tensor;
  /** The number of its images. */
  readonly images: number;
}

/** Random numbers from uniform ones. Default of `own`: themselves. */
function numbers(uniform: Random["uniform"], below: Random["in"], own?: Random): Random {
  const random: Random = {
    uniform,
    normal: (shape) => toNormal(uniform(shape), uniform(shape)),
    in: below,
    get own() {
      return own ?? random;
    },
  };
  return random;
}

/** A number that no other part of any step has. */
function stepOf(step: Tensor, { rank, workers }: BatchPart): Tensor {
  const int = (value: number) => tf.scalar(value, "int32");
  return tf.add(tf.mul(step, int(workers)), typeof rank === "number" ? int(rank) : rank);
}

/** A part's rows of the whole batch's numbers or, of another shape than [images, …], all of them. */
function rowsOf(
  shape: readonly number[],
  { rank, workers, images }: BatchPart,
  draw: Random["uniform"],
): Tensor {
  const [first, ...rest] = shape;
  if (first !== images) return draw(shape);
  // The whole batch may have fewer rows. The first numbers of a longer draw are the same.
  const whole = tf.reshape(draw([images * workers, ...rest]), [images, workers, ...rest]);
  if (typeof rank !== "number") return tf.reshape(tf.gather(whole, rank, 1), [...shape]);
  const zeros = rest.map(() => 0);
  return tf.reshape(tf.slice(whole, [0, rank, ...zeros], [images, 1, ...rest]), [...shape]);
}

/**
 * Uniform integers from 0 to `below` − 1, int32 of `shape`, from two calls of `uniform`. `below` is
 * int32 of a shape that broadcasts. The numbers are the remainders of 31 random bits.
 */
export function randomIntegers(random: Random, shape: readonly number[], below: Tensor): Tensor {
  const bits = (count: number) => tf.cast(tf.mul(random.uniform(shape), 2 ** count), "int32");
  const number = tf.add(tf.mul(bits(23), tf.scalar(2 ** 8, "int32")), bits(8));
  return tf.mod(number, below);
}

/** Standard normal numbers from two uniform ones each (Box and Muller, 1958). */
function toNormal(one: Tensor, other: Tensor): Tensor {
  const radius = tf.sqrt(tf.mul(-2, tf.log(tf.sub(1, one))));
  return tf.mul(radius, tf.cos(tf.mul(other, 2 * Math.PI)));
}

/**
 * Uniform numbers in [0, 1) from TensorFlow's stateless generator with the seed (key, step). The
 * JavaScript twin on tfjs's own backend gives the same bits.
 */
export function randomUniform(shape: readonly number[], key: number, step: Tensor): Tensor {
  const { int32, int64, float32 } = DataType;
  return nativeOr(() => randomUniformTwin(shape, key, step.dataSync()[0]), (native) => {
    const [uniform] = native.chain([step], ({ op, constant }, step) => {
      const [step64] = op("Cast", [step], [
        typeAttribute("SrcT", int32),
        typeAttribute("DstT", int64),
      ]);
      const key64 = constant([], int64, BigInt64Array.of(BigInt(key)));
      const [seed] = op("Pack", [key64, step64], [
        { name: "N", type: Attr.int, value: 2 },
        typeAttribute("T", int64),
        { name: "axis", type: Attr.int, value: 0 },
      ]);
      const [philoxKey, counter] = op("StatelessRandomGetKeyCounter", [seed], [
        typeAttribute("Tseed", int64),
      ], 2);
      const size = constant([shape.length], int32, Int32Array.from(shape));
      const algorithm = constant([], int32, Int32Array.of(1));
      return op(
        "StatelessRandomUniformV2",
        [size, philoxKey, counter, algorithm],
        [typeAttribute("dtype", float32), typeAttribute("Tshape", int32)],
      );
    });
    return uniform;
  });
}

/** `randomUniform` in JavaScript. */
export function randomUniformTwin(shape: readonly number[], key: number, step: number): Tensor {
  const block = new Uint32Array(4);
  // TensorFlow scrambles the two halves of its seed into a key and the upper half of a counter.
  philox([key >>> 0, 0, step >>> 0, 0], [0x3ec8f720, 0x02461e29], block);
  const generatorKey = block.slice(0, 2);
  const counter = Uint32Array.of(0, 0, block[2], block[3]);
  const size = tf.util.sizeFromShape([...shape]);
  const numbers = new Float32Array(size);
  const bits = new Uint32Array(1);
  const float = new Float32Array(bits.buffer);
  for (let i = 0; i < size; i++) {
    if (i % 4 === 0) {
      philox(counter, generatorKey, block);
      counter[0]++;
      if (counter[0] === 0) counter[1]++;
    }
    bits[0] = (block[i % 4] & 0x7fffff) | 0x3f800000;
    numbers[i] = float[0] - 1;
  }
  return tf.tensor(numbers, [...shape]);
}
