import { build, type Net } from "./network.ts";
import { type Shape, variables } from "./variables.ts";

/** The shapes of a network's variables by their names inside it, for images of `image` and a number of classes. */
export function variableShapes(network: Net, image: Shape, classes: number): Map<string, Shape> {
  const { variables: made } = build(network, variables({ seed: 0, collected: new Map() }), image, classes);
  return new Map(made.map(({ name, shape }) => [name, shape]));
}
