import { Failure } from "../values/failure.ts";
import { buildModel, type Net } from "./network.ts";
import { type Shape, sizeOf, type Variable, variables } from "./variables.ts";

/** A stage of a network, with the name of its tap. */
export interface StageDescription {
  readonly name: string;
  /** The tap's shape for one sample. */
  readonly shape: Shape;
  /** Number of trainable values. */
  readonly parameters: number;
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
  /** Number of trainable values. */
  readonly parameters: number;
  /** Multiply-adds for one sample. */
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
  const recipes = Object.entries(network.stages(classes, image));
  const stages = recipes.map(([name, stage]): StageDescription => {
    const collected = new Map<string, Variable>();
    const { shape, nextShape = shape, multiplyAdds, productMultiplyAdds = 0 } = stage(
      variables({ seed: 0, collected }),
      input,
    );
    if (sizeOf(shape) === 0) {
      throw new Failure(
        2,
        `images of ${image.join("×")} are too small for ${network.id}: nothing is left in ${name}`,
      );
    }
    const trainable = [...collected.values()].filter(({ trainable }) => trainable);
    input = nextShape;
    return {
      name,
      shape,
      parameters: total(trainable, ({ shape }) => sizeOf(shape)),
      multiplyAdds,
      productMultiplyAdds,
    };
  });
  return {
    id: network.id,
    stages,
    parameters: total(stages, ({ parameters }) => parameters),
    multiplyAdds: total(stages, ({ multiplyAdds }) => multiplyAdds),
    productMultiplyAdds: total(stages, ({ productMultiplyAdds }) => productMultiplyAdds),
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
