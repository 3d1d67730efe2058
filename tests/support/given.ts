import type { Norm } from "../../lib/nn/layer.ts";
import type { Net } from "../../lib/nn/network.ts";
import type { Stage } from "../../lib/nn/stage.ts";
import { constant, type Shape, type Variables } from "../../lib/nn/variables.ts";

/**
 * A network whose taps are variables named `<tap>.value`, of these shapes (the batch included):
 * what a method makes of outputs can then be measured on any outputs, and the gradients that it
 * gives them read. The taps in `normed` have a norm behind them, with variables of the usual names,
 * that is not applied.
 */
export function given<S extends string>(
  shapes: { readonly [K in S]: Shape },
  normed: readonly string[] = [],
): Net<S> {
  const stage = (tap: string, shape: Shape): Stage => (create) => {
    const value = create.variable("value", shape, constant(0));
    const norm = normed.some((name) => name === tap) ? unapplied(create, shape.at(-1)!) : undefined;
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

function unapplied(create: Variables, channels: number): Norm {
  const variable = (name: string, value: number) =>
    create.variable(name, [channels], constant(value));
  return {
    scale: variable("scale", 1),
    offset: variable("offset", 0),
    mean: variable("mean", 0),
    variance: variable("variance", 1),
  };
}
