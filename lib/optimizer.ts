import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";
import type { Schedule } from "./schedule.ts";
import { constant, type Update, type Variable, type Variables } from "./variables.ts";

/** The update of one variable. */
export type Optimizer = (variable: Variable, gradient: Tensor, rate: Tensor) => Update;

/** SGD with momentum: makes a velocity for each trainable variable, and updates one with its gradient. */
export function optimizer(schedule: Schedule, trainable: readonly Variable[], create: Variables): Optimizer {
  const velocities = new Map(
    trainable.map((variable) => [
      variable,
      create.variable(variable.name, variable.shape, constant(0), { trainable: false }),
    ]),
  );
  return (variable, gradient, rate) => {
    const { lr = 1, weightDecay = schedule.weightDecay } = variable.pace;
    return {
      kind: "momentum",
      variable,
      velocity: velocities.get(variable)!,
      gradient: weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(variable.value, weightDecay)),
      rate: lr === 1 ? rate : tf.mul(rate, lr),
      momentum: schedule.momentum,
    };
  };
}
