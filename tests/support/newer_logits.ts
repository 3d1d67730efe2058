/** The check of a method of logits against a case of `newer_methods.json`. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { GivenNumbers } from "../../lib/evaluation/given_network.ts";
import { lossOn } from "../../lib/evaluation/loss_on.ts";
import type { Distiller, HardLabels } from "../../lib/experiment/distiller.ts";
import type { Scorer } from "../../lib/nn/network.ts";
import { everything, needs } from "./needs.ts";
import { flatten, newerCase } from "./newer_methods.ts";
import { assertNear } from "./tolerance.ts";

/** Registers a test of the terms and the gradients, compiled and on tfjs's own backend. */
export async function newerLogits(
  name: string,
  method: () => Distiller<Scorer, Scorer, HardLabels>,
  epoch = 1,
): Promise<void> {
  await needs(everything, `${name}: values and gradients of the paper's formula`, async () => {
    const { inputs, terms, gradients } = await newerCase(name);
    for (const backend of ["cpu", "tensorflow"] as const) {
      const ours = await lossOn(method(), {
        student: { logits: inputs.student },
        teacher: { logits: inputs.teacher },
        label: [...flatten(inputs.label)],
        epoch,
        backend,
      });
      assertEquals(Object.keys(ours.terms), Object.keys(terms));
      for (const [term, value] of Object.entries(terms)) {
        assertAlmostEquals(ours.terms[term], value, 1e-5 * Math.max(1, Math.abs(value)), term);
      }
      assertEquals(Object.keys(ours.gradients), Object.keys(gradients));
      for (const [variable, value] of Object.entries<GivenNumbers>(gradients)) {
        assertNear(`${backend}: ${variable}`, ours.gradients[variable], flatten(value), 1e-4);
      }
    }
  });
}
