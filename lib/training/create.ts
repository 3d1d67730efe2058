import type { Create, TrainedModule } from "../experiment/distiller.ts";
import { type Layer, type Module, module } from "../nn/layer.ts";
import { buildModel, type HeadOf, type Model, type Net } from "../nn/network.ts";
import {
  constant,
  type Initialiser,
  namesBelow,
  type Shape,
  startFrom,
  type Variable,
  type Variables,
} from "../nn/variables.ts";

/**
 * Returns the values of a module that another method trained, over inputs of `shape`, by the names
 * inside it. Returns `undefined` if there are none: the module is then untrained.
 */
export type ModuleValues = (
  module: TrainedModule,
  shape: Shape,
) => ReadonlyMap<string, Float32Array> | undefined;

/** What methods pass to each other, and what they create beside layers and networks. */
export interface ModuleExchange {
  /** Values of the modules that the method takes. Default: untrained ones. */
  readonly taken?: ModuleValues;
  /** The modules that the method trains for others, by name. Default: none. */
  readonly trained?: { readonly [name: string]: Layer };
  /**
   * Collects the variables of each of these modules once it is made, by the names inside it.
   * Default: not collected.
   */
  readonly made?: Map<string, ReadonlyMap<string, Variable>>;
  /** Collects the memories that the method creates. Default: not collected. */
  readonly memories?: Variable[];
}

/**
 * Returns the `create` of a build context: it makes things below `scope`, for images of `image` and
 * a number of classes, with the modules that the method takes and trains. Things are numbered in
 * order of creation.
 */
export function createWithin(
  scope: Variables,
  image: Shape,
  classes: number,
  {
    taken = () => undefined,
    trained = {},
    made = new Map(),
    memories = [],
  }: ModuleExchange = {},
  counter: { next: number } = { next: 0 },
): Create<string> {
  function create(layer: Layer, shape: Shape): ReturnType<Layer>;
  function create(module: TrainedModule, shape: Shape): ReturnType<Layer>;
  function create<N extends Net>(recipe: N, options?: { from?: Model<N> }): Model<N>;
  function create(
    recipe: Layer | TrainedModule | Net,
    argument: Shape | { from?: Model } = {},
  ): ReturnType<Layer> | Model {
    const below = scope.in(String(counter.next++));
    if (typeof recipe === "function") return recipe(below, argument as Shape);
    if (recipe.kind === "module") {
      return recipe.layer(below.frozen(taken(recipe, argument as Shape)), argument as Shape);
    }
    return buildModel(recipe, below, image, classes, (argument as { from?: Model }).from);
  }
  return Object.assign(create, {
    head<N extends Net>(
      { recipe, parts, shapes }: Model<N>,
      name: HeadOf<N>,
      { copied = false }: { copied?: boolean } = {},
    ): Module {
      const { input, stage } = recipe.heads!(classes, shapes)[name];
      const below = scope.in(String(counter.next++));
      const run = stage(startFrom(below, copied ? parts[name] : [], []), input, shapes);
      return module((x, pass) => run(x, pass).out, run.shape, run.multiplyAdds);
    },
    trainedModule(name: string, shape: Shape) {
      if (!Object.hasOwn(trained, name)) {
        throw new Error(`the method makes a ${name}, which is not among its trainedModules`);
      }
      // The number of the first thing below a name: weights files have it in their names.
      const below = scope.in(name).in("0");
      const variables: Variable[] = [];
      const module = trained[name](startFrom(below, [], variables), shape);
      made.set(name, namesBelow(below, variables));
      return module;
    },
    variable: (name: string, shape: Shape, initial: Initialiser) =>
      scope.variable(name, shape, initial),
    memory(name: string, shape: Shape, initial = constant(0)) {
      const memory = scope.variable(name, shape, initial, { trainable: false });
      memories.push(memory);
      return memory;
    },
    in: (name: string) => createWithin(scope.in(name), image, classes, { taken, memories }),
    at: (group: Parameters<Variables["at"]>[0]) =>
      createWithin(scope.at(group), image, classes, { taken, trained, made, memories }, counter),
  });
}
