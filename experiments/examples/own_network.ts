/**
 * A network of your own: an ordered record of named stages. Their names are the taps that methods
 * compare.
 *
 *     deno task describe experiments/examples/own_network.ts#tiny
 *     deno task exp experiments/examples/own_network.ts
 */
import { synthetic } from "../../datasets/synthetic.ts";
import {
  classifier,
  convNorm,
  dense,
  experiment,
  globalAveragePool,
  relu,
  scratch,
  seq,
  sgd,
  stage,
} from "../../mod.ts";

/** A network of two convolutions. */
export const tiny = classifier("tiny", {}, (classes) => ({
  stem: stage(convNorm(16), relu()),
  block1: stage(seq(convNorm(32, { stride: 2 })), relu()),
  pooled: stage(globalAveragePool()),
  logits: stage(dense(classes)),
}));

export default experiment(import.meta, {
  dataset: synthetic({ size: 16, train: 500, test: 200 }),
  student: tiny,
  distiller: scratch(),
  schedule: sgd({ epochs: 2, batch: 50, lr: 0.05 }),
});
