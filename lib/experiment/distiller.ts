import type { Mix } from "../data/dataset.ts";
import type { Random } from "../kernels/random_uniform.ts";
import type { Tensor } from "../kernels/tensor.ts";
import type { Layer, Module } from "../nn/layer.ts";
import type { Model, Net, Output, Scorer, Tap } from "../nn/network.ts";
import type { Pass } from "../nn/pass.ts";
import type { TapPair } from "../nn/tap_pairs.ts";
import type { Initialiser, ParamGroup, Shape, Variable } from "../nn/variables.ts";
import type { Json } from "../values/json.ts";

/** What teaches: nobody, one network, or several in order. */
export type Teachers = undefined | Net | readonly Net[];

/** Two networks or more that teach together, in order. */
export type SeveralTeachers<N extends Net = Scorer> = readonly [N, N, ...N[]];

/** Something for each teacher, in the shape that the teachers come in. */
export type PerTeacher<T extends Teachers, One extends "model" | "output"> = T extends Net
  ? One extends "model" ? Model<T> : Output<T>
  : T extends readonly Net[] ? {
      readonly [K in keyof T]: T[K] extends Net ? One extends "model" ? Model<T[K]> : Output<T[K]>
        : never;
    }
  : undefined;

/** A module that another method trained. */
export interface TrainedModule {
  /** What tells it from a layer and a network. */
  readonly kind: "module";
  /** The name that it was made under. */
  readonly name: string;
  /** What it is. */
  readonly layer: Layer;
}

/**
 * Makes what a method needs beside the student: layers, trainable copies of networks, memories. `E`
 * are the names of the modules that the method trains for others.
 */
export interface Create<E extends string = never> {
  /** A layer over inputs of `shape`, with its variables. */
  (layer: Layer, shape: Shape): Module;
  /**
   * What another method trained, over inputs of `shape`; it never changes. The method names it
   * among those it `takes`.
   */
  (module: TrainedModule, shape: Shape): Module;
  /**
   * A network like `recipe` for the same images and classes; it starts from `from`'s values where
   * given, else anew.
   */
  <N extends Net>(recipe: N, options?: { from?: Model<N> }): Model<N>;
  /**
   * One of the modules that the method trains for others, its `trainedModules`, over inputs of
   * `shape`; each is made once.
   */
  trainedModule(name: E, shape: Shape): Module;
  /** A variable that no gradient changes: a memory, written through `writes`. */
  memory(name: string, shape: Shape, initial: Initialiser): Variable;
  /** The same, under a name of its own. */
  in(name: string): Create;
  /** The same, at another pace. */
  at(pace: ParamGroup): Create<E>;
}

/** What a method is given to build from, once, before any step. */
export interface BuildContext<S extends Net, T extends Teachers, E extends string = never> {
  /** Makes what the method needs. */
  readonly create: Create<E>;
  /** The network that learns. */
  readonly student: Model<S>;
  /** The network or networks that teach. */
  readonly teacher: PerTeacher<T, "model">;
  /** What is learned from. */
  readonly dataset: {
    /** Training images, what is held out not among them. */
    readonly size: number;
    /** Number of classes. */
    readonly classes: number;
    /** The class of each training image, by index. */
    readonly labels: Int32Array;
  };
}

/** One step, as a method sees it: everything is a tensor over a batch. */
export interface StepContext<S extends Net, T extends Teachers> {
  /** The student's live pass. */
  readonly student: Output<S>;
  /** The frozen pass of the teacher or teachers; no gradient flows into it. */
  readonly teacher: PerTeacher<T, "output">;
  /** The augmented, normalised images, [batch, height, width, channels]. */
  readonly image: Tensor;
  /** The position of each image in the training set, int32 [batch]. */
  readonly index: Tensor;
  /** The present epoch, from 1, a scalar. */
  readonly epoch: Tensor;
  /** Random numbers that differ from step to step. */
  readonly random: Random;
  /** The pass that learns. */
  readonly live: Pass;
  /** The pass that does not. */
  readonly frozen: Pass;
  /**
   * The task's loss for each sample, [batch]; of mixed images λ times that of their own label and 1
   * − λ times their partner's.
   */
  task(output: Output<Scorer>): Tensor;
  /** Which samples learn at a spot, [batch] of 0 and 1; undefined: all of them. */
  mask(spot: string): Tensor | undefined;
}

/**
 * What a step has besides of a data set that mixes no images: a method that needs each image's one
 * class says so.
 */
export interface HardLabels {
  /** The class of each image, int32 [batch]. */
  readonly label: Tensor;
}

/** What it has instead of a data set that mixes images. */
export interface MixedLabels {
  /** There is no one class. */
  readonly label?: undefined;
}

/**
 * What a step has besides of a data set with further views of its images: a method that needs some
 * says which.
 */
export interface Views<V extends string> {
  /**
   * The same images in the same order, augmented in another way and normalised, [batch, height,
   * width, channels].
   */
  readonly views: { readonly [K in V]: Tensor };
}

/** What a step has besides of a data set that mixes, or not, and has these views. */
export type DataOf<M extends Mix | undefined, V extends string> =
  & ([M] extends [undefined] ? HardLabels : MixedLabels)
  & ([V] extends [never] ? unknown : Views<V>);

/**
 * The role of a term: `task`, where a network learns from labels; no role, where it learns from
 * another network.
 */
export type Role = "task";

/**
 * A weight, a number or a scalar tensor; one number per sample, [batch]; and the term's role, by
 * which the distillation-oriented trainer chooses its momentum. The name of a term says nothing
 * about its role.
 */
export type Term = readonly [weight: number | Tensor, perSample: Tensor, role?: Role];

/** The named terms whose weighted means are added up. */
export type Terms = { readonly [name: string]: Term };

/** Terms, what a method remembers from one step to the next, and what else of a step is logged. */
export interface LossWithMemory {
  /** The terms. */
  readonly terms: Terms;
  /** Each memory's next value, written once after the update. */
  readonly writes: readonly (readonly [Variable, Tensor])[];
  /**
   * What is logged beside the terms, by name: one number per sample, [batch], of which an epoch's
   * log has the mean.
   */
  readonly reports?: { readonly [name: string]: Tensor };
}

/**
 * Terms of one kind, such as one for each teacher, under numbered names: `teacher1`, `teacher2` …
 */
export function numberTerms(name: string, terms: readonly Term[]): Terms {
  return Object.fromEntries(terms.map((term, i) => [`${name}${i + 1}`, term]));
}

/**
 * The terms of a method and those of another one of this id but its `task`; one that is called
 * alike is named after it too.
 */
export function mergeTerms(terms: Terms, { task: _, ...others }: Terms, id: string): Terms {
  const all = { ...terms };
  for (const [name, term] of Object.entries(others)) {
    let own = name;
    while (own in all) own = `${id}_${own}`;
    all[own] = term;
  }
  return all;
}

/** What a loss gives, with the memories that it writes: none where it gives terms alone. */
export function withMemory(result: Terms | LossWithMemory): LossWithMemory {
  return isRemembering(result) ? result : { terms: result, writes: [] };
}

function isRemembering(result: Terms | LossWithMemory): result is LossWithMemory {
  return "writes" in result && !isTerm(result.writes);
}

function isTerm(value: Term | LossWithMemory["writes"]): value is Term {
  return value.length > 0 && !Array.isArray(value[0]);
}

/** What a step costs: traced once. */
export type Loss<S extends Net, T extends Teachers, D = unknown> = (
  step: StepContext<S, T> & D,
) => Terms | LossWithMemory;

/**
 * A method of distillation. `S` and `T` are what it needs of the student and of what teaches: a
 * network with more taps fits, one with fewer is a compile error. `D` is what it needs of the data
 * set: `HardLabels`, `Views<"strong">`, both (`&`), or nothing. `E` are the names of the modules
 * that it trains for others.
 */
export interface Distiller<
  S extends Net,
  T extends Teachers = undefined,
  D = unknown,
  E extends string = never,
> {
  /** Its name in the papers' tables, lower-cased. */
  readonly id: string;
  /** Its options with the defaults filled in; part of the declaration. */
  readonly options: Json;
  /** The paper that introduces it, as it is cited; absent where there is none. */
  readonly paper?: string;
  /** What it trains for others, each made once, by `create.extra`. */
  readonly trainedModules?: { readonly [K in E]: Layer };
  /** What others trained that it takes; part of the declaration. */
  readonly needs?: readonly TrainedModule[];
  /**
   * The student's variables that it leaves as they are, their norms on running statistics; absent:
   * none.
   */
  readonly frozenVariables?: (student: Model<S>) => readonly Variable[];
  /** Makes its variables, once, and gives the loss. */
  readonly build: (context: BuildContext<S, T, E>) => Loss<S, T, D>;
}

/**
 * A method of one teacher that compares taps, each of which it asks for a mask: what SAKD routes.
 */
export interface SpottedDistiller<S extends Net, T extends Net, D = unknown>
  extends Distiller<S, T, D> {
  /** The pairs of taps that it compares; it asks for masks at the student's, and at `logits`. */
  readonly spots: (student: Model<S>, teacher: Model<T>) => readonly TapPair<Tap<S>, Tap<T>>[];
}

/**
 * A method without what its type says of its needs, for code that builds any method.
 *
 * This is sound although the erased type would take every student, teacher and data set:
 * `experiment` checks a method against these three where they are declared, and an erased method is
 * given no others. A method that erases another one, as `combine` and `sakd` do, has the needs of
 * that other one in its own type, which is checked in the same place.
 */
export function erase<S extends Net, T extends Net, D>(
  method: SpottedDistiller<S, T, D>,
): SpottedDistiller<Net, Net>;
/** The same of a method whose spots nobody asks for. */
export function erase<S extends Net, T extends Teachers, D, E extends string>(
  method: Distiller<S, T, D, E>,
): Distiller<Net, Teachers, unknown, E>;
export function erase(method: object): object {
  return method;
}
