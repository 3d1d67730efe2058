import type { Tensor } from "../kernels/tensor.ts";
import { Failure } from "../values/failure.ts";
import { pure } from "./pure.ts";
import { type Stream, stream } from "../values/random.ts";

/** Lengths of a tensor's dimensions, without the batch. */
export type Shape = readonly number[];

/** The number of elements of a shape. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Makes a variable's initial values from its own random stream. */
export type Initialiser = (size: number, random: Stream) => Float32Array;

/** An initialiser that fills with one number. */
export function constant(value: number): Initialiser {
  return (size) => new Float32Array(size).fill(value);
}

/** The initialiser N(0, deviation²). */
export function normal(deviation: number): Initialiser {
  return (size, random) => {
    const values = new Float32Array(size);
    for (let i = 0; i < size; i++) values[i] = deviation * random.normal();
    return values;
  };
}

/** The initialiser U(−bound, bound). */
export function uniform(bound: number): Initialiser {
  return (size, random) => {
    const values = new Float32Array(size);
    for (let i = 0; i < size; i++) values[i] = bound * (2 * random.uniform() - 1);
    return values;
  };
}

/** A parameter group: settings of variables that differ from the schedule's. */
export interface ParamGroup {
  /** Factor on the schedule's learning rate. Default: 1. */
  readonly lr?: number;
  /** Weight decay. Default: the schedule's. */
  readonly weightDecay?: number;
}

/** Options of a variable. */
export interface VariableOptions {
  /** Whether gradients may change it. Statistics and memories are not trainable. */
  readonly trainable: boolean;
  readonly paramGroup: ParamGroup;
  /** Whether it never changes, as in a frozen teacher. */
  readonly fixed: boolean;
}

/**
 * A named array of float32 that outlives a step. The engine decides where its values live (a
 * session, tfjs, nowhere yet) and what `value` returns.
 */
export class Variable {
  /** Unique among the variables of a run, e.g. `student.block1.0.conv1.weight`. */
  readonly name: string;
  readonly shape: Shape;
  /**
   * Whether gradients may change it (never if it is fixed). Statistics and memories are not
   * trainable.
   */
  readonly trainable: boolean;
  readonly paramGroup: ParamGroup;
  /** Whether it never changes. An engine may then compute with it beforehand. */
  readonly fixed: boolean;
  /** Makes the initial values. */
  readonly initial: () => Float32Array;
  #source: (() => Tensor) | undefined;

  /** Makes a variable that no engine holds yet. */
  constructor(
    name: string,
    shape: Shape,
    initial: () => Float32Array,
    { trainable, paramGroup, fixed }: VariableOptions,
  ) {
    this.name = name;
    this.shape = shape;
    this.initial = initial;
    this.trainable = trainable;
    this.paramGroup = paramGroup;
    this.fixed = fixed;
  }

  /** The current values as a tensor. Throws an `Error` if no engine holds the variable. */
  get value(): Tensor {
    if (!this.#source) {
      throw new Error(
        `variable ${this.name} has no value here: make it in \`build\`, and compute with it in the loss`,
      );
    }
    return this.#source();
  }

  /** Sets the source of `value`. Only the engine calls it. */
  bind(source: (() => Tensor) | undefined): void {
    this.#source = source;
  }
}

/** A change of a variable that a step makes once, after all computations. */
export type Update =
  /** Sets the variable to this value. */
  | { readonly kind: "assign"; readonly variable: Variable; readonly value: Tensor }
  /**
   * PyTorch's SGD: velocity ← momentum · velocity + gradient; variable ← variable − rate ·
   * velocity.
   */
  | {
    readonly kind: "momentum";
    readonly variable: Variable;
    /** Accumulates the gradients of earlier steps. */
    readonly velocity: Variable;
    /** The gradient of this step. */
    readonly gradient: Tensor;
    /** The share of the velocity that stays. */
    readonly momentum: number;
    readonly rate: Tensor;
    /**
     * Whether the variable instead moves by rate · (gradient + momentum · velocity), ahead of the
     * velocity.
     */
    readonly nesterov: boolean;
  }
  /**
   * Adam: mean ← β₁ · mean + (1 − β₁) · gradient; square ← β₂ · square + (1 − β₂) · gradient²;
   * variable ← variable − rate · mean / (√square + epsilon).
   */
  | {
    readonly kind: "adam";
    readonly variable: Variable;
    /** The moving average of the gradients of earlier steps. */
    readonly mean: Variable;
    /** The moving average of their squares. */
    readonly square: Variable;
    /** The gradient of this step. */
    readonly gradient: Tensor;
    /** β₁ and β₂: the shares of the two averages that stay. */
    readonly betas: Betas;
    readonly rate: Tensor;
    readonly epsilon: Tensor;
  }
  /** An average of another variable's values: variable ← decay · variable + (1 − decay) · of. */
  | {
    readonly kind: "average";
    readonly variable: Variable;
    /** The variable that it follows. Its value is that after the updates before this one. */
    readonly of: Variable;
    /** The share that stays. */
    readonly decay: number;
  };

/** The shares of Adam's averages that stay: of the mean, and of the squares. */
export type Betas = readonly [mean: number, square: number];

/** A scope of names that makes variables and records them. */
export interface Variables {
  /** The beginning of its variables' names: empty, or ending in a dot. */
  readonly prefix: string;
  /** Makes a variable in this scope. Its initial values come from the random stream of its name. */
  variable(
    name: string,
    shape: Shape,
    initial: Initialiser,
    options?: { trainable?: boolean },
  ): Variable;
  /** Makes a variable that never changes, with values that follow from other initial values. */
  derived(name: string, shape: Shape, values: () => Float32Array): Variable;
  /** The scope `name` below this one. */
  in(name: string): Variables;
  /** This scope with another parameter group. */
  at(group: ParamGroup): Variables;
  /**
   * This scope with variables that never change. They start at `values`, if present, by their names
   * below this scope.
   */
  frozen(values?: ReadonlyMap<string, Float32Array>): Variables;
  /**
   * Whether variables made here never change (a frozen teacher). Layers may then fold values
   * beforehand.
   */
  readonly fixed: boolean;
}

/**
 * Makes a scalar that learns, such as a temperature, with `create` in a method's `build` or in a
 * layer. Its value in a pass is `live.read(variable)`.
 */
export function scalarVariable(
  create: Pick<Variables, "variable">,
  name: string,
  initial: number,
): Variable {
  return create.variable(name, [], constant(initial));
}

/** Options of `variables`. */
export interface Scope {
  /** The seed of the initial values. */
  readonly seed: number;
  /** Collects every variable made in this scope and below, by name. */
  readonly collected: Map<string, Variable>;
  /** The beginning of names: empty, or ending in a dot. Default: empty. */
  readonly prefix?: string;
  /** The parameter group of variables made here. Default: the schedule's settings. */
  readonly paramGroup?: ParamGroup;
  /** Whether variables made here never change. Default: no. */
  readonly fixed?: boolean;
  /** Initial values by name, in place of the initialisers'. Default: none. */
  readonly values?: ReadonlyMap<string, Float32Array>;
}

/**
 * A scope that makes and collects variables. Initial values depend on the seed and the variable's
 * name only, so that a new variable changes no other.
 */
export function variables(scope: Scope): Variables {
  const { seed, collected, prefix = "", paramGroup = {}, fixed = false, values } = scope;
  const collect = (variable: Variable) => {
    if (collected.has(variable.name)) throw new Error(`there are two variables ${variable.name}`);
    collected.set(variable.name, variable);
    return variable;
  };
  return {
    prefix,
    fixed,
    variable(name, shape, initial, { trainable = true } = {}) {
      const path = prefix + name;
      const start = () =>
        checkSize(
          values?.get(path) ??
            pure("initialiser", () => initial(sizeOf(shape), stream(seed, `initial/${path}`))),
          shape,
          path,
        );
      return collect(new Variable(path, shape, start, { trainable, paramGroup, fixed }));
    },
    derived: (name, shape, values) =>
      collect(
        new Variable(prefix + name, shape, values, { trainable: false, paramGroup, fixed: true }),
      ),
    in: (name) => variables({ ...scope, prefix: `${prefix}${name}.` }),
    at: (group) => variables({ ...scope, paramGroup: { ...paramGroup, ...group } }),
    frozen: (initial) => {
      const below = initial &&
        new Map(Array.from(initial, ([name, value]) => [prefix + name, value]));
      return variables({ ...scope, fixed: true, values: below ?? values });
    },
  };
}

/** The values, if there are as many as the shape has. Throws a `Failure` (exit 2) if not. */
function checkSize(values: Float32Array, shape: Shape, name: string): Float32Array {
  if (values.length === sizeOf(shape)) return values;
  throw new Failure(
    2,
    `${name} starts with ${values.length} values, but its shape is [${shape}], of ${sizeOf(shape)}`,
  );
}

/** The variables that were made in a scope, by their names inside it. */
export function namesBelow(
  { prefix }: Variables,
  created: readonly Variable[],
): Map<string, Variable> {
  return new Map(created.map((variable) => [variable.name.slice(prefix.length), variable]));
}

/**
 * A scope in which each variable, in the order of creation, starts at the values of its counterpart
 * in `from`, if it has one. Appends each variable to `created`.
 */
export function startFrom(
  scope: Variables,
  from: readonly Variable[],
  created: Variable[],
): Variables {
  return {
    variable(name, shape, initial, options) {
      const counterpart = from.at(created.length);
      const variable = scope.variable(
        name,
        shape,
        counterpart ? () => counterpart.initial() : initial,
        options,
      );
      created.push(variable);
      return variable;
    },
    derived: scope.derived,
    prefix: scope.prefix,
    fixed: scope.fixed,
    in: (name) => startFrom(scope.in(name), from, created),
    at: (group) => startFrom(scope.at(group), from, created),
    frozen: (values) => startFrom(scope.frozen(values), from, created),
  };
}
