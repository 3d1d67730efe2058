/** The tests that every method has to pass. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { Distiller, Teachers } from "../../lib/experiment/distiller.ts";
import { listValues } from "../../lib/training/list_values.ts";
import { type Kind, open } from "./engines.ts";
import { everything, needs } from "./needs.ts";
import { rolesOf } from "./roles_of.ts";
import { assertNear } from "./tolerance.ts";
import type { Toy } from "./toy.ts";
import { flat, type Options, training } from "./toy_training.ts";

/** Registers these tests. `options` are those of `training`. */
export async function method<T extends Teachers, S extends Toy = Toy>(
  name: string,
  distiller: () => Distiller<S, T, never>,
  options: Options<T, S> = {},
): Promise<void> {
  // A first velocity is a gradient: of the student and of the method's own variables. The losses
  // are of five steps.
  const trainOn = async (kind: Kind) => {
    const engine = await open(kind);
    const before = tf.memory().numTensors;
    const { step, read } = await training(engine, distiller(), options);
    const losses = [await step()];
    const student = flat(await read("velocity.student."));
    const own = flat(await read("velocity.distiller."));
    while (losses.length < 5) losses.push(await step());
    engine.close();
    assertEquals(tf.memory().numTensors, before, "tensors are left over");
    return { student, own, losses };
  };

  Deno.test(`${name}: everything trainable moves and no teacher does`, async () => {
    const engine = await open("cpu");
    const before = tf.memory().numTensors;
    const { step, read, collected, frozenVariables } = await training(engine, distiller(), options);
    const start = await read("");
    await step();
    for (const [variable, value] of await read("")) {
      // The batch's mean cancels a bias before a norm. Only the running mean depends on it.
      if (/(stem|gate\.0\.score|connector_\w+\.0\.0)\.bias$/.test(variable)) continue;
      const { fixed } = collected.get(variable)!;
      const stays = fixed || frozenVariables.has(collected.get(variable)!);
      (stays ? assertEquals : assertNotEquals)(value, start.get(variable)!, variable);
    }
    engine.close();
    assertEquals(tf.memory().numTensors, before, "tensors are left over");
  });

  Deno.test(`${name}: the terms of labels have the role \`task\`, by their names`, async () => {
    const roles = await rolesOf(distiller(), options);
    for (const [term, role] of Object.entries(roles)) {
      assertEquals(role, /(^|_)task$|^labels/.test(term) ? "task" : undefined, term);
    }
  });

  Deno.test(`${name}: equal seeds give equal steps, other seeds other ones`, async () => {
    const engine = await open("cpu");
    const loss = async (seed: number) => {
      const { step } = await training(engine, distiller(), { ...options, seed });
      return await step();
    };
    const first = await loss(3);
    assertEquals(await loss(3), first);
    assertNotEquals((await loss(4)).loss, first.loss);
    engine.close();
  });

  await needs(
    everything,
    `${name}: a step is the same compiled, eager and on tfjs's own backend`,
    async () => {
      const compiled = await trainOn("compiled");
      for (const kind of ["eager", "cpu"] as const) {
        const other = await trainOn(kind);
        assertNear(`${kind}: the student's gradient`, other.student, compiled.student, 1e-5);
        if (compiled.own.length > 0) {
          assertNear(
            `${kind}: the method's own gradient`,
            other.own,
            compiled.own,
            1e-5,
          );
        }
        for (const [i, values] of compiled.losses.entries()) {
          const ours = listValues(values);
          const theirs = listValues(other.losses[i]);
          assertEquals(theirs.map(([name]) => name), ours.map(([name]) => name));
          for (const [j, [name, [value]]] of ours.entries()) {
            const off = Math.abs(value - theirs[j][1][0]) / Math.max(1, Math.abs(value));
            // A difference of rounding grows from step to step.
            const allowed = i < 3 ? 1e-4 : 5e-4;
            assert(off < allowed, `${kind}: ${name} of step ${i + 1} is ${off} away`);
          }
        }
      }
    },
  );
}
