/** The terms and the gradient of a method on chosen logits, on tfjs's own backend. */
import * as tf from "@tensorflow/tfjs";
import {
  type Distiller,
  type HardLabels,
  type StepContext,
  type Teachers,
  type Views,
  withMemory,
} from "../../lib/experiment/distiller.ts";
import { logitsOutput, type Model, type Scorer } from "../../lib/nn/network.ts";
import { passes } from "../../lib/nn/pass.ts";
import { classificationLoss } from "../../lib/tasks/classification.ts";

/** Logits, [samples][classes]. */
export type Rows = readonly (readonly number[])[];

/** The inputs of a method. */
export interface LogitInputs {
  /** The student's logits. */
  readonly student: Rows;
  /** The logits of the teacher, or of each teacher. */
  readonly teacher: Rows | readonly Rows[];
  /** The class of each sample. */
  readonly label: readonly number[];
  /** Default: 1. */
  readonly epoch?: number;
  /** Mask of the samples that learn, at every spot. Default: all samples. */
  readonly mask?: readonly number[];
  /** The random numbers of every draw, whatever its shape. Default: none. */
  readonly drawn?: readonly number[];
  /** The logits of the view `strong`. */
  readonly strong?: { readonly student: Rows; readonly teacher: Rows };
}

/**
 * Computes a method's terms, each a weighted mean over the batch, and the gradient of their sum
 * with respect to the student's logits.
 */
export async function measured<T extends Teachers>(
  distiller: Distiller<Scorer, T, HardLabels & Views<"strong">>,
  given: LogitInputs,
): Promise<{ terms: Record<string, number>; gradient: readonly number[] }> {
  await tf.setBackend("cpu");
  const { student, teacher, label, epoch = 1, mask, drawn = [], strong } = given;
  const { live, frozen } = passes();
  const matrix = (rows: Rows) => tf.tensor2d(rows.map((row) => [...row]));
  const several = Array.isArray(teacher[0][0]) ? teacher as readonly Rows[] : undefined;
  const model = (rows?: Rows) =>
    ({ run: () => logitsOutput(matrix(rows!)) }) as unknown as Model<Scorer>;
  return tf.tidy(() => {
    const means: Record<string, number> = {};
    const loss = distiller.build(
      {
        student: model(strong?.student),
        teacher: several ? several.map(() => model()) : model(strong?.teacher),
        dataset: { size: label.length, classes: student[0].length, labels: Int32Array.from(label) },
      } as unknown as Parameters<typeof distiller.build>[0],
    );
    const objective = (logits: tf.Tensor): tf.Scalar => {
      const labels = tf.tensor1d([...label], "int32");
      const { terms } = withMemory(loss(
        {
          student: logitsOutput(logits),
          teacher: several
            ? several.map((rows) => logitsOutput(matrix(rows)))
            : logitsOutput(matrix(teacher as Rows)),
          label: labels,
          views: { strong: tf.zeros([label.length]) },
          epoch: tf.scalar(epoch),
          random: { uniform: () => tf.tensor1d([...drawn]) },
          live,
          frozen,
          task: classificationLoss([[labels, 1]]),
          mask: () => mask && tf.tensor1d([...mask]),
        } as unknown as StepContext<Scorer, T> & HardLabels & Views<"strong">,
      ));
      return tf.addN(
        Object.entries(terms).map(([name, [weight, values]]) => {
          const mean = tf.mul(tf.mean(values), weight);
          [means[name]] = mean.dataSync();
          return mean;
        }),
      ) as tf.Scalar;
    };
    const gradient = tf.grad(objective)(matrix(student));
    return { terms: means, gradient: [...gradient.dataSync()] };
  });
}
