/** Checks of COCO's evaluation. */
import { assertEquals, assertLess } from "@std/assert";
import {
  type CocoInstances,
  type CocoStats,
  evaluateBoxes,
} from "../../lib/tasks/coco_evaluation.ts";
import type { CocoDetection } from "../../lib/tasks/coco_matching.ts";
import type { Check } from "./goldens.ts";

interface CocoFacts {
  readonly instances: CocoInstances;
  readonly results: readonly CocoDetection[];
  readonly stats: readonly number[];
  readonly stats_order: readonly (keyof CocoStats)[];
}

/** Checks of the cases `coco_eval_…`: the 12 numbers to 1e-9, the arrays as float32 holds them. */
export const cocoEvaluations: readonly Check<CocoFacts>[] = [
  [/coco_eval_/, (golden) => {
    const { instances, results, stats, stats_order } = golden.facts;
    const found = evaluateBoxes(instances, results);
    assertEquals<readonly string[]>(stats_order, Object.keys(found.stats));
    stats_order.forEach((name, i) => assertClose(found.stats[name], stats[i], 1e-9, name));
    for (const name of ["precision", "scores", "recall"] as const) {
      if (!golden.has(`out.${name}`)) continue;
      const { shape, data } = golden.tensor(`out.${name}`);
      assertEquals(shape.at(-3), found.categories.length);
      assertEquals(found[name].length, data.length, name);
      data.forEach((want, i) => assertClose(found[name][i], want, 1e-6, `${name}[${i}]`));
    }
  }],
];

function assertClose(got: number, want: number, within: number, what: string): void {
  assertLess(Math.abs(got - want), within, `${what} is ${got}, has to be ${want}`);
}
