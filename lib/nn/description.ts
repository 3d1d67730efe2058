import { Failure } from "../values/failure.ts";
import { buildModel, type Net } from "./network.ts";
import type { Earlier, Stage, StageModule } from "./stage.ts";
import { type Shape, sizeOf, type Variable, variables } from "./variables.ts";

/** A stage of a network, with the name of its tap, or a head. */
export interface StageDescription {
  readonly name: string;
  /** The tap's shape for one sample. */
  readonly shape: Shape;
  /** Number of learned values. */
  readonly parameters: number;
  /** Those of them that are frozen in this network. */
  readonly frozen: number;
  /** Multiply-adds for one sample. */
  readonly multiplyAdds: number;
  /** Those of them in products of two activations, as in attention. */
  readonly productMultiplyAdds: number;
}

/** The stages and sizes of a network. */
export interface Description {
  readonly id: string;
  /** The stages in the order they run. */
  readonly stages: readonly StageDescription[];
  /** The heads, which run on demand: their multiply-adds are for one input of theirs. */
  readonly heads: readonly StageDescription[];
  /** Number of learned values, in heads too. */
  readonly parameters: number;
  /** Those of them that are frozen in this network. */
  readonly frozen: number;
  /** Multiply-adds for one sample, without heads. */
  readonly multiplyAdds: number;
  /** Those of them in products of two activations, as in attention. */
  readonly productMultiplyAdds: number;
}

/**
 * Describes a network for images of shape `image` and `classes` classes. Makes no tensor. Throws a
 * `Failure` (exit 2) if the images are too small for it.
 */
export function description(network: Net, image: Shape, classes: number): Description {
  let input = image;
  const shapes: Record<string, Shape> = {};
  const stages = Object.entries(network.stages(classes, image)).map(([name, stage]) => {
    const { module, ...described } = describe(name, stage, input, shapes);
    if (sizeOf(module.shape) === 0) {
      throw new Failure(
        2,
        `images of ${image.join("×")} are too small for ${network.id}: nothing is left in ${name}`,
      );
    }
    shapes[name] = module.shape;
    input = module.nextShape ?? module.shape;
    return described;
  });
  const heads = Object.entries(network.heads?.(classes, shapes) ?? {})
    .map(([name, { input, stage }]) => {
      const { module: _, ...described } = describe(name, stage, input, shapes);
      return described;
    });
  const all = [...stages, ...heads];
  return {
    id: network.id,
    stages,
    heads,
    parameters: total(all, ({ parameters }) => parameters),
    frozen: total(all, ({ frozen }) => frozen),
    multiplyAdds: total(stages, ({ multiplyAdds }) => multiplyAdds),
    productMultiplyAdds: total(stages, ({ productMultiplyAdds }) => productMultiplyAdds),
  };
}

/** Describes a stage, with its module. */
function describe(
  name: string,
  stage: Stage,
  input: Shape,
  shapes: Earlier<Shape>,
): StageDescription & { readonly module: StageModule } {
  const collected = new Map<string, Variable>();
  const module = stage(variables({ seed: 0, collected }), input, shapes);
  const learned = [...collected.values()].filter(({ trainable }) => trainable);
  const { shape, multiplyAdds, productMultiplyAdds = 0 } = module;
  return {
    name,
    shape,
    parameters: total(learned, ({ shape }) => sizeOf(shape)),
    frozen: total(learned.filter(({ fixed }) => fixed), ({ shape }) => sizeOf(shape)),
    multiplyAdds,
    productMultiplyAdds,
    module,
  };
}

function total<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0);
}

/**
 * The shapes of a network's variables, by their names inside the network, for images of shape
 * `image` and `classes` classes.
 */
export function variableShapes(network: Net, image: Shape, classes: number): Map<string, Shape> {
  const { variables: all } = buildModel(
    network,
    variables({ seed: 0, collected: new Map() }),
    image,
    classes,
  );
  return new Map(all.map(({ name, shape }) => [name, shape]));
}
