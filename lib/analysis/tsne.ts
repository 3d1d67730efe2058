/**
 * t-SNE: points in the plane whose neighbourhoods are those of high-dimensional samples. van der
 * Maaten and Hinton, 2008. Exact, over all pairs of samples, with scikit-learn's schedule of steps.
 *
 * @module
 */
import { Failure } from "../values/failure.ts";
import { stream } from "../values/random.ts";

/** The perplexity unless another one is given. */
export const PERPLEXITY = 30;

/** Options of an embedding. */
export interface TsneOptions {
  /** The effective number of neighbours of a sample, less than the samples. Default: `PERPLEXITY`. */
  readonly perplexity?: number;
  /** Number of steps, the first 250 of them with exaggerated affinities. Default: 1000. */
  readonly steps?: number;
  /** The seed of the points before the first step, N(0, 10⁻⁸). Default: 1. */
  readonly seed?: number;
  /** The points before the first step, [samples, 2]. Default: random ones. */
  readonly start?: Float64Array;
  /**
   * Called with the finished share of the steps, 0 … 1, after every 50 of them, when signals have
   * been handled. It may throw to end the computation. Default: does nothing.
   */
  readonly between?: (share: number) => void;
}

/** Samples as points in the plane. */
export interface Embedding {
  /** x and y of each sample, [samples, 2]. */
  readonly points: Float64Array;
  /** KL(P ‖ Q) of the affinities of the samples, P, and those of the points, Q. */
  readonly divergence: number;
}

/** The factor of affinities in the first steps, and the number of these. */
const EXAGGERATION = { factor: 12, steps: 250 } as const;

/** Steps from one call of `between` to the next. */
const PERIOD = 50;

/**
 * Embeds `samples` rows of features, [samples, width], in the plane. The same input gives the same
 * bytes. Takes time and memory in proportion to the square of the samples. Rejects with a
 * `Failure`: exit 2 if there are too few samples for the perplexity, exit 4 if a feature is not a
 * finite number.
 */
export async function tsne(
  features: Float32Array,
  samples: number,
  options: TsneOptions = {},
): Promise<Embedding> {
  const { perplexity = PERPLEXITY, steps = 1000, seed = 1, between = () => {} } = options;
  const pairs = affinities(features, samples, perplexity);
  const points = options.start?.slice() ?? randomPoints(samples, seed);
  const rate = Math.max(50, samples / EXAGGERATION.factor / 4);
  let descent = startDescent(points);
  for (let step = 0; step < steps; step++) {
    const isExaggerated = step < EXAGGERATION.steps;
    if (step === EXAGGERATION.steps) descent = startDescent(points);
    const slope = gradient(pairs, points, isExaggerated ? EXAGGERATION.factor : 1);
    descend(descent, slope, rate, isExaggerated ? 0.5 : 0.8);
    if ((step + 1) % PERIOD !== 0) continue;
    await new Promise((resolve) => setTimeout(resolve));
    between((step + 1) / steps);
  }
  return { points, divergence: divergence(pairs, points) };
}

function randomPoints(samples: number, seed: number): Float64Array {
  const random = stream(seed, "tsne");
  return Float64Array.from({ length: 2 * samples }, () => 1e-4 * random.normal());
}

/**
 * The affinities of the samples, P, [samples, samples]: the mean of the two conditional
 * probabilities that one of a pair picks the other as its neighbour, divided by the samples. All
 * sum to 1, a sample has none with itself. Throws like `tsne`.
 */
export function affinities(
  features: Float32Array,
  samples: number,
  perplexity: number,
): Float64Array {
  if (!(perplexity > 0 && perplexity < samples)) {
    throw new Failure(
      2,
      `t-SNE with the perplexity ${perplexity}: it has to be above 0 and below ${samples}, the samples`,
    );
  }
  if (!features.every(Number.isFinite)) {
    throw new Failure(4, "t-SNE: a feature is not a finite number: has the network diverged?");
  }
  const rows = squaredDistances(features, samples);
  for (let i = 0; i < samples; i++) {
    toProbabilities(rows.subarray(i * samples, (i + 1) * samples), i, perplexity);
  }
  for (let i = 0; i < samples; i++) {
    for (let j = 0; j < i; j++) {
      const mean = (rows[i * samples + j] + rows[j * samples + i]) / (2 * samples);
      rows[i * samples + j] = rows[j * samples + i] = mean;
    }
  }
  return rows;
}

/** The squared Euclidean distances of all samples, [samples, samples]. */
function squaredDistances(features: Float32Array, samples: number): Float64Array {
  const width = features.length / samples;
  const distances = new Float64Array(samples * samples);
  for (let i = 0; i < samples; i++) {
    for (let j = 0; j < i; j++) {
      let sum = 0;
      for (let k = 0; k < width; k++) {
        sum += (features[i * width + k] - features[j * width + k]) ** 2;
      }
      distances[i * samples + j] = distances[j * samples + i] = sum;
    }
  }
  return distances;
}

/** The most by which the entropy of a sample's probabilities may miss that of the perplexity. */
const ENTROPY_TOLERANCE = 1e-5;

/**
 * Replaces the squared distances from the sample `own` by the probabilities of a Gaussian around
 * it, whose precision is searched so that the entropy is the logarithm of the perplexity.
 */
function toProbabilities(row: Float64Array, own: number, perplexity: number): void {
  const nearest = row.reduce((least, one, j) => j === own ? least : Math.min(least, one), Infinity);
  // Only differences count. Without the nearest one, not every probability can underflow.
  const distances = row.map((one) => one - nearest);
  let precision = 1;
  let low = 0;
  let high = Infinity;
  for (let tries = 0; tries < 100; tries++) {
    const excess = spread(distances, own, precision, row) - Math.log(perplexity);
    if (Math.abs(excess) <= ENTROPY_TOLERANCE) return;
    if (excess > 0) low = precision;
    else high = precision;
    precision = high === Infinity ? 2 * precision : (low + high) / 2;
  }
}

/** Writes the probabilities of a Gaussian of this precision, and returns their entropy. */
function spread(
  distances: Float64Array,
  own: number,
  precision: number,
  probabilities: Float64Array,
): number {
  let sum = 0;
  for (let j = 0; j < distances.length; j++) {
    probabilities[j] = j === own ? 0 : Math.exp(-precision * distances[j]);
    sum += probabilities[j];
  }
  let mean = 0;
  for (let j = 0; j < distances.length; j++) {
    probabilities[j] /= sum;
    mean += distances[j] * probabilities[j];
  }
  return Math.log(sum) + precision * mean;
}

/**
 * The gradient of KL(P ‖ Q) at the points, [samples, 2], with the affinities of the samples, P,
 * times `exaggeration`.
 */
export function gradient(
  affinities: Float64Array,
  points: Float64Array,
  exaggeration = 1,
): Float64Array {
  const samples = points.length / 2;
  const attraction = new Float64Array(points.length);
  const repulsion = new Float64Array(points.length);
  let total = 0;
  for (let i = 0; i < samples; i++) {
    const row = affinities.subarray(i * samples, (i + 1) * samples);
    const [x, y] = points.subarray(2 * i, 2 * i + 2);
    // Both orders of a pair are computed: writing to the other point's sums would take longer.
    let [pullX, pullY, pushX, pushY] = [0, 0, 0, 0];
    for (let j = 0; j < samples; j++) {
      const dx = x - points[2 * j];
      const dy = y - points[2 * j + 1];
      const near = 1 / (1 + dx * dx + dy * dy);
      const pull = row[j] * near;
      const push = near * near;
      total += near;
      pullX += pull * dx;
      pullY += pull * dy;
      pushX += push * dx;
      pushY += push * dy;
    }
    attraction.set([pullX, pullY], 2 * i);
    repulsion.set([pushX, pushY], 2 * i);
  }
  // A point is at distance 0 of itself, which is no pair.
  const pairs = total - samples;
  return attraction.map((pull, k) => 4 * (exaggeration * pull - repulsion[k] / pairs));
}

/** KL(P ‖ Q) of the affinities of the samples, P, and those of the points, Q. */
export function divergence(affinities: Float64Array, points: Float64Array): number {
  const samples = points.length / 2;
  const nearness = affinities.map((_, pair) => {
    const i = Math.floor(pair / samples);
    const j = pair % samples;
    const dx = points[2 * i] - points[2 * j];
    const dy = points[2 * i + 1] - points[2 * j + 1];
    return 1 / (1 + dx * dx + dy * dy);
  });
  const total = nearness.reduce((sum, near) => sum + near, -samples);
  // A pair without affinity adds nothing: p log p has the limit 0.
  return affinities.reduce(
    (sum, p, pair) => p === 0 ? sum : sum + p * Math.log(p * total / nearness[pair]),
    0,
  );
}

/** Points that move, with the velocity and the gain of each coordinate. */
interface Descent {
  readonly points: Float64Array;
  readonly velocity: Float64Array;
  readonly gains: Float64Array;
}

function startDescent(points: Float64Array): Descent {
  const { length } = points;
  return { points, velocity: new Float64Array(length), gains: new Float64Array(length).fill(1) };
}

/**
 * Moves the points against the gradient. A coordinate that goes on in its direction gains pace, one
 * that has to turn loses it.
 */
function descend(
  { points, velocity, gains }: Descent,
  slope: Float64Array,
  rate: number,
  momentum: number,
): void {
  for (let k = 0; k < points.length; k++) {
    const goesOn = velocity[k] * slope[k] < 0;
    gains[k] = Math.max(0.01, goesOn ? gains[k] + 0.2 : 0.8 * gains[k]);
    velocity[k] = momentum * velocity[k] - rate * gains[k] * slope[k];
    points[k] += velocity[k];
  }
}
