import * as tf from "@tensorflow/tfjs";
import "../kernels/gradients.ts";
import type { Tensor } from "../kernels/tensor.ts";
import {
  type CompiledStep,
  type Engine,
  mapNested,
  type Nested,
  type StepFunction,
  type Ungrouped,
  type Values,
} from "./engine.ts";
import type { Input, Inputs } from "../values/input.ts";
import { pure } from "../nn/pure.ts";
import { withBackend } from "../tensorflow/backend.ts";
import type { Update, Variable } from "../nn/variables.ts";

/**
 * The engine that runs each step op by op on a backend of tfjs. It is the reference for compiled
 * steps, and the only engine for tfjs's own `cpu` backend.
 */
export class EagerEngine implements Engine {
  readonly #values = new Map<Variable, Tensor>();
  readonly #backend: string;

  /** Default: the current backend. */
  constructor(backend: string = tf.getBackend()) {
    this.#backend = backend;
  }

  /** Returns a step as a function of a batch. The step function runs at every call. */
  compile<I extends string, V extends Nested<Tensor> = Ungrouped>(
    step: StepFunction<I, V>,
  ): CompiledStep<I, V> {
    const run = (inputs: Inputs<I>): Values<V> => {
      const engine = tf.engine();
      engine.startScope();
      try {
        const tensors = this.#makeTensors(inputs);
        const outcome = pure("step", () => step(tensors));
        this.#apply(outcome.updates);
        const values = mapNested(
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
      // Lets signals through between two steps. Otherwise nobody could interrupt.
      await new Promise((resolve) => setTimeout(resolve));
      // Synchronous, because a tfjs scope owns every tensor that is made while it is open, whoever
      // makes it.
      return withBackend(this.#backend, () => run(inputs));
    };
  }

  /** Stores variables as tensors. */
  hold(variables: readonly Variable[], values?: ReadonlyMap<string, Float32Array>): Promise<void> {
    const tensorOf = ({ name, shape, initial }: Variable) =>
      tf.tensor(values?.get(name) ?? initial(), [...shape], "float32");
    for (const variable of variables) {
      this.#set(variable, withBackend(this.#backend, () => tensorOf(variable)));
      variable.bind(() => this.#values.get(variable)!);
    }
    return Promise.resolve();
  }

  /** Reads the current values of variables. */
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

  #makeTensors<I extends string>(inputs: Inputs<I>): Record<I, Tensor> {
    const entries = Object.entries<Input>(inputs).map(([name, { shape, data }]) => {
      const dtype = data instanceof Int32Array ? "int32" : "float32";
      return [
        name,
        tf.tensor(data instanceof Uint8Array ? Float32Array.from(data) : data, [...shape], dtype),
      ];
    });
    return Object.fromEntries(entries);
  }

  #set(variable: Variable, value: Tensor): void {
    this.#values.get(variable)?.dispose();
    this.#values.set(variable, tf.keep(value));
  }

  /** Applies a step's updates in order. The step has already computed their inputs. */
  #apply(updates: readonly Update[]): void {
    for (const update of updates) {
      if (update.kind === "assign") {
        this.#set(update.variable, update.value);
        continue;
      }
      const { variable } = update;
      if (update.kind === "average") {
        const change = tf.mul(tf.sub(variable.value, update.of.value), 1 - update.decay);
        this.#set(variable, tf.sub(variable.value, change));
        continue;
      }
      if (update.kind === "adam") {
        this.#applyAdam(update);
        continue;
      }
      const { velocity, gradient, momentum, rate, nesterov } = update;
      const next = tf.add(tf.mul(velocity.value, momentum), gradient);
      const direction = nesterov ? tf.add(gradient, tf.mul(next, momentum)) : next;
      this.#set(variable, tf.sub(variable.value, tf.mul(direction, rate)));
      this.#set(velocity, next);
    }
  }

  #applyAdam(
    { variable, mean, square, gradient, betas, rate, epsilon }: Update & { kind: "adam" },
  ): void {
    const moved = ({ value }: Variable, target: Tensor, share: number) =>
      tf.add(value, tf.mul(tf.sub(target, value), 1 - share));
    const nextMean = moved(mean, gradient, betas[0]);
    const nextSquare = moved(square, tf.square(gradient), betas[1]);
    const direction = tf.div(nextMean, tf.add(tf.sqrt(nextSquare), epsilon));
    this.#set(variable, tf.sub(variable.value, tf.mul(direction, rate)));
    this.#set(mean, nextMean);
    this.#set(square, nextSquare);
  }
}
