import type { Tensor } from "./tensor.ts";
import type { Json } from "./json.ts";
import type { Layer, Module, Pass } from "./layers.ts";
import type { Net, Output, Player, Scorer } from "./network.ts";
import type { Random } from "./kernels/random_uniform.ts";
import type { Initialiser, Pace, Shape, Variable } from "./variables.ts";

/** What teaches: nobody, one network, or several in order. */
export type Teachers = undefined | Net | readonly Net[];

/** Something for each teacher, in the shape that the teachers come in. */
export type Each<T extends Teachers, One extends "player" | "output"> = T extends Net
  ? One extends "player" ? Player<T> : Output<T>
  : T extends readonly Net[] ? {
      readonly [K in keyof T]: T[K] extends Net ? One extends "player" ? Player<T[K]> : Output<T[K]> : never;
    }
  : undefined;

/** Makes what a method needs beside the student: layers, trainable copies of networks, memories. */
export interface Create {
  /** A layer over inputs of `shape`, with its variables. */
  (layer: Layer, shape: Shape): Module;
  /** A network like `recipe` for the same images and classes; it starts from `from`'s values where given, else anew. */
  <N extends Net>(recipe: N, options?: { from?: Player<N> }): Player<N>;
  /** A variable that no gradient changes: a memory, written through `writes`. */
  memory(name: string, shape: Shape, initial: Initialiser): Variable;
  /** The same, under a name of its own. */
  in(name: string): Create;
  /** The same, at another pace. */
  at(pace: Pace): Create;
}

/** What a method is given to build from, once, before any step. */
export interface Cast<S extends Net, T extends Teachers> {
  /** Makes what the method needs. */
  readonly create: Create;
  /** The network that learns. */
  readonly student: Player<S>;
  /** The network or networks that teach. */
  readonly teacher: Each<T, "player">;
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
export interface Step<S extends Net, T extends Teachers> {
  /** The student's live pass. */
  readonly student: Output<S>;
  /** The frozen pass of the teacher or teachers; no gradient flows into it. */
  readonly teacher: Each<T, "output">;
  /** The augmented, normalised images, [batch, height, width, channels]. */
  readonly image: Tensor;
  /** The class of each image, int32 [batch]. */
  readonly label: Tensor;
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
  /** The task's loss for each sample, [batch]. */
  task(output: Output<Scorer>): Tensor;
  /** Which samples learn at a spot, [batch] of 0 and 1; undefined: all of them. */
  mask(spot: string): Tensor | undefined;
}

/** A weight, a number or a scalar tensor, and one number per sample, [batch]. */
export type Term = readonly [weight: number | Tensor, perSample: Tensor];

/** The named terms whose weighted means are added up. */
export type Terms = { readonly [name: string]: Term };

/** Terms, and what a method remembers from one step to the next. */
export interface Remembering {
  /** The terms. */
  readonly terms: Terms;
  /** Each memory's next value, written once after the update. */
  readonly writes: readonly (readonly [Variable, Tensor])[];
}

/** What a step costs: traced once. */
export type Loss<S extends Net, T extends Teachers> = (step: Step<S, T>) => Terms | Remembering;

/**
 * A method of distillation. `S` and `T` are what it needs of the student and of what teaches: a network with more taps
 * fits, one with fewer is a compile error.
 */
export interface Distiller<S extends Net, T extends Teachers = undefined> {
  /** Its name in the papers' tables, lower-cased. */
  readonly id: string;
  /** Its options with the defaults filled in; part of the declaration. */
  readonly options: Json;
  /** The paper that introduces it, as it is cited; absent where there is none. */
  readonly paper?: string;
  /** Makes its variables, once, and gives the loss. */
  readonly build: (cast: Cast<S, T>) => Loss<S, T>;
}
