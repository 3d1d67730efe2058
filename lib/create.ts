import type { Create, Extra } from "./distiller.ts";
import type { Layer } from "./layers.ts";
import { build, type Net, type Player } from "./network.ts";
import { constant, type Shape, type Variables } from "./variables.ts";

/** Gives the values of what another method trained, over inputs of `shape`, by the names inside it; undefined: untrained. */
export type ExtraValues = (extra: Extra, shape: Shape) => ReadonlyMap<string, Float32Array> | undefined;

/**
 * What a distiller makes things with: below `scope`, for images of `image` and a number of classes, with the values that
 * `extras` gives of what others trained. Things are numbered in the order they are made.
 */
export function creator(
  scope: Variables,
  image: Shape,
  classes: number,
  extras: ExtraValues = () => undefined,
  numbers: { next: number } = { next: 0 },
): Create {
  function create(layer: Layer, shape: Shape): ReturnType<Layer>;
  function create(extra: Extra, shape: Shape): ReturnType<Layer>;
  function create<N extends Net>(recipe: N, options?: { from?: Player<N> }): Player<N>;
  function create(what: Layer | Extra | Net, how: Shape | { from?: Player } = {}): ReturnType<Layer> | Player {
    const below = scope.in(String(numbers.next++));
    if (typeof what === "function") return what(below, how as Shape);
    if ("layer" in what) return what.layer(below.frozen(extras(what, how as Shape)), how as Shape);
    return build(what, below, image, classes, (how as { from?: Player }).from);
  }
  return Object.assign(create, {
    memory: (name: string, shape: Shape, initial = constant(0)) =>
      scope.variable(name, shape, initial, { trainable: false }),
    in: (name: string) => creator(scope.in(name), image, classes, extras),
    at: (pace: Parameters<Variables["at"]>[0]) => creator(scope.at(pace), image, classes, extras, numbers),
  });
}
