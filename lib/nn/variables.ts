import type { Tensor } from "../kernels/tensor.ts";
import { type Stream, stream } from "../values/random.ts";

/** Lengths of a tensor's dimensions, the batch not among them. */
export type Shape = readonly number[];

/** How many elements a shape has. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** The first values of a variable, from its own random stream. */
export type Initialiser = (size: number, random: Stream) => Float32Array;

/** The initialiser that fills with one number. */
export function constant(value: number): Initialiser {
  return (size) => new Float32Array(size).fill(value);
}

/** The initialiser N(0, deviation²). */
export function normal(deviation: number): Initialiser {
  return (size, random) => Float32Array.from({ length: size }, () => deviation * random.normal());
}

/** The initialiser U(−bound, bound). */
export function uniform(bound: number): Initialiser {
  return (size, random) =>
    Float32Array.from({ length: size }, () => bound * (2 * random.uniform() - 1));
}

/** The pace at which a variable learns, where it is not everybody's. */
export interface ParamGroup {
  /** Factor on the schedule's learning rate; 1 unless said otherwise. */
  readonly lr?: number;
  /** Weight decay in place of the schedule's. */
  readonly weightDecay?: number;
}

/** What a variable is besides its values. */
export interface VariableOptions {
  /** Whether gradients are meant to change it; statistics and memories are not trainable. */
  readonly trainable: boolean;
  /** Its own pace. */
  readonly paramGroup: ParamGroup;
  /** Whether it never changes, as in a frozen teacher. */
  readonly fixed: boolean;
}

/**
 * A named array of float32 that outlives a step. Where its values live (a session, tfjs, nowhere
 * yet) is the engine's affair: it says what `value` gives.
 */
export class Variable {
  /** Unique among the variables of a run, e.g. `student.block1.0.conv1.weight`. */
  readonly name: string;
  /** Its dimensions. */
  readonly shape: Shape;
  /**
   * Whether gradients are meant to change it (those of a fixed one never do); statistics and
   * memories are not trainable.
   */
  readonly trainable: boolean;
  /** Its own pace. */
  readonly paramGroup: ParamGroup;
  /** Whether it never changes: an engine may then compute with it beforehand. */
  readonly fixed: boolean;
  /** Makes the values it starts with. */
  readonly initial: () => Float32Array;
  #source: (() => Tensor) | undefined;

  /** A variable that no engine holds yet. */
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

  /** Its present values as a tensor to compute with. Throws where no engine holds it. */
  get value(): Tensor {
    if (!this.#source) {
      throw new Error(`variable ${this.name} has no value here: compute with it inside a step`);
    }
    return this.#source();
  }

  /** Says where `value` comes from; the engine calls it. */
  bind(source: (() => Tensor) | undefined): void {
    this.#source = source;
  }
}

/** A change that a step makes to variables, once, after everything has been computed. */
export type Update =
  /** The variable takes this value. */
  | { readonly kind: "assign"; readonly variable: Variable; readonly value: Tensor }
  /**
   * PyTorch's SGD: velocity ← momentum · velocity + gradient; variable ← variable − rate ·
   * velocity.
   */
  | {
    readonly kind: "momentum";
    readonly variable: Variable;
    /** What remembers the gradients before. */
    readonly velocity: Variable;
    /** This step's. */
    readonly gradient: Tensor;
    /** How much of the velocity stays. */
    readonly momentum: number;
    readonly rate: Tensor;
    /**
     * Whether the variable moves ahead of the velocity: by rate · (gradient + momentum · velocity)
     * instead.
     */
    readonly nesterov: boolean;
  };

/** Makes variables and records each one it makes; a scope of names. */
export interface Variables {
  /** What the names of its variables begin with; empty, or ending in a dot. */
  readonly prefix: string;
  /** A variable below this scope, with its values drawn from its own name's stream. */
  variable(
    name: string,
    shape: Shape,
    initial: Initialiser,
    options?: { trainable?: boolean },
  ): Variable;
  /** A variable that never changes and whose values follow from those that others start with. */
  derived(name: string, shape: Shape, values: () => Float32Array): Variable;
  /** The scope `name` below this one. */
  in(name: string): Variables;
  /** This scope at another pace. */
  at(pace: ParamGroup): Variables;
  /**
   * This scope, of variables that never change; they start with these values, by name below it,
   * where given.
   */
  frozen(values?: ReadonlyMap<string, Float32Array>): Variables;
  /**
   * Whether what is made here never changes, a frozen teacher: layers may then compute with values
   * folded beforehand.
   */
  readonly fixed: boolean;
}

/** What a scope of variables is made with. */
export interface Scope {
  /** The seed of the initial values. */
  readonly seed: number;
  /** Where every variable made below is put, by name. */
  readonly collected: Map<string, Variable>;
  /** What names begin with; empty, or ending in a dot. */
  readonly prefix?: string;
  /** The pace of what is made here. */
  readonly paramGroup?: ParamGroup;
  /** Whether what is made here never changes. */
  readonly fixed?: boolean;
  /** Values to start with, by name, in place of drawn ones. */
  readonly values?: ReadonlyMap<string, Float32Array>;
}

/**
 * A scope that makes and collects variables. Initial values depend on the seed and the variable's
 * name only, so adding a variable changes no other.
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
        values?.get(path) ?? initial(sizeOf(shape), stream(seed, `initial/${path}`));
      return collect(new Variable(path, shape, start, { trainable, paramGroup, fixed }));
    },
    derived: (name, shape, values) =>
      collect(
        new Variable(prefix + name, shape, values, { trainable: false, paramGroup, fixed: true }),
      ),
    in: (name) => variables({ ...scope, prefix: `${prefix}${name}.` }),
    at: (other) => variables({ ...scope, paramGroup: { ...paramGroup, ...other } }),
    frozen: (given) => {
      const below = given && new Map(Array.from(given, ([name, value]) => [prefix + name, value]));
      return variables({ ...scope, fixed: true, values: below ?? values });
    },
  };
}

/** Variables that were made in a scope, by their names inside it. */
export function namesBelow(
  { prefix }: Variables,
  made: readonly Variable[],
): Map<string, Variable> {
  return new Map(made.map((variable) => [variable.name.slice(prefix.length), variable]));
}

/**
 * A scope in which each variable, in the order they are made, starts where its counterpart in
 * `from` does, and else anew. What is made is put into `made`.
 */
export function starting(scope: Variables, from: readonly Variable[], made: Variable[]): Variables {
  return {
    variable(name, shape, initial, options) {
      const counterpart = from.at(made.length);
      const variable = scope.variable(
        name,
        shape,
        counterpart ? () => counterpart.initial() : initial,
        options,
      );
      made.push(variable);
      return variable;
    },
    derived: scope.derived,
    prefix: scope.prefix,
    fixed: scope.fixed,
    in: (name) => starting(scope.in(name), from, made),
    at: (pace) => starting(scope.at(pace), from, made),
    frozen: (values) => starting(scope.frozen(values), from, made),
  };
}
