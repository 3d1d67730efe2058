import type { Tensor } from "../kernels/tensor.ts";
import { Failure } from "../values/failure.ts";
import type { Json } from "../values/json.ts";
import { didYouMean } from "../values/suggest.ts";
import type { Norm } from "./layer.ts";
import type { Pass } from "./pass.ts";
import type { LayerNames, Stage, StageModule, StageOutput } from "./stage.ts";
import { type Shape, starting, type Variable, type Variables } from "./variables.ts";

/** Named stages, in the order they run. */
export type Stages<S extends string> = { readonly [K in S]: Stage };

/**
 * A network as it is declared: an ordered record of named stages. Its keys are its taps; a network
 * with more taps fits where one with fewer is asked for.
 */
export interface Net<S extends string = string> {
  /** A network has none: what is trained says its own. */
  readonly kind?: undefined;
  /** Its name in the papers' tables, lower-cased, e.g. `resnet8x4`. */
  readonly id: string;
  /** What it was made with, beside its name; part of the declaration. */
  readonly options: Json;
  /** Its stages for a data set of this many classes. */
  readonly stages: (classes: number) => Stages<S>;
  /**
   * What the layer at a path, e.g. `block1.0.body.2`, is called in the reference implementations'
   * weights; undefined where there is none. Absent where the network has no reference: its weights
   * then go in and out by our names only.
   */
  readonly names?: (path: string) => LayerNames | undefined;
  /**
   * The images and classes that it is described for unless others are asked for. Default: 32 × 32
   * in 100 classes.
   */
  readonly usual?: Usual;
}

/** The images and classes that a network was designed for. */
export interface Usual {
  /** Height and width of the images. */
  readonly size: number;
  /** How many classes there are. */
  readonly classes: number;
}

/** A network that scores classes: its last stage is `logits`, [batch, classes]. */
export type Scorer = Net<"logits">;

/** A network over images that pools its last map into a vector and scores classes from it. */
export type Classifier<S extends string = never> = Net<S | "pooled" | "logits">;

/** The taps of a network. */
export type Tap<N extends Net> = keyof ReturnType<N["stages"]> & string;

/**
 * A classifier of these stages, with the names of its layers in the reference implementations where
 * there are some, and the images and classes that it was designed for.
 */
export function classifier<S extends string>(
  id: string,
  options: Json,
  stages: (classes: number) => Stages<S | "pooled" | "logits">,
  names?: (path: string) => LayerNames | undefined,
  usual?: Usual,
): Classifier<S> {
  return { id, options, stages, names, usual };
}

/** What running a network gives: every tap, before and after its last ReLU. */
export interface Output<N extends Net = Net> {
  /** Each stage's output, [batch, …shape]. */
  readonly taps: { readonly [K in Tap<N>]: Tensor };
  /** Each stage's output before its last ReLU. */
  readonly pre: { readonly [K in Tap<N>]: Tensor };
  /** What each stage hands on to the stage after it. */
  readonly next: { readonly [K in Tap<N>]: Tensor };
}

/**
 * The output of which only the scores are known, [batch, classes]: what a method scores without a
 * whole network.
 */
export function outputOf(logits: Tensor): Output<Scorer> {
  const only = { logits };
  return { taps: only, pre: only, next: only };
}

/** A network that has its variables. */
export interface Model<N extends Net = Net> {
  /** What it was made from, so that copies and peers can be made. */
  readonly recipe: N;
  /**
   * Each tap's shape for one sample. Asking for a tap that is not there throws a `Failure` (exit
   * 2).
   */
  readonly shapes: { readonly [K in Tap<N>]: Shape };
  /** Its variables, in the order they were made. */
  readonly variables: readonly Variable[];
  /**
   * Each stage's own variables, those it opens with among them: those of `logits` are the head's
   * weight and bias.
   */
  readonly parts: { readonly [K in Tap<N>]: readonly Variable[] };
  /**
   * The norm that a tap's `pre` comes from. Asking where there is none throws a `Failure` (exit 2).
   */
  norm(name: Tap<N>): Norm;
  /** Trainable numbers. */
  readonly parameters: number;
  /** Multiply-adds for one sample. */
  readonly multiplyAdds: number;
  /** Runs it on a batch of images. */
  run(images: Tensor, pass: Pass): Output<N>;
  /**
   * Runs one stage on what the stage before gave it: its `next` where it has one, else its `out`.
   */
  stage(name: Tap<N>, x: Tensor, pass: Pass): StageOutput;
  /** What the stage behind this one takes where this one's output is `out`. */
  hand(name: Tap<N>, out: Tensor, pass: Pass): Tensor;
}

/**
 * Makes a network's variables for images of `input` and a number of classes. With `from`, another
 * one of the same recipe, each starts at the values of its counterpart there.
 */
export function buildModel<N extends Net>(
  recipe: N,
  create: Variables,
  input: Shape,
  classes: number,
  from?: Model<N>,
): Model<N> {
  const made: Variable[] = [];
  const scope = starting(create, from?.variables ?? [], made);
  const modules: [string, StageModule][] = [];
  const parts: [string, readonly Variable[]][] = [];
  let shape = input;
  let opening: readonly Variable[] = [];
  for (const [name, described] of Object.entries(recipe.stages(classes))) {
    const before = made.length;
    const module = described(scope.in(name), shape);
    modules.push([name, module]);
    const own = made.slice(before).filter((variable) => !module.opening?.includes(variable));
    parts.push([name, [...opening, ...own]]);
    opening = module.opening ?? [];
    shape = module.shape;
  }
  const byName = known(recipe, Object.fromEntries(modules));
  return {
    recipe,
    shapes: known(recipe, record(modules, (module) => module.shape)) as Model<N>["shapes"],
    variables: made,
    parts: known(recipe, Object.fromEntries(parts)) as Model<N>["parts"],
    norm(name) {
      const { norm } = byName[name];
      if (!norm) {
        throw new Failure(
          2,
          `${recipe.id} has no norm before the last ReLU of ${name}: choose another tap`,
        );
      }
      return norm;
    },
    parameters: made.filter((variable) => variable.trainable)
      .reduce((sum, variable) => sum + variable.shape.reduce((a, b) => a * b, 1), 0),
    multiplyAdds: modules.reduce((sum, [, module]) => sum + module.multiplyAdds, 0),
    run(images, pass) {
      let x = images;
      const outputs = modules.map(([name, module]): [string, StageOutput] => {
        const output = module(x, pass);
        x = output.next ?? output.out;
        return [name, output];
      });
      const taps = known(recipe, record(outputs, ({ out }) => out));
      const pre = known(recipe, record(outputs, ({ pre }) => pre));
      const next = known(recipe, record(outputs, ({ out, next }) => next ?? out));
      return { taps, pre, next } as Output<N>;
    },
    stage: (name, x, pass) => byName[name](x, pass),
    hand: (name, out, pass) => byName[name].hand?.(out, pass) ?? out,
  };
}

function record<T, U>(
  entries: readonly (readonly [string, T])[],
  value: (item: T) => U,
): Record<string, U> {
  return Object.fromEntries(entries.map(([name, item]) => [name, value(item)]));
}

/**
 * The tap of a network's last map, [height, width, channels]. Throws a `Failure` (exit 2) where it
 * has none.
 */
export function lastMap<N extends Net>({ recipe, shapes }: Model<N>): Tap<N> {
  const last = Object.entries<Shape>(shapes).findLast(([, shape]) => shape.length === 3);
  if (!last) {
    throw new Failure(2, `${recipe.id} has no map, [height, width, channels]: choose a tap`);
  }
  return last[0] as Tap<N>;
}

/** The variables of the stages behind the last of these taps. */
export function variablesBehind<N extends Net>(
  { parts }: Model<N>,
  taps: readonly Tap<N>[],
): Variable[] {
  const stages = Object.entries<readonly Variable[]>(parts);
  const last = stages.findLastIndex(([name]) => taps.some((tap) => tap === name));
  return stages.slice(last + 1).flatMap(([, variables]) => variables);
}

/**
 * The same record, refusing a tap that it does not have: the compiler sees it first, unless it was
 * talked out of it.
 */
function known<T>({ id }: Net, taps: Record<string, T>): Record<string, T> {
  return new Proxy(taps, {
    get(taps, name) {
      if (typeof name === "symbol" || Object.hasOwn(taps, name)) return Reflect.get(taps, name);
      const names = Object.keys(taps);
      throw new Failure(
        2,
        `${id} has no tap ${name}; it has ${names.join(", ")}${didYouMean(name, names)}`,
      );
    },
  });
}
