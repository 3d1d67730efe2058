import { assert, assertEquals } from "@std/assert";
import { availableMemory, fittingTrials, measureStepMemory } from "../../lib/run/memory.ts";
import { prepare } from "../../lib/run/prepare.ts";
import { everything, needs } from "../support/needs.ts";
import { PAIR, toys } from "../support/toy_runs.ts";

Deno.test("fittingTrials: as many steps as fit into four fifths of the memory, at least one", () => {
  assertEquals(fittingTrials({ available: 100, step: 20 }), 4);
  assertEquals(fittingTrials({ available: 100, step: 81 }), 1);
  assertEquals(fittingTrials({ available: 100, step: 0 }), 80);
});

await needs(
  everything,
  "measureStepMemory: a step is measured, and the variables start as if there had been none",
  () =>
    toys(PAIR, async (toys) => {
      const experiment = await toys.experiment("teacher");
      const settings = toys.settings();
      const source = { experiment, teachers: [], stages: { modules: new Map() }, learned: [] };
      const prepared = await prepare([source], 1, settings);
      try {
        const [{ state }] = prepared.assemblies;
        const before = await prepared.engine.read(state);
        const { available, step } = await measureStepMemory(prepared, experiment, settings);
        assert(step >= 0 && step < available);
        assertEquals(await prepared.engine.read(state), before);
      } finally {
        prepared.close();
      }
    }),
);

Deno.test({
  name: "availableMemory: no more than the machine has",
  permissions: { sys: ["systemMemoryInfo"], read: ["/sys/fs/cgroup"] },
  fn() {
    const available = availableMemory();
    assert(available > 0 && available <= Deno.systemMemoryInfo().total);
  },
});
