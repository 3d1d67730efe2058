import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { Leases } from "../../lib/files/lease.ts";
import { checkQueue } from "../../lib/run/check_queue.ts";
import { type Claim, tryClaim } from "../../lib/run/claim.ts";
import { queue } from "../../lib/run/queue.ts";
import { runTrials } from "../../lib/run/run.ts";
import type { Settings } from "../../lib/run/settings.ts";
import { failureMessage } from "../support/failure_message.ts";
import { everything, needs } from "../support/needs.ts";
import { PAIR, toys, trialsOf } from "../support/toy_runs.ts";

/** Data sets that record each time they are opened, and teachers from elsewhere. */
const GIVEN = `
export const opens: string[] = [];
const counted = (name: string): typeof dataset => ({
  ...dataset,
  options: { name },
  open: (...where) => {
    opens.push(name);
    return dataset.open(...where);
  },
});
const one = counted("one"), other = counted("other"), third = counted("third");
const alone = (dataset: typeof one) => experiment(import.meta, { dataset, schedule, student: small, distiller: scratch() });
const taughtBy = (dataset: typeof one, file: string, network = large) =>
  experiment(import.meta, { dataset, schedule, teacher: retort.weights(network, { file }), student: small, distiller: kd() });
const taught = taughtBy(one, "large.safetensors"), unfit = taughtBy(one, "small.safetensors");
const cut = taughtBy(other, "cut.safetensors"), missing = taughtBy(one, "none.safetensors");
const master = alone(one);
const pupil = experiment(import.meta, { dataset: one, schedule, teacher: from(master), student: small, distiller: kd() });
const absent = experiment(import.meta, { dataset: imageFolder({ folder: "nowhere", size: 8 }), schedule, student: small, distiller: scratch() });
export default { first: alone(one), same: alone(one), different: alone(other), last: alone(third), taught, unfit, cut, missing, absent, master, pupil };
`;

await needs(
  everything,
  "checkQueue: external weights and data sets are checked before any training",
  () =>
    toys(PAIR, (trained) =>
      toys(GIVEN, async (toys) => {
        await trained.run("student");
        for (const [name, file] of [["teacher", "large"], ["student", "small"]]) {
          await Deno.copyFile(
            trained.of(name, 1, "last.safetensors"),
            toys.path(`${file}.safetensors`),
          );
        }
        const whole = await Deno.readFile(toys.path("large.safetensors"));
        await Deno.writeFile(toys.path("cut.safetensors"), whole.subarray(1));
        const { opens }: { opens: string[] } = await import(
          pathToFileURL(toys.path("toy.ts")).href
        );
        const check = async (...names: string[]) => {
          const trials = await trialsOf(toys, ...names.map((name): [string, number] => [name, 1]));
          const waiting = await queue(trials, toys.settings());
          await checkQueue(waiting, waiting.at(0));
          return opens.splice(0);
        };
        // The trial that trains first checks its own.
        assertEquals(await check("first"), []);
        assertEquals(await check("first", "same"), ["one"]);
        assertEquals(await check("first", "different", "last", "same"), ["other", "third", "one"]);
        assertEquals(await check("first", "taught"), ["one"]);
        assertEquals(await check("taught", "first"), ["one"]);
        const seeds = await trialsOf(toys, ["first", 1], ["first", 2]);
        const both = await queue(seeds, toys.settings());
        await checkQueue(both, both[0]);
        assertEquals(opens.splice(0), [], "another seed of the same experiment");
        assertEquals(await check(), []);

        const first: [string, number] = ["first", 1];
        for (
          const [name, ...parts] of [
            ["missing", toys.path("none.safetensors")],
            ["cut", toys.path("cut.safetensors")],
            ["unfit", toys.path("small.safetensors"), "another network than large"],
            ["absent", toys.path("data", "nowhere"), "--data DIR"],
          ]
        ) {
          const message = await failureMessage(
            runTrials(await trialsOf(toys, first, [name, 1]), toys.settings()),
            3,
          );
          for (const part of parts) assertStringIncludes(message, part);
          assert(!existsSync(toys.path("runs")) && !existsSync(toys.path("toy/first.json")), name);
        }
      })),
);

await needs(
  everything,
  "runTrials: weights that are missing are found before any training, whoever trains first",
  () =>
    toys(GIVEN, async (toys) => {
      const refused = async (names: string[], other: Partial<Settings> = {}) => {
        const trials = await trialsOf(toys, ...names.map((name): [string, number] => [name, 1]));
        const message = await failureMessage(runTrials(trials, toys.settings(other)), 3);
        assertStringIncludes(message, toys.path("none.safetensors"));
      };
      await refused(["missing", "pupil"]);
      assert(!existsSync(toys.path("runs")), "the teacher of the other one trains first");

      const [{ folder }] = await queue(await trialsOf(toys, ["missing", 1]), toys.settings());
      using held = tryClaim(folder, "missing", new Leases()) as Claim;
      held.settle();
      await refused(["missing", "first"], { pending: true });
      assert(!existsSync(toys.of("first", 1)), "the first one of the queue is another process's");
    }),
);
