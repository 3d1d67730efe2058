import { assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { dryRunAll } from "../../lib/run/dry_run.ts";
import { RunFolder } from "../../lib/run/run_folder.ts";
import { takeBack } from "../../lib/run/take_back.ts";
import { loadCheckpoint, saveCheckpoint } from "../../lib/weights/checkpoint.ts";
import { everything, needs } from "../support/needs.ts";
import { PAIR, toys, toysIn, trialsOf } from "../support/toy_runs.ts";

const CHANGED = PAIR.replace("student: large", "student: small");

await needs(
  everything,
  "takeBack: a run that follows the declaration again is taken back, as teacher too",
  () =>
    toys(PAIR, async (toys) => {
      const first = await toys.run("teacher");
      const changed = await toysIn(await Deno.makeTempDir(), CHANGED);
      try {
        Deno.renameSync(toys.path("runs"), changed.path("runs"));
        await changed.run("teacher");
        assertEquals(existsSync(changed.of("teacher", 1) + ".old-1"), true);
        Deno.renameSync(changed.path("runs"), toys.path("runs"));
      } finally {
        await Deno.remove(changed.folder, { recursive: true });
      }
      toys.said();
      const student = await toys.run("student");
      const said = toys.said();
      assertStringIncludes(
        said,
        "follows this declaration and is taken back; the one in its place",
      );
      assertEquals(said.includes("toy#teacher seed 1 ep"), false);
      assertEquals(await toys.run("teacher"), first);
      const old = [1, 2].map((n) => existsSync(`${toys.of("teacher", 1)}.old-${n}`));
      assertEquals(old, [false, true]);
      assertEquals(student.teachers[0].id, "toy#teacher");
    }),
);

await needs(
  everything,
  "takeBack: a run that is missing is taken back, and --fresh takes nothing back",
  () =>
    toys(PAIR, async (toys) => {
      const first = await toys.run("teacher");
      Deno.renameSync(toys.of("teacher", 1), toys.of("teacher", 1) + ".old-3");
      const [trial] = await trialsOf(toys, ["teacher", 1]);
      const lines = (await dryRunAll([trial], toys.settings())).join("\n");
      assertStringIncludes(lines, "seed-1.old-3, which is done, is taken back");
      assertEquals(await toys.run("teacher"), first);
      assertStringIncludes(toys.said(), "toy#teacher seed 1: done before");
      await toys.run("teacher", 1, { fresh: true });
      assertEquals(existsSync(toys.of("teacher", 1) + ".old-1"), true);
      assertEquals(toys.said().includes("taken back"), false);
    }),
);

await needs(
  everything,
  "takeBack: what another process takes back between look and claim stays where it is",
  () =>
    toys(PAIR, async (toys) => {
      const first = await toys.run("teacher");
      const [path, aside] = [toys.of("teacher", 1), `${toys.of("teacher", 1)}.old-1`];
      Deno.renameSync(path, aside);
      await Deno.mkdir(path);
      const { tensors, metadata } = await loadCheckpoint(`${aside}/latest.safetensors`);
      const stale = { ...metadata as object, declaration: "another" };
      await saveCheckpoint(`${path}/latest.safetensors`, tensors, stale);

      const asked = [{ experiment: await toys.experiment("teacher"), seed: 1 }];
      // The result is the last thing that is read of the run to take back.
      const { trial } = RunFolder.prototype;
      RunFolder.prototype.trial = async function () {
        RunFolder.prototype.trial = trial;
        const found = await this.trial();
        await takeBack(asked, toys.settings());
        return found;
      };
      await takeBack(asked, toys.settings());
      assertEquals(toys.said().split("is taken back").length - 1, 1);
      const names = Array.from(Deno.readDirSync(toys.path("runs/toy#teacher")), ({ name }) => name);
      assertEquals(names.sort(), ["seed-1", "seed-1.old-2"]);
      assertEquals(await toys.run("teacher"), first);
    }),
);
