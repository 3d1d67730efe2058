import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";
import type { Schedule } from "./schedule.ts";
import { constant, type Motion, type Update, type Variable, type Variables } from "./variables.ts";

/** The gradients of a variable, one for each group of terms; undefined where none of the group reaches it. */
export type Gradients = readonly (Tensor | undefined)[];

/** What becomes of gradients. */
export interface Optimizer {
  /** The groups of terms whose gradients it takes apart, from the terms' names; absent: all are one group. */
  readonly groups?: (terms: readonly string[]) => readonly (readonly string[])[];
  /** The update of one variable that some term reaches. */
  readonly update: (variable: Variable, gradients: Gradients, rate: Tensor) => Update;
}

/** SGD with momentum: makes a velocity, with DOT two, for each trainable variable, and updates one with its gradients. */
export function optimizer(schedule: Schedule, trainable: readonly Variable[], create: Variables): Optimizer {
  const { momentum, nesterov, dot } = schedule;
  const velocities = (scope: Variables) => new Map(trainable.map((variable) => [variable, still(variable, scope)]));
  const usual = velocities(create), others = dot === undefined ? usual : velocities(create.in("others"));
  const isTask = (term: string) => /(^|_)task$/.test(term);
  return {
    groups: dot === undefined ? undefined : (terms) => [terms.filter(isTask), terms.filter((term) => !isTask(term))],
    update(variable, [gradient, other], rate) {
      const { lr = 1, weightDecay = schedule.weightDecay } = variable.pace;
      const decayed = (gradient: Tensor) =>
        weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(variable.value, weightDecay));
      const motion = (velocities: typeof usual, gradient: Tensor, change = 0): Motion => ({
        velocity: velocities.get(variable)!,
        gradient,
        momentum: momentum + change,
      });
      return {
        kind: "momentum",
        variable,
        motions: gradient && other && dot !== undefined
          ? [motion(usual, decayed(gradient), -dot), motion(others, other, dot)]
          : [motion(usual, decayed((gradient ?? other)!))],
        rate: lr === 1 ? rate : tf.mul(rate, lr),
        nesterov,
      };
    },
  };
}

/** The velocity of a variable at rest. */
function still({ name, shape }: Variable, create: Variables): Variable {
  return create.variable(name, shape, constant(0), { trainable: false });
}
