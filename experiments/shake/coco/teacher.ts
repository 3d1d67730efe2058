/** The teacher on ResNet-101, in detectron2's 3× schedule, whose own has an AP of 42.0. */
import { experiment, scratch, sgd, stepsByIteration } from "../../../mod.ts";
import { master, setup } from "./setup.ts";

export default experiment(import.meta, {
  ...setup,
  schedule: sgd({
    epochs: 37,
    iterations: 270_000,
    batch: 16,
    lr: 0.02,
    weightDecay: 1e-4,
    rate: stepsByIteration({
      at: [210_000, 250_000],
      by: 0.1,
      warmup: { iterations: 1000, factor: 1 / 1000 },
    }),
  }),
  student: master,
  distiller: scratch(),
});
