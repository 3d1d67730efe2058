/**
 * A sweep: it finds the best settings of a method on the hold-out of the data set. A setting has a
 * list of values or a range for random values.
 *
 *     deno task sweep experiments/examples/sweep.ts
 */
import { synthetic } from "../../datasets/synthetic.ts";
import { experiment, from, kd, resnet20, resnet8, scratch, sgd, sweep } from "../../mod.ts";

const dataset = synthetic({ size: 16, train: 500, test: 200, holdout: 100 });
const schedule = sgd({ epochs: 2, batch: 50, lr: 0.05 });

export const teacher = experiment(import.meta, {
  dataset,
  schedule,
  student: resnet20,
  distiller: scratch(),
});

export default sweep({
  space: { temperature: [2, 4, 8], ce: { from: 0.05, to: 1, scale: "log" } },
  method: { random: 3 },
  make: ({ temperature, ce }) =>
    experiment(import.meta, {
      dataset,
      schedule,
      teacher: from(teacher),
      student: resnet8,
      distiller: kd({ temperature, ce }),
    }),
});
