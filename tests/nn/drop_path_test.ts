import { assert, assertEquals } from "@std/assert";
import type { StepFunction } from "../../lib/engine/engine.ts";
import { randomOf } from "../../lib/kernels/random_uniform.ts";
import { dropPath, dropPathRates } from "../../lib/nn/drop_path.ts";
import { passes } from "../../lib/nn/pass.ts";
import { variables } from "../../lib/nn/variables.ts";
import { open } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";

Deno.test("drop path: rates rise evenly from 0 to the last block's", () => {
  assertEquals(dropPathRates(0.5, 3), [0, 0.25, 0.5]);
  assertEquals(dropPathRates(0.5, 1), [0]);
});

await needs(
  everything,
  "drop path: drops other whole samples in each step, and scales the rest",
  async () => {
    const batch = 400;
    const drop = dropPath(0.75)(variables({ seed: 1, collected: new Map() }), [2]);
    const traced: StepFunction<"x" | "step"> = ({ x, step }) => {
      const { live } = passes(new Set(), undefined, randomOf(1, "student", step));
      return { values: { y: drop(x, live) }, updates: [] };
    };
    const ones = { shape: [batch, 2], data: new Float32Array(2 * batch).fill(1) };
    const drawn: Float32Array[] = [];
    for (const kind of ["compiled", "cpu"] as const) {
      const engine = await open(kind);
      const run = engine.compile(traced);
      for (const step of [0, 1]) {
        const { y } = await run({ x: ones, step: { shape: [], data: Int32Array.of(step) } });
        drawn.push(Float32Array.from(y));
      }
      engine.close();
    }
    const [first, second, ...again] = drawn;
    assertEquals(again, [first, second]);
    assert(first.some((value, i) => value !== second[i]));
    for (const values of [first, second]) {
      assert(values.every((value, i) => (value === 0 || value === 4) && value === values[i ^ 1]));
      const kept = values.filter((value) => value > 0).length / values.length;
      assert(kept > 0.17 && kept < 0.33, `${kept} are kept`);
    }
  },
);
