import { type LastAndBest, primaryOf } from "../../lib/project/metric.ts";
import type { Trial } from "../../lib/project/result.ts";
import { classification } from "../../lib/tasks/classification.ts";

/** The primary measure of a trial of classification, in percent. */
export function accuracyOf({ metric }: Trial): LastAndBest {
  return primaryOf(metric, classification);
}

/** Makes a trial with `top1` after the last epoch and half a point more at the best one. */
export function trial(seed: number, top1: number, other: Partial<Trial> = {}): Trial {
  return {
    seed,
    declaration: "a".repeat(64),
    epochs: 2,
    metric: { top1: { last: top1, best: top1 + 0.5 }, top5: { last: top1 + 10, best: top1 + 11 } },
    bestEpoch: 1,
    teachers: [],
    precision: "float32",
    backend: "tensorflow",
    tensorflow: "2.21.0",
    holdout: null,
    seconds: 1.5,
    commit: "0123456789abcdef",
    quick: false,
    ...other,
  };
}
