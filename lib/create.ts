import type { Create } from "./distiller.ts";
import type { Layer } from "./layers.ts";
import { build, type Net, type Player } from "./network.ts";
import { constant, type Shape, type Variables } from "./variables.ts";

/**
 * What a distiller makes things with: below `scope`, for images of `image` and a number of classes. Things are numbered
 * in the order they are made.
 */
export function creator(scope: Variables, image: Shape, classes: number, numbers = { next: 0 }): Create {
  function create(layer: Layer, shape: Shape): ReturnType<Layer>;
  function create<N extends Net>(recipe: N, options?: { from?: Player<N> }): Player<N>;
  function create(what: Layer | Net, how: Shape | { from?: Player } = {}): ReturnType<Layer> | Player {
    const below = scope.in(String(numbers.next++));
    if (typeof what === "function") return what(below, how as Shape);
    return build(what, below, image, classes, (how as { from?: Player }).from);
  }
  return Object.assign(create, {
    memory: (name: string, shape: Shape, initial = constant(0)) =>
      scope.variable(name, shape, initial, { trainable: false }),
    in: (name: string) => creator(scope.in(name), image, classes),
    at: (pace: Parameters<Variables["at"]>[0]) => creator(scope.at(pace), image, classes, numbers),
  });
}
