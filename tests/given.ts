import type { Net, Stage } from "../lib/network.ts";
import { constant, type Shape } from "../lib/variables.ts";

/**
 * A network whose taps are variables named `<tap>.value`, of these shapes (the batch included): what a method makes of
 * outputs can then be measured on any outputs, and the gradients that it gives them read.
 */
export function given<S extends string>(shapes: { readonly [K in S]: Shape }): Net<S> {
  const stage = (shape: Shape): Stage => (create) => {
    const value = create.variable("value", shape, constant(0));
    const run: ReturnType<Stage> = Object.assign(
      (_: unknown, pass: Parameters<ReturnType<Stage>>[1]) => ({ out: pass.read(value), pre: pass.read(value) }),
      { shape: shape.slice(1), multiplyAdds: 0 },
    );
    return run;
  };
  const stages = Object.fromEntries(Object.entries<Shape>(shapes).map(([tap, shape]) => [tap, stage(shape)]));
  return { id: "given", options: {}, stages: () => stages as { [K in S]: Stage } };
}
