import {
  type Distiller,
  type Role,
  type Teachers,
  withMemory,
} from "../../lib/experiment/distiller.ts";
import { open } from "./engines.ts";
import type { Toy } from "./toy.ts";
import { type Options, training } from "./toy_training.ts";

/** Collects the roles of a method's terms in the first step of a toy training, by name. */
export async function rolesOf<T extends Teachers, S extends Toy = Toy>(
  distiller: Distiller<S, T, never>,
  options: Options<T, S> = {},
): Promise<Record<string, Role | undefined>> {
  let roles: Record<string, Role | undefined> = {};
  const watched: Distiller<S, T, never> = {
    ...distiller,
    build(context) {
      const loss = distiller.build(context);
      return (step) => {
        const result = withMemory(loss(step));
        roles = Object.fromEntries(
          Object.entries(result.terms).map(([name, [, , role]]) => [name, role]),
        );
        return result;
      };
    },
  };
  const engine = await open("cpu");
  await (await training(engine, watched, options)).step();
  engine.close();
  return roles;
}
