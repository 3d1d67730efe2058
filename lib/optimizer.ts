import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";
import type { Role } from "./distiller.ts";
import { Failure } from "./failure.ts";
import type { Schedule } from "./schedule.ts";
import { constant, type Motion, type Update, type Variable, type Variables } from "./variables.ts";

/** The gradients of a variable, one for each group of terms; undefined where none of the group reaches it. */
export type Gradients = readonly (Tensor | undefined)[];

/** The role of each term, by name. */
export type Roles = ReadonlyMap<string, Role | undefined>;

/** What becomes of gradients. */
export interface Optimizer {
  /** The names of the terms whose gradients it takes apart, group by group; absent: all terms are one group. */
  readonly groups?: (roles: Roles) => readonly (readonly string[])[];
  /** The update of one variable that some term reaches. */
  readonly update: (variable: Variable, gradients: Gradients, rate: Tensor) => Update;
}

/** SGD with momentum: makes a velocity, with DOT two, for each trainable variable, and updates one with its gradients. */
export function optimizer(schedule: Schedule, trainable: readonly Variable[], create: Variables): Optimizer {
  const { momentum, nesterov, dot } = schedule;
  const velocities = (scope: Variables) => new Map(trainable.map((variable) => [variable, still(variable, scope)]));
  const usual = velocities(create), others = dot === undefined ? usual : velocities(create.in("others"));
  return {
    groups: dot === undefined ? undefined : taskApart,
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

/** The terms of the task, and the others. Throws a `Failure` (exit 2) where no term is the task's. */
function taskApart(roles: Roles): readonly (readonly string[])[] {
  const names = [...roles.keys()];
  const task = names.filter((name) => roles.get(name) === "task");
  if (task.length > 0) return [task, names.filter((name) => roles.get(name) !== "task")];
  throw new Failure(
    2,
    `sgd: \`dot\` gives the task's terms a momentum of their own, and none of ${
      names.join(", ")
    } has the role "task": ` +
      'write `[weight, values, "task"]`, or leave `dot` out',
  );
}

/** The velocity of a variable at rest. */
function still({ name, shape }: Variable, create: Variables): Variable {
  return create.variable(name, shape, constant(0), { trainable: false });
}
