import { Failure } from "../values/failure.ts";
import type { Json } from "../values/json.ts";
import { above, atLeast, between, checkRange, type Range, whole } from "../values/range.ts";

/** How the learning rate changes while a student trains. */
export interface Rate {
  /** `steps`, `stepsByIteration` or `cosine`. */
  readonly id: string;
  /** All options that determine it. Part of the declaration. */
  readonly options: Json;
  /**
   * The learning rate after `passed` of `epochs` epochs, if the schedule declares `lr`. Within an
   * epoch `passed` has a fraction. `iteration` is the number of steps before, of the `iterations`
   * that the schedule declares: in proportion, in a quick run that has fewer.
   */
  at(
    passed: number,
    training: { readonly epochs: number; readonly lr: number; readonly iteration: number },
  ): number;
  /**
   * The same rate for a training of `epochs` instead of `declared` epochs, with all points in
   * epochs moved in proportion.
   */
  over(epochs: number, declared: number): Rate;
  /**
   * Checks the points and the rates against the training that declares them. Throws a `Failure`
   * (exit 2) if one is out of its range. Default: nothing to check.
   */
  check?(
    training: { readonly epochs: number; readonly lr: number; readonly iterations?: number },
  ): void;
}

/** Options of every rate. */
export interface RateOptions {
  /** Whether the rate changes between epochs only, or with every step. Default: `epoch`. */
  readonly every?: "epoch" | "step";
  /** A linear rise to the schedule's rate, as in timm. Default: none. */
  readonly warmup?: Warmup;
  /**
   * Whether each epoch has the rate of the epoch before it, and the first two both have that of the
   * first. DeiT's code does so: after an epoch it sets the rate for that epoch's own number. Only
   * for a rate that changes between epochs. Default: `false`.
   */
  readonly late?: boolean;
}

/** A linear rise of the learning rate. */
export interface Warmup {
  /** Its length. With `every: "step"` it may be a fraction. */
  readonly epochs: number;
  /** Learning rate of the first epoch or, with `every: "step"`, of the first step. */
  readonly from: number;
  /**
   * Whether the rate that follows begins at the end of the warm-up, and its points count from there.
   * Without it, a cosine continues as if it had begun at the first step. Default: `false`.
   */
  readonly prefix?: boolean;
}

/** Options of `steps`. */
export interface StepsOptions extends RateOptions {
  /**
   * The epochs after which the rate drops. With `every: "step"`, fractions are points within an
   * epoch.
   */
  readonly at: readonly number[];
  /** The factor of each drop. */
  readonly by: number;
}

/** Options of `stepsByIteration`. */
export interface StepsByIterationOptions {
  /** The iterations after which the rate drops. */
  readonly at: readonly number[];
  /** The factor of each drop. */
  readonly by: number;
  /** A linear rise to the schedule's rate. Default: none. */
  readonly warmup?: IterationWarmup;
}

/**
 * A linear rise of the learning rate r from a part of it: after i of its n iterations, the rate is
 * r · (factor · (1 − i / n) + i / n).
 */
export interface IterationWarmup {
  /** Its length. */
  readonly iterations: number;
  /** The factor of the first iteration. */
  readonly factor: number;
}

/** Options of `cosine`. */
export interface CosineOptions extends RateOptions {
  /** The learning rate at the end. Default: 0. */
  readonly minimum?: number;
}

/**
 * Makes a rate that drops at milestones: PyTorch's `MultiStepLR`. Its options are checked where a
 * schedule declares it.
 */
export function steps(options: StepsOptions): Rate {
  return stepsOf("steps", options);
}

/** `steps`, in whose failures `owner` stands before an option. */
export function stepsOf(owner: string, { at, by, ...timing }: StepsOptions): Rate {
  const pointAt = pointOf({ ...timing, late: false });
  return withTiming("steps", { at, by }, timing, {
    rate: (passed, { lr }) =>
      lr * by ** at.filter((milestone) => pointAt(milestone) <= passed).length,
    over: (move, timing) => stepsOf(owner, { at: at.map(move), by, ...timing }),
    check({ epochs }) {
      for (const point of at) checkRange(owner, "at", point, pointWithin(epochs, timing));
      checkRange(owner, "by", by, above(0));
    },
  });
}

/**
 * Makes a rate that drops at milestones, counted in iterations, after a warm-up: detectron2's
 * `WarmupMultiStepLR`. The schedule has to declare `iterations`. Its options are checked there.
 *
 * @example
 * ```ts
 * import { sgd, stepsByIteration } from "@retort/retort";
 *
 * const warmup = { iterations: 1000, factor: 1 / 1000 };
 * const rate = stepsByIteration({ at: [60_000, 80_000], by: 0.1, warmup });
 * const length = { epochs: 13, iterations: 90_000, batch: 16 };
 * export const schedule = sgd({ ...length, lr: 0.02, rate, weightDecay: 1e-4 });
 * ```
 */
export function stepsByIteration({ at, by, warmup }: StepsByIterationOptions): Rate {
  const owner = "stepsByIteration";
  const rate: Rate = {
    id: owner,
    options: { at, by, ...warmup && { warmup: { ...warmup } } },
    at(_, { lr, iteration }) {
      const dropped = lr * by ** at.filter((milestone) => milestone <= iteration).length;
      if (!warmup || iteration >= warmup.iterations) return dropped;
      const share = iteration / warmup.iterations;
      return dropped * (warmup.factor * (1 - share) + share);
    },
    over: () => rate,
    check({ iterations }) {
      if (iterations === undefined) {
        throw new Failure(2, `${owner}: it needs the schedule's \`iterations\`: declare them`);
      }
      for (const point of at) checkRange(owner, "at", point, iterationBelow(iterations));
      checkRange(owner, "by", by, above(0));
      checkRange(owner, "warmup.iterations", warmup?.iterations, iterationBelow(iterations));
      checkRange(owner, "warmup.factor", warmup?.factor, between(0, 1));
    },
  };
  return rate;
}

/** The points inside a training of so many iterations at which a rate can change. */
function iterationBelow(iterations: number): Range {
  return {
    words: `${whole().words}, and below ${iterations}, the schedule's iterations`,
    has: (value) => whole().has(value) && value < iterations,
  };
}

/**
 * Makes a rate that falls along half a cosine: PyTorch's `CosineAnnealingLR`. Its options are checked
 * where a schedule declares it.
 *
 * @example
 * ```ts
 * import { cosine, sgd } from "@retort/retort";
 *
 * const rate = cosine({ every: "step", warmup: { epochs: 5, from: 1e-6 } });
 * export const schedule = sgd({ epochs: 100, batch: 128, lr: 0.1, rate });
 * ```
 */
export function cosine({ minimum = 0, ...timing }: CosineOptions = {}): Rate {
  return withTiming("cosine", { minimum }, timing, {
    rate: (passed, { epochs, lr }) =>
      minimum + (lr - minimum) * (1 + Math.cos(Math.PI * Math.min(passed / epochs, 1))) / 2,
    over: (_, timing) => cosine({ minimum, ...timing }),
    check: ({ lr }) => checkRange("cosine", "minimum", minimum, between(0, lr)),
  });
}

/** A rate without its timing. */
interface Curve {
  readonly rate: Rate["at"];
  /** The same rate with each of its points, in epochs, moved. */
  readonly over: (move: (point: number) => number, timing: RateOptions) => Rate;
  /** Checks its options against the training that declares them. */
  readonly check: NonNullable<Rate["check"]>;
}

function withTiming(
  id: string,
  options: { readonly [name: string]: Json },
  timing: RateOptions,
  curve: Curve,
): Rate {
  const { every, warmup, late } = timing;
  const pointAt = pointOf(timing);
  const before = warmup?.prefix ? warmup.epochs : 0;
  return {
    id,
    options: {
      ...options,
      ...every === "step" && { every },
      ...warmup && { warmup: declareWarmup(warmup) },
      ...late && { late },
    },
    at(passed, training) {
      const point = pointAt(passed);
      const { epochs, lr } = training;
      if (warmup && point < warmup.epochs) {
        return warmup.from + point * (lr - warmup.from) / warmup.epochs;
      }
      return curve.rate(point - before, { ...training, epochs: epochs - before });
    },
    over(epochs, declared) {
      const move = (point: number) => {
        const exact = point * epochs / declared;
        return every === "step" ? exact : Math.round(exact);
      };
      return curve.over(move, {
        ...timing,
        ...warmup && { warmup: { ...warmup, epochs: move(warmup.epochs) } },
      });
    },
    check(training) {
      const { epochs, lr } = training;
      if (late && every === "step") {
        throw new Failure(
          2,
          `${id}: \`late\` is of rates that change between epochs only: leave \`every\` out`,
        );
      }
      if (warmup) {
        const length = every === "step" ? atLeast(0) : whole(0);
        checkRange(id, "warmup.epochs", warmup.epochs, {
          words: `${length.words}, and at most ${epochs}, the schedule's epochs`,
          has: (value) => length.has(value) && value <= epochs,
        });
        checkRange(id, "warmup.from", warmup.from, between(0, lr));
      }
      // The points of the curve may count from the end of the warm-up.
      curve.check({ ...training, epochs: epochs - before });
    },
  };
}

function declareWarmup({ epochs, from, prefix }: Warmup): Json {
  return { epochs, from, ...prefix && { prefix } };
}

/** The points inside a training at which a rate can change: the ends of its epochs, or of steps. */
function pointWithin(epochs: number, { every, warmup }: RateOptions): Range {
  const kind = every === "step" ? above(0) : whole(1);
  const after = warmup?.prefix ? " after the warm-up" : "";
  return {
    words: `${kind.words}, and below ${epochs}, the schedule's epochs${after}`,
    has: (value) => kind.has(value) && value < epochs,
  };
}

/**
 * Maps a point of a training to the one whose rate applies: the start of its epoch or of the epoch
 * before it, or itself.
 */
function pointOf({ every, late }: RateOptions): (passed: number) => number {
  if (every === "step") return (passed) => passed;
  return late ? (passed) => Math.max(0, Math.floor(passed) - 1) : Math.floor;
}
