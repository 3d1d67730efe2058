import { type Distiller, type Teachers, withMemory } from "../../lib/experiment/distiller.ts";
import type { Net } from "../../lib/nn/network.ts";

/** Reduces a method to these terms. */
export function keepTerms<S extends Net, T extends Teachers, D>(
  distiller: Distiller<S, T, D>,
  ...names: readonly string[]
): Distiller<S, T, D> {
  return {
    ...distiller,
    build(context) {
      const loss = distiller.build(context);
      return (step) => {
        const { terms } = withMemory(loss(step));
        return Object.fromEntries(names.map((name) => [name, terms[name]]));
      };
    },
  };
}
