import type { Json } from "../values/json.ts";

/** How the learning rate changes while a student trains. */
export interface Rate {
  /** `steps` or `cosine`. */
  readonly id: string;
  /** Everything that makes it what it is; part of the declaration. */
  readonly options: Json;
  /**
   * The learning rate after `passed` epochs, a fraction within one, of so many, where the schedule
   * declares `lr`.
   */
  at(passed: number, training: { readonly epochs: number; readonly lr: number }): number;
  /**
   * The same for a training of `epochs` in place of `declared` ones, everything moved in
   * proportion.
   */
  over(epochs: number, declared: number): Rate;
}

/** What every rate can be asked for. */
export interface RateOptions {
  /** Whether the rate changes between epochs only, or with every step. Default: `epoch`. */
  readonly every?: "epoch" | "step";
  /**
   * A linear rise to the schedule's rate, as timm has it: the rate below it is not shifted, so a
   * cosine goes on as though it had begun at the first step. Default: none.
   */
  readonly warmup?: Warmup;
}

/** A linear rise of the rate. */
export interface Warmup {
  /** Its length; with `every: "step"` it may be a fraction. */
  readonly epochs: number;
  /** Learning rate of the first epoch or, with `every: "step"`, of the first step. */
  readonly from: number;
}

/** What `steps` can be asked for. */
export interface StepsOptions extends RateOptions {
  /**
   * The epochs after which the rate drops; with `every: "step"` fractions are points within an
   * epoch.
   */
  readonly at: readonly number[];
  /** The factor of each drop. */
  readonly by: number;
}

/** What `cosine` can be asked for. */
export interface CosineOptions extends RateOptions {
  /** The rate at the end. Default: 0. */
  readonly minimum?: number;
}

/** The rate that drops at milestones, PyTorch's `MultiStepLR`. */
export function steps({ at, by, ...pace }: StepsOptions): Rate {
  const reached = pointOf(pace);
  return paced("steps", { at, by }, pace, {
    rate: (passed, { lr }) =>
      lr * by ** at.filter((milestone) => reached(milestone) <= passed).length,
    over: (moved, pace) => steps({ at: at.map(moved), by, ...pace }),
  });
}

/** The rate that falls along half a cosine, PyTorch's `CosineAnnealingLR`. */
export function cosine({ minimum = 0, ...pace }: CosineOptions = {}): Rate {
  return paced("cosine", { minimum }, pace, {
    rate: (passed, { epochs, lr }) =>
      minimum + (lr - minimum) * (1 + Math.cos(Math.PI * passed / epochs)) / 2,
    over: (_, pace) => cosine({ minimum, ...pace }),
  });
}

/** A rate without its pace and its warm-up. */
interface Course {
  readonly rate: Rate["at"];
  /** The same where each point, in epochs, has moved. */
  readonly over: (moved: (point: number) => number, pace: RateOptions) => Rate;
}

function paced(
  id: string,
  options: { readonly [name: string]: Json },
  pace: RateOptions,
  course: Course,
): Rate {
  const { every, warmup } = pace;
  const reached = pointOf(pace);
  return {
    id,
    options: {
      ...options,
      ...every === "step" && { every },
      ...warmup && { warmup: { epochs: warmup.epochs, from: warmup.from } },
    },
    at(passed, training) {
      const point = reached(passed);
      if (!warmup || point >= warmup.epochs) return course.rate(point, training);
      return warmup.from + point * (training.lr - warmup.from) / warmup.epochs;
    },
    over(epochs, declared) {
      const moved = (point: number) => {
        const exact = point * epochs / declared;
        return every === "step" ? exact : Math.round(exact);
      };
      return course.over(moved, {
        ...pace,
        ...warmup && { warmup: { ...warmup, epochs: moved(warmup.epochs) } },
      });
    },
  };
}

/**
 * The point of a training at which a rate stands still until the next: the beginning of the epoch,
 * or each.
 */
function pointOf({ every }: RateOptions): (passed: number) => number {
  return every === "step" ? (passed) => passed : Math.floor;
}
