import type { Tensor } from "../kernels/tensor.ts";
import { Failure } from "../values/failure.ts";
import type { Json } from "../values/json.ts";
import { didYouMean } from "../values/suggest.ts";
import type { Norm } from "./layer.ts";
import type { Pass } from "./pass.ts";
import { pure } from "./pure.ts";
import type { Earlier, LayerNames, Stage, StageModule, StageOutput } from "./stage.ts";
import { type Shape, sizeOf, startFrom, type Variable, type Variables } from "./variables.ts";

/** Named stages, in the order they run. */
export type Stages<S extends string> = { readonly [K in S]: Stage };

/** A stage that runs on demand, on an input that is no image: a detector's head on a region. */
export interface Head {
  /** The shape of the input for one sample. */
  readonly input: Shape;
  readonly stage: Stage;
}

/** Named heads. */
export type Heads<H extends string> = { readonly [K in H]: Head };

/**
 * The recipe of a network: an ordered record of named stages, whose keys are its taps. A network
 * with more taps fits a type with fewer.
 */
export interface Net<S extends string = string> {
  /** Always `undefined`, unlike the `kind` of trained networks and modules. */
  readonly kind?: undefined;
  /** The name in the papers' tables, in lower case, e.g. `resnet8x4`. */
  readonly id: string;
  /** The options of the network's factory. They are part of the declaration. */
  readonly options: Json;
  /** The stages for a data set with `classes` classes and images of the shape `image`. */
  readonly stages: (classes: number, image: Shape) => Stages<S>;
  /**
   * Stages that belong to the network but run on demand alone, with `Model.stage`. `shapes`: those of
   * all taps. Default: none.
   */
  readonly heads?: (classes: number, shapes: Earlier<Shape>) => Heads<string>;
  /**
   * The names of the layer at a path, e.g. `block1.0.body.2`, or of a variable that belongs to no
   * layer, in the reference implementations' weights; `undefined` if it has none there. Omit `names`
   * if the network has no reference: import and export then use our names only.
   */
  readonly names?: (path: string) => LayerNames | undefined;
  /**
   * The present name of a tensor in the reference's files by its name in older ones. Default: no
   * name has changed.
   */
  readonly presentName?: (name: string) => string;
  /**
   * The weights, [height, width, channels, units], that the reference has as those of a dense layer
   * on a flattened map: [units, channels · height · width]. Default: none.
   */
  readonly flattened?: readonly string[];
  /**
   * Converts a variable's values, of this shape, from a network for other images, e.g. the positions
   * of patches. Returns a text if it cannot, which says what the variable has, and `undefined` if the
   * variable is the same for all images. Default: all variables are.
   */
  readonly resize?: (
    variable: string,
    value: { readonly shape: Shape; readonly data: ArrayLike<number> },
    images: ResizedImages,
  ) => Float32Array | string | undefined;
  /**
   * The images and classes of the network's description, unless others are requested. Default: 32 ×
   * 32 in 100 classes.
   */
  readonly designSize?: DesignSize;
}

/** The shapes of the images that a network is converted from and to. */
export interface ResizedImages {
  /** `undefined` if a file does not name its images: they count as square. */
  readonly from: Shape | undefined;
  readonly to: Shape;
}

/** The images and classes that a network was designed for. */
export interface DesignSize {
  /** Height and width of the images. */
  readonly size: number;
  /** Number of classes. */
  readonly classes: number;
}

/** A network that scores classes: its last stage is `logits`, [batch, classes]. */
export type Scorer = Net<"logits">;

/** A network on images that pools its last map into a vector and scores classes from it. */
export type Classifier<S extends string = never> = Net<S | "pooled" | "logits">;

/**
 * A network of convolutions, for methods to which a transformer's taps are not enough: they need a
 * batch norm before a ReLU (`Model.norm`), or run the stages after a map that they have changed
 * (`Model.hand`). Every network fits that does not say which tokens it has, as transformers do.
 */
export interface Convolutional {
  /** Tokens that the network scores. */
  readonly tokens?: undefined;
}

/**
 * A network that scores `pooled` alone, for methods that score vectors of their own with its head.
 * Every network fits but a transformer with a distillation token.
 */
export interface SingleHead {
  /** Tokens that the network scores. */
  readonly tokens?: "class";
}

/** What a network, or the need of a method, says about tokens. */
export type TokensOf<N extends Net> = "tokens" extends keyof N ? Pick<N, "tokens"> : unknown;

/** The taps of a network. */
export type Tap<N extends Net> = keyof ReturnType<N["stages"]> & string;

/** The names of a network's heads. */
export type HeadOf<N extends Net> = N extends
  { readonly heads: (classes: number, shapes: Earlier<Shape>) => Heads<infer H> } ? H : never;

/**
 * Makes a classifier of these stages. `names` gives the layers' names in the reference
 * implementations, if there are any, `designSize` the images and classes that it was designed for.
 *
 * @example
 * ```ts
 * import { classifier, convNorm, dense, globalAveragePool, relu, stage } from "@retort/retort";
 *
 * export const tiny = classifier("tiny", {}, (classes) => ({
 *   stem: stage(convNorm(16), relu()),
 *   block1: stage(convNorm(32, { stride: 2 }), relu()),
 *   pooled: stage(globalAveragePool()),
 *   logits: stage(dense(classes)),
 * }));
 * ```
 */
export function classifier<S extends string>(
  id: string,
  options: Json,
  stages: (classes: number, image: Shape) => Stages<S | "pooled" | "logits">,
  names?: (path: string) => LayerNames | undefined,
  designSize?: DesignSize,
): Classifier<S> {
  return { id, options, stages, names, designSize };
}

/** The output of a network: every tap, before and after its last ReLU. */
export interface Output<N extends Net = Net> {
  /** Each stage's output, [batch, …shape]. */
  readonly taps: { readonly [K in Tap<N>]: Tensor };
  /** Each stage's output before its last ReLU. */
  readonly pre: { readonly [K in Tap<N>]: Tensor };
  /** Each stage's output for the next stage. */
  readonly next: { readonly [K in Tap<N>]: Tensor };
}

/** The output of a whole network in a pass, in which its heads can still run. */
export interface PassOutput<N extends Net = Net> extends Output<N> {
  /** The network. */
  readonly recipe: N;
  /** The images that it ran on, [batch, height, width, channels]. */
  readonly images: Tensor;
  /** The number of classes. */
  readonly classes: number;
  /** Runs a head on an input of its own, in the pass that made this output. */
  head(name: HeadOf<N>, x: Tensor): Tensor;
}

/**
 * An output with the scores only, [batch, classes]: those that a method computes without a whole
 * network.
 */
export function logitsOutput(logits: Tensor): Output<Scorer> {
  const only = { logits };
  return { taps: only, pre: only, next: only };
}

/** A network with its variables. */
export interface Model<N extends Net = Net> {
  /** The network, from which copies and peers can be made. */
  readonly recipe: N;
  /**
   * Each tap's shape for one sample. Throws a `Failure` (exit 2) if the network has no such tap.
   */
  readonly shapes: { readonly [K in Tap<N>]: Shape };
  /** The shape of each stage's `next` for one sample. */
  readonly nextShapes: { readonly [K in Tap<N>]: Shape };
  /** The taps that are maps, [height, width, channels], in the order of the stages. */
  readonly maps: readonly Tap<N>[];
  /** The shape of an image. */
  readonly image: Shape;
  /** The number of classes. */
  readonly classes: number;
  /** The variables, in the order of creation. */
  readonly variables: readonly Variable[];
  /**
   * Each stage's own variables, including those that it opens with, and each head's. Those of
   * `logits` are the weight and bias that score classes.
   */
  readonly parts: { readonly [K in Tap<N> | HeadOf<N>]: readonly Variable[] };
  /** The norm that a tap's `pre` comes from. Throws a `Failure` (exit 2) if there is none. */
  norm(name: Tap<N>): Norm;
  /** Number of learned values, in heads too, also of those that are frozen in this network. */
  readonly parameters: number;
  /** Multiply-adds for one sample, without heads. */
  readonly multiplyAdds: number;
  /** Runs the network on a batch of images. */
  run(images: Tensor, pass: Pass): PassOutput<N>;
  /**
   * Runs one stage on the output of the stage before, its `next` if it has one, else its `out`, or a
   * head on an input of its own. `taps`: the outputs of all stages before, for a stage that reads
   * some of them.
   */
  stage(name: Tap<N> | HeadOf<N>, x: Tensor, pass: Pass, taps?: Earlier<Tensor>): StageOutput;
  /**
   * The input of the next stage if this stage's output is `out`. Throws a `Failure` (exit 2) if the
   * output is only a part of that input, as a map of patches is of all tokens.
   */
  hand(name: Tap<N>, out: Tensor, pass: Pass): Tensor;
}

/**
 * Makes a network's variables for images of shape `image` and `classes` classes. With `from`,
 * another model of the same recipe, each variable starts at the values of its counterpart there.
 * Throws a `Failure` (exit 2) if a stage's name is a whole number, which JavaScript puts before all
 * others, or if a network of the user's own throws.
 */
export function buildModel<N extends Net>(
  recipe: N,
  create: Variables,
  image: Shape,
  classes: number,
  from?: Model<N>,
): Model<N> {
  const all: Variable[] = [];
  const scope = startFrom(create, from?.variables ?? [], all);
  const modules: [string, StageModule][] = [];
  const parts: [string, readonly Variable[]][] = [];
  const shapes: Record<string, Shape> = {};
  let input = image;
  let opening: readonly Variable[] = [];
  const stages = Object.entries(pure("build", () => recipe.stages(classes, image)));
  for (const [name, stage] of stages) {
    if (/^\d+$/.test(name)) {
      throw new Failure(
        2,
        `${recipe.id} has a stage called ${name}, which JavaScript puts before those with other ` +
          `names: call it block${name}`,
      );
    }
    const before = all.length;
    const module = pure("build", () => stage(scope.in(name), input, shapes));
    modules.push([name, module]);
    const own = all.slice(before).filter((variable) => !module.opening?.includes(variable));
    parts.push([name, [...opening, ...own]]);
    opening = module.opening ?? [];
    shapes[name] = module.shape;
    input = module.nextShape ?? module.shape;
  }
  const heads: [string, StageModule][] = [];
  const declared = Object.entries(pure("build", () => recipe.heads?.(classes, shapes) ?? {}));
  for (const [name, { input, stage }] of declared) {
    const before = all.length;
    heads.push([name, pure("build", () => stage(scope.in(name), input, shapes))]);
    parts.push([name, all.slice(before)]);
  }
  const byName = checkTaps(recipe, Object.fromEntries([...modules, ...heads]));
  return {
    recipe,
    shapes: checkTaps(recipe, shapes) as Model<N>["shapes"],
    nextShapes: checkTaps(
      recipe,
      record(modules, ({ shape, nextShape = shape }) => nextShape),
    ) as Model<N>["shapes"],
    maps: modules.flatMap(([name, { shape, isMap = shape.length === 3 }]) =>
      isMap ? [name as Tap<N>] : []
    ),
    image,
    classes,
    variables: all,
    parts: checkTaps(recipe, Object.fromEntries(parts)) as Model<N>["parts"],
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
    parameters: all.filter((variable) => variable.trainable)
      .reduce((sum, variable) => sum + sizeOf(variable.shape), 0),
    multiplyAdds: modules.reduce((sum, [, module]) => sum + module.multiplyAdds, 0),
    run(images, pass) {
      let x = images;
      const before: Record<string, Tensor> = {};
      const isDeclared = hasShape(images, image);
      const outputs = modules.map(([name, module]): [string, StageOutput] => {
        const output = module(x, pass, before);
        if (isDeclared && !hasShape(output.out, module.shape)) {
          throw new Failure(
            2,
            `the stage ${name} of ${recipe.id} gives [${
              output.out.shape.slice(1)
            }], but one of its ` +
              `layers declares [${module.shape}] as its shape`,
          );
        }
        before[name] = output.out;
        x = output.next ?? output.out;
        return [name, output];
      });
      const taps = checkTaps(recipe, before);
      const pre = checkTaps(recipe, record(outputs, ({ pre }) => pre));
      const next = checkTaps(recipe, record(outputs, ({ out, next }) => next ?? out));
      const head = (name: string, x: Tensor) => byName[name](x, pass).out;
      return { ...{ taps, pre, next } as Output<N>, recipe, images, classes, head };
    },
    stage: (name, x, pass, taps) => byName[name](x, pass, taps),
    hand(name, out, pass) {
      const { hand, nextShape } = byName[name];
      if (hand) return hand(out, pass);
      if (!nextShape) return out;
      throw new Failure(
        2,
        `the stage after ${name} of ${recipe.id} needs more than that tap: choose another tap`,
      );
    },
  };
}

/** Whether each sample of a batch has this shape. */
function hasShape(batch: Tensor, shape: Shape): boolean {
  return batch.shape.slice(1).join() === shape.join();
}

/**
 * Checks that a network that scores classes scores those of its data set. Throws a `Failure` (exit
 * 2) if it does not.
 */
export function checkScores({ recipe, shapes, classes }: Model): void {
  if (!("logits" in shapes) || shapes.logits.join() === String(classes)) return;
  throw new Failure(
    2,
    `${recipe.id} has logits of [${shapes.logits}], but the data set has ${classes} classes: ` +
      "make as many as `stages(classes)` is given",
  );
}

function record<T, U>(
  entries: readonly (readonly [string, T])[],
  value: (item: T) => U,
): Record<string, U> {
  return Object.fromEntries(entries.map(([name, item]) => [name, value(item)]));
}

/**
 * The tap of a network's last map, [height, width, channels]. Throws a `Failure` (exit 2) if it has
 * none.
 */
export function lastMap<N extends Net>({ recipe, maps }: Model<N>): Tap<N> {
  const last = maps.at(-1);
  if (last !== undefined) return last;
  throw new Failure(
    2,
    `${recipe.id} has no map, [height, width, channels]: take a network that has one`,
  );
}

/** The variables of the stages after the last of these taps. */
export function variablesAfter<N extends Net>(
  { parts }: Model<N>,
  taps: readonly Tap<N>[],
): Variable[] {
  const stages = Object.entries<readonly Variable[]>(parts);
  const last = stages.findLastIndex(([name]) => taps.some((tap) => tap === name));
  return stages.slice(last + 1).flatMap(([, variables]) => variables);
}

/**
 * The same record, but a tap that it does not have throws a `Failure` (exit 2). The compiler
 * reports this first, unless a cast hides it.
 */
function checkTaps<T>({ id }: Net, taps: Record<string, T>): Record<string, T> {
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
