import type { Update, Variable, Variables } from "../nn/variables.ts";

/** An exponential moving average of a network's variables. */
export interface Average {
  /** The share that stays at each update; see `AroundUpdate.ema`. */
  readonly decay: number;
  /** The average of each variable that can change. */
  readonly of: ReadonlyMap<Variable, Variable>;
}

/** Makes an average of those of the variables that can change, at their initial values. */
export function average(
  decay: number,
  variables: readonly Variable[],
  create: Variables,
): Average {
  const changing = variables.filter(({ fixed }) => !fixed);
  const follow = (one: Variable) =>
    create.variable(one.name, one.shape, () => one.initial(), { trainable: false });
  return { decay, of: new Map(changing.map((variable) => [variable, follow(variable)])) };
}

/** The updates of an average, to make after all those of its variables. */
export function averageUpdates({ decay, of }: Average): Update[] {
  return Array.from(of, ([of, variable]) => ({ kind: "average", variable, of, decay }));
}
