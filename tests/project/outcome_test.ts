import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { Failure } from "../../lib/values/failure.ts";
import { loadExperiments } from "../../lib/project/identify.ts";
import { readOutcome, valuesOf } from "../../lib/project/outcome.ts";
import { needs } from "../support/needs.ts";
import { IMPORTS, project, recordToyTrial } from "../support/toy_project.ts";
import { trial } from "../support/trial.ts";

const MODULE =
  `${IMPORTS}export default experiment(import.meta, { dataset, student: resnet8, distiller: scratch(), schedule });`;

await needs(
  ["read", "write"],
  "readOutcome: a trial that counts has to fit the experiment's task",
  () =>
    project({ "a.ts": MODULE }, async (folder) => {
      const [{ experiment }] = await loadExperiments(join(folder, "a.ts"));
      const { metric } = trial(1, 70);
      await recordToyTrial(folder, "a.ts", trial(1, 70, { metric: { ...metric, kl: 300 } }));
      const found = await readOutcome(experiment, folder);
      assertEquals([found.path, found.measured.length], ["a.ts", 1]);
      const shown = [["top1", "last"], ["top1", "best"], ["kl", "last"], ["kl", "best"], [
        "map",
        "last",
      ]] as const;
      assertEquals(shown.map(([measure, epoch]) => valuesOf(found, measure, epoch)), [
        [70],
        [70.5],
        [300],
        [],
        [],
      ]);

      const wrong = [
        [
          { ...metric, top1: { last: 101, best: 101 } },
          "metric.top1.last has to be a number from 0 to 100, not 101",
        ],
        [{ top5: metric.top5 }, "metric.top1 is missing"],
      ] as const;
      for (const [metric, problem] of wrong) {
        // A trial that does not count may belong to another task.
        await recordToyTrial(folder, "a.ts", trial(2, 70, { metric, quick: true }));
        assertEquals((await readOutcome(experiment, folder)).quick, 1);
        await recordToyTrial(folder, "a.ts", trial(2, 70, { metric }));
        const failure = await assertRejects(() => readOutcome(experiment, folder), Failure);
        assertEquals(failure.exit, 3);
        assertStringIncludes(
          failure.message,
          `${join(folder, "a.json")} has a malformed trial of seed 2: ${problem}`,
        );
        await Deno.remove(join(folder, "a.json"));
      }
    }),
);
