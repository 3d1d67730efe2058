import type { Norm } from "../../lib/nn/layer.ts";
import type { Net } from "../../lib/nn/network.ts";
import type { Stage } from "../../lib/nn/stage.ts";
import { constant, type Shape, type Variables } from "../../lib/nn/variables.ts";

/**
 * A network whose taps are variables named `<tap>.value` of these shapes, batch included, so that a
 * test can run a method on any outputs and read their gradients. The taps in `normed` report a norm
 * with variables of the usual names, which is not applied.
 */
export function networkOfVariables<S extends string>(
  shapes: { readonly [K in S]: Shape },
  normed: readonly string[] = [],
): Net<S> {
  const stage = (tap: string, shape: Shape): Stage => (create) => {
    const value = create.variable("value", shape, constant(0));
    const norm = normed.some((name) => name === tap)
      ? makeUnusedNorm(create, shape.at(-1)!)
      : undefined;
    const run: ReturnType<Stage> = Object.assign(
      (_: unknown, pass: Parameters<ReturnType<Stage>>[1]) => ({
        out: pass.read(value),
        pre: pass.read(value),
      }),
      { shape: shape.slice(1), multiplyAdds: 0, norm },
    );
    return run;
  };
  const stages = Object.fromEntries(
    Object.entries<Shape>(shapes).map(([tap, shape]) => [tap, stage(tap, shape)]),
  );
  return { id: "given", options: {}, stages: () => stages as { [K in S]: Stage } };
}

function makeUnusedNorm(create: Variables, channels: number): Norm {
  const variable = (name: string, value: number) =>
    create.variable(name, [channels], constant(value));
  return {
    scale: variable("scale", 1),
    offset: variable("offset", 0),
    mean: variable("mean", 0),
    variance: variable("variance", 1),
  };
}
