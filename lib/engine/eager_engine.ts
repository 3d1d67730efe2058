import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../kernels/tensor.ts";
import {
  type Engine,
  type Nested,
  replaceEach,
  type Runnable,
  type Traced,
  type Ungrouped,
  type Values,
} from "./engine.ts";
import type { Input, Inputs } from "../values/input.ts";
import type { Update, Variable } from "../nn/variables.ts";

/**
 * The engine that runs each step op by op on tfjs's current backend: the reference that compiled
 * steps are held to, and the only one that tfjs's own `cpu` backend has.
 */
export class EagerEngine implements Engine {
  readonly #values = new Map<Variable, Tensor>();

  /** Makes a step a function of a batch: the step function runs at every call. */
  compile<I extends string, V extends Nested<Tensor> = Ungrouped>(
    traced: Traced<I, V>,
  ): Runnable<I, V> {
    const run = (inputs: Inputs<I>): Values<V> => {
      const engine = tf.engine();
      engine.startScope();
      try {
        const outcome = traced(this.#tensors(inputs));
        this.#apply(outcome.updates);
        const values = replaceEach(
          outcome.values,
          (value: Tensor) => Float32Array.from(value.dataSync()),
        );
        tf.dispose(outcome.values);
        return values;
      } finally {
        engine.endScope();
      }
    };
    return async (inputs) => {
      // Signals get their turn between two steps, else nobody could interrupt.
      await new Promise((resolve) => setTimeout(resolve));
      // In one go: what is made between the two ends of a tfjs scope belongs to it, whoever makes
      // it.
      return run(inputs);
    };
  }

  /** Takes variables in as tensors. */
  hold(variables: readonly Variable[], values?: ReadonlyMap<string, Float32Array>): Promise<void> {
    for (const variable of variables) {
      this.#set(
        variable,
        tf.tensor(values?.get(variable.name) ?? variable.initial(), [...variable.shape], "float32"),
      );
      variable.bind(() => this.#values.get(variable)!);
    }
    return Promise.resolve();
  }

  /** The present values of variables. */
  async read(variables: readonly Variable[]): Promise<Float32Array[]> {
    return await Promise.all(
      variables.map(async (variable) => Float32Array.from(await variable.value.data())),
    );
  }

  /** Releases the variables. */
  close(): void {
    for (const [variable, value] of this.#values) {
      value.dispose();
      variable.bind(undefined);
    }
    this.#values.clear();
  }

  #tensors<I extends string>(inputs: Inputs<I>): Record<I, Tensor> {
    const made = Object.entries<Input>(inputs).map(([name, { shape, data }]) => {
      const dtype = data instanceof Int32Array ? "int32" : "float32";
      return [
        name,
        tf.tensor(data instanceof Uint8Array ? Float32Array.from(data) : data, [...shape], dtype),
      ];
    });
    return Object.fromEntries(made);
  }

  #set(variable: Variable, value: Tensor): void {
    this.#values.get(variable)?.dispose();
    this.#values.set(variable, tf.keep(value));
  }

  /** Makes a step's changes in turn; what they need of the step has been computed. */
  #apply(updates: readonly Update[]): void {
    for (const update of updates) {
      if (update.kind === "assign") {
        this.#set(update.variable, update.value);
        continue;
      }
      const { variable, velocity, gradient, momentum, rate, nesterov } = update;
      const next = tf.add(tf.mul(velocity.value, momentum), gradient);
      const way = nesterov ? tf.add(gradient, tf.mul(next, momentum)) : next;
      this.#set(variable, tf.sub(variable.value, tf.mul(way, rate)));
      this.#set(velocity, next);
    }
  }
}
