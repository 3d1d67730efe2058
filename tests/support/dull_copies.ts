import type { Distiller } from "../../lib/experiment/distiller.ts";
import { dense, globalAveragePool } from "../../lib/nn/layers.ts";
import { classifier, type Scorer } from "../../lib/nn/network.ts";
import { stage } from "../../lib/nn/stage.ts";

/** A network for images of any size, with few weights. */
const dull = classifier("dull", {}, (classes) => ({
  pooled: stage(globalAveragePool()),
  logits: stage(dense(classes)),
}));

/**
 * Makes a method copy a dull network instead of its teacher. A teacher made by `given`, whose
 * outputs are variables, cannot be copied.
 */
export function dullCopies(distiller: Distiller<Scorer, Scorer>): Distiller<Scorer, Scorer> {
  return {
    ...distiller,
    build: (context) =>
      distiller.build({ ...context, teacher: { ...context.teacher, recipe: dull } }),
  };
}
