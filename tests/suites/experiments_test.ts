/** Tests of every module in `experiments/`. */
import { assert, assertEquals } from "@std/assert";
import { assemble } from "../../lib/training/assemble.ts";
import { checkTypes } from "../../lib/project/check_types.ts";
import type { Experiment } from "../../lib/experiment/experiment.ts";
import { runList } from "../../lib/commands/list.ts";
import { listFoundations } from "../../lib/run/queue.ts";
import { resolveRun } from "../../lib/run/resolve.ts";
import { readResult, resultPath, trialState } from "../../lib/project/result.ts";
import { neededEpoch } from "../../lib/run/settings.ts";
import { allExperiments, experimentModules } from "../support/all_experiments.ts";
import { imagesOf } from "../support/images_of.ts";
import { needs } from "../support/needs.ts";

await needs(["read", "run", "env"], "experiments: every module compiles", async () => {
  await checkTypes(await experimentModules());
});

await needs(
  ["read"],
  "experiments: ids are unique, and no two modules of the papers declare the same experiment",
  async () => {
    const ids = new Set<string>();
    const hashes = new Map<string, string>();
    for (const experiment of await allExperiments()) {
      const { identity: { id }, declaration: hash } = await resolveRun(experiment, 1, {
        fresh: true,
      });
      assert(!ids.has(id), `two experiments have the id ${id}`);
      ids.add(id);
      assert(
        !id.startsWith("experiments/shared/"),
        `${id}: experiments/shared/ is for modules without experiments`,
      );
      if (!/^experiments\/(cifar100|tiny_imagenet|imagenet|teachers|shake|slkd|sakd)\//.test(id)) {
        continue;
      }
      const other = hashes.get(hash);
      assertEquals(other, undefined, `${id} equals ${other}: import it`);
      hashes.set(hash, id);
    }
    assert(hashes.size > 300, `${hashes.size}`);
  },
);

await needs(["read"], "experiments: every result is of today's declaration", async () => {
  let trials = 0;
  for (const experiment of await allExperiments()) {
    const { identity: { id }, declaration, root } = await resolveRun(experiment, 1, {
      fresh: true,
    });
    for (const trial of (await readResult(resultPath(root, id), id))?.trials ?? []) {
      assert(trialState(trial, declaration) !== "stale", `${id} seed ${trial.seed} is stale`);
      trials++;
    }
  }
  assert(trials > 70, `${trials}`);
});

await needs(
  ["read"],
  "experiments: each one's foundations are exported, have its kind of images and the epoch",
  async () => {
    const all = await allExperiments();
    const kind = ({ dataset }: Experiment) => ({ ...imagesOf(dataset), size: undefined });
    for (const experiment of all) {
      for (const { trained } of listFoundations(experiment)) {
        assert(all.has(trained.experiment), trained.experiment.url);
        assertEquals(kind(trained.experiment), kind(experiment), experiment.url);
        neededEpoch(trained, {});
      }
    }
  },
);

await needs(["read"], "experiments: each method can be built for its pair", async () => {
  for (const experiment of await allExperiments()) {
    const { image, classes } = imagesOf(experiment.dataset);
    const size = 50_000;
    const labels = Int32Array.from({ length: size }, (_, i) => i % classes);
    assemble(experiment, {
      seed: 1,
      image,
      classes,
      train: { size, labels },
      schedule: experiment.schedule,
    });
  }
});

await needs(
  ["read", "run", "env"],
  "experiments: every cell of the papers' tables has an experiment",
  async () => {
    const lines: string[] = [];
    for (const paper of ["shake", "slkd", "sakd"]) {
      await runList(["--paper", paper, "--json"], (line) => lines.push(line));
    }
    const cells = lines.map((line) => JSON.parse(line));
    const missing = cells.filter(({ id }) => id === null);
    assertEquals(missing, []);
    // The numbers that the papers print, without two dashes of NST. SLKD's Tables 3 and 4 are lost:
    // the rows that they certainly have. Columns of one pair with several measures count once. In
    // brackets: the rows of our own tables.
    const printed = {
      shake: 152 + 20 + 3 + 3 + 5 + 5 + 20 + 14 + 12 + (9 + 10),
      slkd: 66 + 55 + 8 + 12 + 12 + 6 + 24 + 20 + (11),
      sakd: 115 + 115 - 2 + 115 + (5 + 5),
    };
    const count = (paper: string) => cells.filter((cell) => cell.paper === paper).length;
    assertEquals(
      Object.keys(printed).map((paper) => [paper, count(paper)]),
      Object.entries(printed),
    );
  },
);
