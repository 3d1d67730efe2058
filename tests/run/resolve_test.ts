import { assert, assertEquals, assertRejects } from "@std/assert";
import { existsSync } from "node:fs";
import { declarationHash } from "../../lib/experiment/declaration.ts";
import { type Epoch, from } from "../../lib/experiment/experiment.ts";
import { resolveRun, resolveTrained } from "../../lib/run/resolve.ts";
import type { RunProgress } from "../../lib/run/run_folder.ts";
import { Failure } from "../../lib/values/failure.ts";
import { saveCheckpoint } from "../../lib/weights/checkpoint.ts";
import { needs } from "../support/needs.ts";
import { PAIR, type Toys, toys } from "../support/toy_runs.ts";
import { trial } from "../support/trial.ts";

const disk = ["read", "write", "env"] as const;

/** Writes the files of a run of three epochs. */
async function writeRun(
  toys: Toys,
  seed: number,
  progress: Partial<RunProgress>,
  weights: readonly Epoch[] = [],
): Promise<void> {
  const { folder, declaration } = await resolveRun(
    await toys.experiment("teacher"),
    seed,
    toys.settings({ fresh: true }),
  );
  const score = { top1: 50, top5: 100 };
  const full = {
    declaration,
    precision: "float32",
    backend: "cpu",
    epoch: 3,
    batch: 0,
    step: 12,
    sums: {},
    seconds: 1,
    best: { epoch: 1, chosen: 50, score },
    last: score,
  };
  await folder.make();
  await saveCheckpoint(folder.file("latest.safetensors"), new Map(), { ...full, ...progress });
  for (const epoch of weights) await Deno.writeTextFile(folder.weights(epoch), "");
}

await needs(
  disk,
  "resolveRun: a run is missing, begun, done, stale, lacking or fresh",
  () =>
    toys(PAIR, async (toys) => {
      const experiment = await toys.experiment("teacher");
      const state = async (keep: Epoch[] = [], fresh = false) =>
        (await resolveRun(experiment, 1, toys.settings({ fresh }), keep)).state;
      const { folder, declaration, root, identity } = await resolveRun(
        experiment,
        1,
        toys.settings(),
      );
      assertEquals([folder.path, root, identity.id], [
        toys.of("teacher", 1),
        toys.folder,
        "toy#teacher",
      ]);
      assertEquals(declaration, await declarationHash(experiment));
      assertEquals(await state(), "missing");
      assert(!existsSync(toys.path("runs")));

      const best = { epoch: 1, chosen: 50, score: { top1: 50, top5: 100 } };
      await writeRun(toys, 1, { epoch: 2, batch: 1, best }, ["best"]);
      assertEquals(
        await Promise.all([state(), state(["last"]), state(["best"]), state([3])]),
        Array(4).fill("begun"),
      );
      assertEquals(
        await Promise.all([state([1]), state([2]), state([2, "last"])]),
        Array(3).fill("lacking"),
      );
      await writeRun(toys, 1, { epoch: 2 });
      assertEquals(await Promise.all([state([2]), state([1])]), ["begun", "lacking"]);

      await writeRun(toys, 1, {}, ["best", "last"]);
      assertEquals(await state(), "begun");
      await folder.writeTrial(trial(1, 50));
      assertEquals(
        await Promise.all([state(), state(["last"]), state(["best"])]),
        Array(3).fill("done"),
      );
      assertEquals(await Promise.all([state([2]), state([3])]), ["lacking", "begun"]);
      assertEquals(await state([], true), "fresh");
      await writeRun(toys, 1, { epoch: 1 });
      assertEquals(await state(), "begun");

      await writeRun(toys, 1, { declaration: "0".repeat(64) });
      assertEquals(await state(["last"]), "stale");
      await Deno.writeTextFile(folder.file("latest.safetensors"), "damaged");
      assertEquals((await assertRejects(() => state(), Failure)).exit, 3);
      assertEquals(await state([], true), "fresh");
    }),
);

await needs(
  disk,
  "resolveTrained: a full run serves a quick one, never the reverse; --fresh is ignored",
  () =>
    toys(PAIR, async (toys) => {
      const teacher = from(await toys.experiment("teacher"));
      const resolve = async (other = {}) => {
        const settings = { ...toys.settings(other), forQuick: false };
        const { state, quick, epoch } = await resolveTrained(teacher, settings);
        return [state, quick, epoch];
      };
      assertEquals(await resolve(), ["missing", undefined, "last"]);
      assertEquals(await resolve({ limit: 1, fresh: true }), ["missing", "quick-3-1", "last"]);
      await writeRun(toys, 1, {}, ["last"]);
      await Deno.writeTextFile(toys.of("teacher", 1, "trial.json"), JSON.stringify(trial(1, 50)));
      assertEquals(await resolve({ limit: 1, fresh: true }), ["done", undefined, "last"]);
      await Deno.rename(toys.of("teacher", 1), `${toys.of("teacher", 1)}-quick-3-1`);
      assertEquals(await resolve(), ["missing", undefined, "last"]);
      assertEquals(await resolve({ limit: 1 }), ["done", "quick-3-1", "last"]);
    }),
);
