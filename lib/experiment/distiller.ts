import type { Mix } from "../data/dataset.ts";
import type { Random } from "../kernels/random_uniform.ts";
import type { Tensor } from "../kernels/tensor.ts";
import type { Detector } from "../nn/detector.ts";
import type { Layer, Module } from "../nn/layer.ts";
import type { HeadOf, Model, Net, Output, PassOutput, Scorer, Tap } from "../nn/network.ts";
import type { Pass } from "../nn/pass.ts";
import type { TapPair } from "../nn/tap_pairs.ts";
import type { TrainedRegions } from "../nn/two_stages.ts";
import type { Initialiser, ParamGroup, Shape, Variable } from "../nn/variables.ts";
import type { Json } from "../values/json.ts";

/** The networks that teach: none, one, or several in order. */
export type Teachers = undefined | Net | readonly Net[];

/** Two or more networks that teach together, in order. */
export type SeveralTeachers<N extends Net = Scorer> = readonly [N, N, ...N[]];

/** The model or the output of each teacher: none, one, or several in the teachers' order. */
export type PerTeacher<T extends Teachers, One extends "model" | "output"> = T extends Net
  ? One extends "model" ? Model<T> : PassOutput<T>
  : T extends readonly Net[] ? {
      readonly [K in keyof T]: T[K] extends Net
        ? One extends "model" ? Model<T[K]> : PassOutput<T[K]>
        : never;
    }
  : undefined;

/** A module that another method trained. */
export interface TrainedModule {
  /** Distinguishes it from a layer and a network. */
  readonly kind: "module";
  /** The name under which its method creates it. */
  readonly name: string;
  /** The layer, without the trained values. */
  readonly layer: Layer;
}

/**
 * Creates what a method needs beside the student: layers, trainable copies of networks, memories.
 * `E` are the names of the modules that the method trains for other methods.
 */
export interface Create<E extends string = never> {
  /** Creates a layer for inputs of `shape`, with its variables. */
  (layer: Layer, shape: Shape): Module;
  /**
   * Creates a module that another method trained, for inputs of `shape`. It never changes. The
   * method must list it in `needs`.
   */
  (module: TrainedModule, shape: Shape): Module;
  /**
   * Creates a network like `recipe` for the same images and classes. Its variables start with the
   * values of `from`. Default: new initial values.
   */
  <N extends Net>(recipe: N, options?: { from?: Model<N> }): Model<N>;
  /**
   * Creates a head like that of a network, for the same input. With `copied` its variables start
   * with the values of the network's own. Default: new initial values.
   */
  head<N extends Net>(model: Model<N>, name: HeadOf<N>, options?: { copied?: boolean }): Module;
  /**
   * Creates one of the method's `trainedModules`, which it trains for other methods, for inputs of
   * `shape`. Call it once for each name.
   */
  trainedModule(name: E, shape: Shape): Module;
  /**
   * Creates a variable that learns. The loss reads it in a pass: `live.read(variable)`. A scalar:
   * `scalarVariable(create, name, initial)`.
   */
  variable(name: string, shape: Shape, initial: Initialiser): Variable;
  /**
   * Creates a memory: a variable that no gradient changes and that the loss sets through `writes`.
   */
  memory(name: string, shape: Shape, initial: Initialiser): Variable;
  /** The same for variables whose names begin with `name`. */
  in(name: string): Create;
  /**
   * The same for variables of the parameter group `group`: another learning rate or weight decay.
   */
  at(group: ParamGroup): Create<E>;
}

/** The build context: the inputs from which a method builds, once, before any step. */
export interface BuildContext<S extends Net, T extends Teachers, E extends string = never> {
  /** Creates layers, networks and memories of the method. */
  readonly create: Create<E>;
  /** The network that learns. */
  readonly student: Model<S>;
  /** The network or networks that teach. */
  readonly teacher: PerTeacher<T, "model">;
  /** The training set. */
  readonly dataset: {
    /** Number of training images, without the hold-out. */
    readonly size: number;
    /** Number of classes. */
    readonly classes: number;
    /** The class of each training image, by index. */
    readonly labels: Int32Array;
  };
}

/** The step context: one batch and the networks' outputs, as tensors over the batch. */
export interface StepContext<S extends Net, T extends Teachers> {
  /** The student's output in the live pass. */
  readonly student: PassOutput<S>;
  /** The output of the teacher or teachers in the frozen pass. No gradient flows into it. */
  readonly teacher: PerTeacher<T, "output">;
  /** The augmented, normalised images, [batch, height, width, channels]. */
  readonly image: Tensor;
  /** The position of each image in the training set, int32 [batch]. */
  readonly index: Tensor;
  /** The current epoch, from 1, a scalar. */
  readonly epoch: Tensor;
  /**
   * Number of epochs of the run, for what changes over the whole of it. A run whose loss reads it, or
   * `steps`, does not go on from a shorter one.
   */
  readonly epochs: number;
  /** The number of finished steps of the run, an int32 scalar. */
  readonly step: Tensor;
  /** Number of steps of the run. */
  readonly steps: number;
  /** Random numbers that differ from step to step. */
  readonly random: Random;
  /** The pass in which variables learn. */
  readonly live: Pass;
  /** The pass in which no variable learns. */
  readonly frozen: Pass;
  /**
   * The task's loss for each sample, [batch]. For mixed images it is λ times the loss of their own
   * label plus 1 − λ times that of their partner's.
   */
  task(output: Output<Scorer> | Output<S>): Tensor;
  /**
   * The task's measures of a network's output for each sample, [batch], by name, percentages as 0 …
   * 1: what the log has of the student as `train/<measure>`. For the method's reports.
   */
  measure(output: Output<Scorer> | Output<S>): { readonly [measure: string]: Tensor };
  /** The samples that learn at a spot, [batch] of 0 and 1. `undefined` if all of them learn. */
  mask(spot: string): Tensor | undefined;
}

/**
 * The members that a data set without mixing adds to the step context. A method that needs one
 * class for each image names this in its type.
 */
export interface HardLabels {
  /** The class of each image, int32 [batch]. */
  readonly label: Tensor;
}

/** The members that a data set with mixed images adds to the step context instead. */
export interface MixedLabels {
  /** A mixed image has no single class. */
  readonly label?: undefined;
}

/**
 * The members that a data set with further views of its images adds to the step context. A method
 * that needs views names them in its type.
 */
export interface Views<V extends string> {
  /**
   * The same images in the same order, augmented in another way and normalised, [batch, height,
   * width, channels].
   */
  readonly views: { readonly [K in V]: Tensor };
}

/** The members that a data set with objects in its images adds to the step context instead. */
export interface Objects {
  /**
   * The regions on which a detector's head learns in this step, samples of its own proposals and of
   * the objects, with what the head says about them. No gradient flows into boxes and labels.
   */
  regionsOf(output: PassOutput<Detector>): TrainedRegions;
}

/**
 * The members that a data set adds to the step context, with the mixing `M`, the views `V` and the
 * students `S`.
 */
export type DataOf<M extends Mix | undefined, V extends string, S extends Net = Scorer> =
  & (S extends Detector ? Objects : [M] extends [undefined] ? HardLabels : MixedLabels)
  & ([V] extends [never] ? unknown : Views<V>);

/**
 * The role of a term: `task` if a network learns from labels. A term has no role if a network
 * learns from another network.
 */
export type Role = "task";

/**
 * A term of the loss: its weight (a number or a scalar tensor), one number per sample ([batch]),
 * and its role, by which the distillation-oriented trainer chooses the momentum. The name of a term
 * does not determine its role.
 */
export type Term = readonly [weight: number | Tensor, perSample: Tensor, role?: Role];

/** The terms of a loss, by name. The loss is the sum of their weighted means. */
export type Terms = { readonly [name: string]: Term };

/** The terms of a loss, the next values of the method's memories, and further values to log. */
export interface LossWithMemory {
  readonly terms: Terms;
  /** Each memory's next value, written once after the update. */
  readonly writes: readonly (readonly [Variable, Tensor])[];
  /**
   * Values to log beside the terms, by name: one number per sample, [batch]. An epoch's log has
   * their mean.
   */
  readonly reports?: { readonly [name: string]: Tensor };
}

/** Numbers terms of one kind, such as one for each teacher: `teacher1`, `teacher2` … */
export function numberTerms(name: string, terms: readonly Term[]): Terms {
  return Object.fromEntries(terms.map((term, i) => [`${name}${i + 1}`, term]));
}

/**
 * Merges the terms of two methods, leaving out the second one's `task`. A term of the second whose
 * name is taken gets its method's `id` as a prefix.
 */
export function mergeTerms(terms: Terms, { task: _, ...others }: Terms, id: string): Terms {
  return mergeNamed(terms, others, id);
}

/** Merges named values of two methods as `mergeTerms` does. */
export function mergeNamed<T>(
  first: Readonly<Record<string, T>>,
  second: Readonly<Record<string, T>>,
  id: string,
): Record<string, T> {
  const all = { ...first };
  for (const [name, value] of Object.entries(second)) {
    let free = name;
    while (free in all) free = `${id}_${free}`;
    all[free] = value;
  }
  return all;
}

/** Adds empty `writes` to the result of a loss that returns terms only. */
export function withMemory(result: Terms | LossWithMemory): LossWithMemory {
  return isRemembering(result) ? result : { terms: result, writes: [] };
}

function isRemembering(result: Terms | LossWithMemory): result is LossWithMemory {
  return "writes" in result && !isTerm(result.writes);
}

function isTerm(value: Term | LossWithMemory["writes"]): value is Term {
  return value.length > 0 && !Array.isArray(value[0]);
}

/**
 * The same context for a method inside of another one, with these members in place of its own. A
 * copy by `...` would read the length of the run, which counts as the method's doing.
 */
export function within<C extends object, M extends object>(context: C, members: M): C & M {
  const own = Object.getOwnPropertyDescriptors(context);
  const others = Object.getOwnPropertyDescriptors(members);
  return Object.create(Object.prototype, { ...own, ...others });
}

/** The loss of a method for one step. It is traced once. */
export type Loss<S extends Net, T extends Teachers, D = unknown> = (
  step: StepContext<S, T> & D,
) => Terms | LossWithMemory;

/** An option that counts epochs of the run: the length of a warm-up, the epoch where a term begins. */
export interface EpochOption {
  /** The method that has it. */
  readonly owner: string;
  readonly option: string;
  readonly value: number;
  /** Whether the user has set it. */
  readonly isSet: boolean;
}

/**
 * A method of distillation. `S` and `T` are the networks that it needs as student and as teacher or
 * teachers: a network with more taps fits, one with fewer is a compile error. `D` is what it needs
 * of the data set: `HardLabels`, `Views<"strong">`, both (`&`), or nothing. `E` are the names of
 * the modules that it trains for other methods.
 *
 * @example
 * ```ts
 * import { conv, type Distiller, mse, type Net } from "@retort/retort";
 *
 * // Matches the last maps of student and teacher through a 1×1 convolution.
 * export function match(weight = 1): Distiller<Net<"block3" | "logits">, Net<"block3">> {
 *   return {
 *     id: "match",
 *     options: { weight },
 *     build({ create, student, teacher }) {
 *       const channels = teacher.shapes.block3[2];
 *       const adapt = create(conv(channels, { kernel: 1 }), student.shapes.block3);
 *       return ({ student, teacher, task, live }) => ({
 *         task: [1, task(student), "task"],
 *         map: [weight, mse(adapt(student.taps.block3, live), teacher.taps.block3)],
 *       });
 *     },
 *   };
 * }
 * ```
 */
export interface Distiller<
  S extends Net,
  T extends Teachers = undefined,
  D = unknown,
  E extends string = never,
> {
  /** Its name in the papers' tables, in lower case. */
  readonly id: string;
  /** Its options with the defaults filled in. Part of the declaration. */
  readonly options: Json;
  /** The citation of the paper that introduces it. `undefined` if there is none. */
  readonly paper?: string;
  /**
   * A line that a run prints before it trains on a data set of `classes` classes, if the method does
   * something else there than its name says.
   */
  readonly note?: (classes: number) => string | undefined;
  /**
   * Its options that count epochs. An experiment refuses one that is set and above its schedule's
   * epochs; a run prints a line where a default is, or where the run is a shorter, quick one.
   */
  readonly epochOptions?: readonly EpochOption[];
  /** The modules that it trains for other methods. `create.trainedModule` creates each of them. */
  readonly trainedModules?: { readonly [K in E]: Layer };
  /** The modules that other methods trained and that it uses. Part of the declaration. */
  readonly needs?: readonly TrainedModule[];
  /**
   * Lists the student's variables that do not learn. Their norms use running statistics. Default:
   * none.
   */
  readonly frozenVariables?: (student: Model<S>) => readonly Variable[];
  /** Creates the method's variables, once, and returns its loss. */
  readonly build: (context: BuildContext<S, T, E>) => Loss<S, T, D>;
}

/**
 * A method of one teacher that compares taps and masks each of them. `sakd` routes such methods.
 */
export interface SpottedDistiller<S extends Net, T extends Net, D = unknown>
  extends Distiller<S, T, D> {
  /**
   * Lists the pairs of taps that it compares. It masks the student's taps of them, and `logits`.
   */
  readonly spots: (student: Model<S>, teacher: Model<T>) => readonly TapPair<Tap<S>, Tap<T>>[];
}

/**
 * Removes a method's needs from its type, for code that builds any method.
 *
 * This is sound although the erased type accepts every student, teacher and data set: `experiment`
 * checks a method against these three where they are declared, and an erased method never gets
 * others. A method that erases another one, as `combine` and `sakd` do, has the needs of that one
 * in its own type, which is checked in the same place.
 */
export function erase<S extends Net, T extends Net, D>(
  method: SpottedDistiller<S, T, D>,
): SpottedDistiller<Net, Net>;
/** The same for a method without spots, or whose spots are not used. */
export function erase<S extends Net, T extends Teachers, D, E extends string>(
  method: Distiller<S, T, D, E>,
): Distiller<Net, Teachers, unknown, E>;
export function erase(method: object): object {
  return method;
}
