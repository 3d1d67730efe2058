/**
 * A method of your own: two closures. `build` makes the variables, once. It returns the loss, which
 * is traced once and returns named terms, each a weight and one number per sample. The method's
 * type states its needs: here a tap `block3` of both networks and the student's logits. There is no
 * registry of methods.
 *
 *     deno task exp experiments/examples/own_method.ts
 */
import { synthetic } from "../../datasets/synthetic.ts";
import {
  conv,
  type Distiller,
  experiment,
  from,
  mse,
  type Net,
  resnet20,
  resnet8,
  scratch,
  sgd,
} from "../../mod.ts";

/** Matches the student's last map, after a 1×1 convolution, to the teacher's. */
function match(weight = 1): Distiller<Net<"block3" | "logits">, Net<"block3">> {
  return {
    id: "match",
    options: { weight },
    build({ create, student, teacher }) {
      const adapt = create(conv(teacher.shapes.block3[2], { kernel: 1 }), student.shapes.block3);
      return ({ student, teacher, task, live }) => ({
        task: [1, task(student), "task"],
        map: [weight, mse(adapt(student.taps.block3, live), teacher.taps.block3)],
      });
    },
  };
}

const dataset = synthetic({ size: 16, train: 500, test: 200 });
const schedule = sgd({ epochs: 2, batch: 50, lr: 0.05, drops: { at: [1], by: 0.1 } });

export const teacher = experiment(import.meta, {
  dataset,
  schedule,
  student: resnet20,
  distiller: scratch(),
});

export const student = experiment(import.meta, {
  dataset,
  schedule,
  teacher: from(teacher),
  student: resnet8,
  distiller: match(0.5),
});
