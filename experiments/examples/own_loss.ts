/**
 * A loss of your own in `tf`: TensorFlow.js, `@tensorflow/tfjs`, in the version that Retort has.
 * The step is traced once, so what it computes has to be made of `tf`'s functions. Each term and
 * each report is one number per sample, [batch]: the log of an epoch has the mean of each.
 * `checkRanges` refuses options that make no sense before anything trains. `take` trains on that
 * many images, equally many of each class.
 *
 *     deno task exp experiments/examples/own_loss.ts
 */
import * as tf from "@tensorflow/tfjs";
import { synthetic } from "../../datasets/synthetic.ts";
import {
  above,
  atLeast,
  checkRanges,
  type Distiller,
  experiment,
  from,
  resnet20,
  resnet8,
  type Scorer,
  scratch,
  sgd,
  softmax,
} from "../../mod.ts";

/** Matches the student's softened probabilities to the teacher's, by their squared distance. */
function brier({ temperature = 2, weight = 1 } = {}): Distiller<Scorer, Scorer> {
  return {
    id: "brier",
    options: checkRanges("brier", { temperature, weight }, {
      temperature: above(0),
      weight: atLeast(0),
    }),
    build: () => ({ student, teacher, task }) => {
      const s = softmax(student.taps.logits, temperature);
      const t = softmax(teacher.taps.logits, temperature);
      return {
        terms: {
          task: [1, task(student), "task"],
          brier: [weight, tf.sum(tf.squaredDifference(s, t), -1)],
        },
        writes: [],
        reports: { confidence: tf.max(s, -1) },
      };
    },
  };
}

const dataset = synthetic({ size: 16, train: 500, test: 200, take: 250 });
const schedule = sgd({ epochs: 2, batch: 50, lr: 0.05 });

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
  distiller: brier(),
});
