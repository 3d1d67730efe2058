/**
 * Runs a user's function so that what it draws or makes by the way is an error: a step is traced
 * once, and would repeat it.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { Failure, messageOf } from "../values/failure.ts";
import { isPackageFile } from "../values/package_file.ts";
import type { Tape } from "../kernels/custom_gradient.ts";
import type { Tensor } from "../kernels/tensor.ts";

/** What a user's function is for, and what it should use in place of JavaScript's random numbers. */
export type Use = "step" | "build" | "initialiser";

const INSTEAD: Readonly<Record<Use, string>> = {
  step:
    "would give every step the same numbers, because a step is recorded once: draw them from the " +
    "loss's `random`, as in ({ random }) => random.normal(shape), in a layer from `pass.random`",
  build:
    "would give each run other numbers, whatever its seed: draw them in an initialiser, as in " +
    'create.memory("noise", shape, normal(1))',
  initialiser:
    "would give each run other numbers, whatever its seed: draw them from the initialiser's second " +
    "argument, as in (size, random) => Float32Array.from({ length: size }, () => random.normal())",
};

/** What to use in place of a clock. */
const CLOCK = "a step is recorded, so use the loss's `epoch` or `step`";

/** The ops of tfjs that draw numbers. */
const RANDOM = new Set([
  "dropout",
  "multinomial",
  "rand",
  "randomGamma",
  "randomNormal",
  "randomStandardNormal",
  "randomUniform",
  "randomUniformInt",
  "truncatedNormal",
]);

/** What to write in place of ops of tfjs that have a wrong gradient. */
const RIGHT: Readonly<Record<string, string>> = {
  softmaxCrossEntropy:
    "tf.losses.softmaxCrossEntropy has a wrong gradient where its labels learn: use " +
    "crossEntropy(logits, target)",
};

/** What to write in place of kernels that have no gradient. */
const DIFFERENTIABLE: Readonly<Record<string, string>> = {
  Cumprod: "use tf.exp(tf.cumsum(tf.log(x)))",
  StridedSlice: "use tf.slice or tf.gather",
};

/** The members of tfjs's engine that see every op. */
interface Ops extends Tape {
  startScope(name?: string): void;
  makeVariable(...values: unknown[]): Tensor;
}

/**
 * Runs a function of the user's that must do the same in each run of a seed: random numbers that
 * are not the run's, `Date.now`, `new Date()` and `performance.now`, variables that nothing trains
 * and ops without a gradient throw a `Failure` (exit 2) that names the line of the user's file. So
 * does any other error on such a line. An op whose results are whole numbers or truth values, such
 * as a comparison, is a constant for the gradient.
 */
export function pure<T>(use: Use, body: () => T): T {
  using undo = new DisposableStack();
  const refuse = (what: string): never => {
    throw new Error(`${what} ${INSTEAD[use]}`);
  };
  replace(undo, Math, "random", () => refuse("Math.random"));
  replace(undo, crypto, "getRandomValues", () => refuse("crypto.getRandomValues"));
  replace(undo, crypto, "randomUUID", () => refuse("crypto.randomUUID"));
  const refuseClock = (what: string): never => {
    throw new Error(`${what} is read once: ${CLOCK}`);
  };
  for (const [name, clock] of Object.entries({ Date, performance })) {
    replace(undo, clock, "now", () => refuseClock(`${name}.now`));
  }
  const readsNoClock: ProxyHandler<DateConstructor> = {
    apply: () => refuseClock("Date()"),
    construct: (date, values, target) =>
      values.length > 0 ? Reflect.construct(date, values, target) : refuseClock("new Date()"),
  };
  replace(undo, globalThis, "Date", new Proxy(Date, readsNoClock));
  // Every op passes here, whoever imported tfjs: all of its copies share one engine.
  const ops = tf.engine() as unknown as Ops;
  const { startScope, addTapeNode } = ops;
  replace(undo, ops, "startScope", (name) => {
    const op = name?.replace(/__op$/, "");
    if (op && RANDOM.has(op)) refuse(`tf.${op}`);
    if (op && op in RIGHT) throw new Error(RIGHT[op]);
    startScope.call(ops, name);
  });
  replace(undo, ops, "makeVariable", () => {
    throw new Error("nothing trains a tf.variable: make a variable in build, with create");
  });
  replace(undo, ops, "addTapeNode", (kernel, inputs, outputs, gradient, saved, ...rest) => {
    if (!outputs.some(({ dtype }) => dtype === "float32" || dtype === "complex64")) {
      // tfjs kept them for a gradient, and would forget them.
      return tf.dispose(saved);
    }
    const isKnown = gradient !== null || tf.getGradient(kernel) !== undefined;
    addTapeNode.call(
      ops,
      kernel,
      inputs,
      outputs,
      isKnown ? gradient : withoutGradient(kernel),
      saved,
      ...rest,
    );
  });
  const { stackTraceLimit } = Error;
  // tfjs adds a dozen frames between an error and the user's line, and V8 keeps ten.
  Error.stackTraceLimit = 50;
  undo.defer(() => Error.stackTraceLimit = stackTraceLimit);
  try {
    return body();
  } catch (error) {
    throw located(error);
  }
}

/** Replaces a function of an object until `undo` is disposed. */
function replace<T extends object, K extends keyof T>(
  undo: DisposableStack,
  object: T,
  name: K,
  value: T[K],
): void {
  const before = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { value, configurable: true, writable: true });
  undo.defer(() => {
    if (before) Object.defineProperty(object, name, before);
    else delete object[name];
  });
}

/** The gradient of a kernel that has none: it throws. */
function withoutGradient(kernel: string): () => never {
  const instead = DIFFERENTIABLE[kernel] ?? "use other ops, or stopGradient where none is due";
  const error = new Error(`${kernel} has no gradient: ${instead}`);
  return () => {
    throw error;
  };
}

/**
 * An error of the user's code as a `Failure` (exit 2), with its line if it has one. Other errors
 * stay.
 */
function located(error: unknown): unknown {
  if (error instanceof Failure) return error;
  // Only a user's code throws what is no error.
  if (!(error instanceof Error)) {
    return new Failure(2, `the experiment's code throws ${Deno.inspect(error)}, which is no Error`);
  }
  const line = userLine(error.stack ?? "");
  return line ? new Failure(2, `${messageOf(error)} (${line})`, { cause: error }) : error;
}

const LIBRARY = new URL("../", import.meta.url).href;

/** The topmost place in a stack that is neither Retort's nor a package's: `file:line`. */
function userLine(stack: string): string | undefined {
  for (const [, url, line] of stack.matchAll(/(file:[^\s()]+?):(\d+):\d+/g)) {
    const isOurs = url.startsWith(LIBRARY) || isPackageFile(url);
    if (!isOurs) return `${fileURLToPath(url)}:${line}`;
  }
}
