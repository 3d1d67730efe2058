import type { Create, TrainedModule } from "../experiment/distiller.ts";
import type { Layer } from "../nn/layer.ts";
import { buildModel, type Model, type Net } from "../nn/network.ts";
import {
  constant,
  namesBelow,
  type Shape,
  starting,
  type Variable,
  type Variables,
} from "../nn/variables.ts";

/**
 * Gives the values of what another method trained, over inputs of `shape`, by the names inside it;
 * undefined: untrained.
 */
export type ModuleValues = (
  module: TrainedModule,
  shape: Shape,
) => ReadonlyMap<string, Float32Array> | undefined;

/** The modules that methods hand to one another. */
export interface ModuleExchange {
  /** The values of the modules that the method takes. Default: untrained ones. */
  readonly taken?: ModuleValues;
  /** The modules that the method trains for others, by name. Default: none. */
  readonly trained?: { readonly [name: string]: Layer };
  /**
   * Where the variables of each of these are put once it is made, by the names inside it. Default:
   * nowhere.
   */
  readonly made?: Map<string, ReadonlyMap<string, Variable>>;
}

/**
 * What a distiller makes things with: below `scope`, for images of `image` and a number of classes,
 * with the modules that are handed to it and on. Things are numbered in the order they are made.
 */
export function createWithin(
  scope: Variables,
  image: Shape,
  classes: number,
  { taken = () => undefined, trained = {}, made = new Map() }: ModuleExchange = {},
  numbers: { next: number } = { next: 0 },
): Create<string> {
  function create(layer: Layer, shape: Shape): ReturnType<Layer>;
  function create(module: TrainedModule, shape: Shape): ReturnType<Layer>;
  function create<N extends Net>(recipe: N, options?: { from?: Model<N> }): Model<N>;
  function create(
    what: Layer | TrainedModule | Net,
    how: Shape | { from?: Model } = {},
  ): ReturnType<Layer> | Model {
    const below = scope.in(String(numbers.next++));
    if (typeof what === "function") return what(below, how as Shape);
    if (what.kind === "module") {
      return what.layer(below.frozen(taken(what, how as Shape)), how as Shape);
    }
    return buildModel(what, below, image, classes, (how as { from?: Model }).from);
  }
  return Object.assign(create, {
    trainedModule(name: string, shape: Shape) {
      if (!Object.hasOwn(trained, name)) {
        throw new Error(`the method makes a ${name}, which is not among its trainedModules`);
      }
      // The number that any first thing of this name has: files of weights have it in their names.
      const below = scope.in(name).in("0");
      const variables: Variable[] = [];
      const module = trained[name](starting(below, [], variables), shape);
      made.set(name, namesBelow(below, variables));
      return module;
    },
    memory: (name: string, shape: Shape, initial = constant(0)) =>
      scope.variable(name, shape, initial, { trainable: false }),
    in: (name: string) => createWithin(scope.in(name), image, classes, { taken }),
    at: (pace: Parameters<Variables["at"]>[0]) =>
      createWithin(scope.at(pace), image, classes, { taken, trained, made }, numbers),
  });
}
