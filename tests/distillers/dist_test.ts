import { assert, assertAlmostEquals } from "@std/assert";
import { dist } from "../../lib/distillers/dist.ts";
import { type LogitInputs, measured } from "../support/logits.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";

await method("dist", () => dist());

const taps = { student: { logits: [5] }, teacher: { logits: [5] } };
masks("dist", () => dist(), taps);
masks("dist of standardised logits", () => dist({ standardised: true }), taps);

const rows: LogitInputs["student"] = [[1, 2, 0.5, 3], [3, -1, 0, 1], [0, 1, 2, -1]];

Deno.test("dist: a student that agrees costs nothing, one that contradicts at most twice τ²", async () => {
  const temperature = 4;
  const distiller = dist({ temperature, beta: 1, gamma: 1, ce: 0 });
  const { terms } = await measured(distiller, { student: rows, teacher: rows, label: [0, 1, 2] });
  assertAlmostEquals(terms.inter, 0, 1e-5);
  assertAlmostEquals(terms.intra, 0, 1e-5);
  const opposite = [[0, 10], [10, 0]];
  const teacher = [[10, 0], [0, 10]];
  const { terms: { inter, intra } } = await measured(distiller, {
    student: opposite,
    teacher,
    label: [0, 1],
  });
  assertAlmostEquals(inter, 2 * temperature ** 2, 1e-4);
  assertAlmostEquals(intra, 2 * temperature ** 2, 1e-4);
});

Deno.test("dist: equal classes and equal samples, without a correlation, cost τ² with finite gradients", async () => {
  const flat = [[1, 1, 1], [1, 1, 1]];
  const teacher = [[2, 0, 1], [2, 0, 1]];
  const { terms, gradient } = await measured(dist({ temperature: 1, beta: 1, gamma: 1 }), {
    student: flat,
    teacher,
    label: [0, 1],
  });
  assertAlmostEquals(terms.inter, 1, 1e-5);
  assertAlmostEquals(terms.intra, 1, 1e-5);
  assert(gradient.every(Number.isFinite));
});
