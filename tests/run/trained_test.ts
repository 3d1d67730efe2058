import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { readTrainedStudent } from "../../lib/run/trained.ts";
import { Failure } from "../../lib/values/failure.ts";
import { sha256 } from "../../lib/values/sha256.ts";
import { loadCheckpoint } from "../../lib/weights/checkpoint.ts";
import { everything, needs } from "../support/needs.ts";
import { PAIR, toys, toysIn } from "../support/toy_runs.ts";

await needs(
  everything,
  "readTrainedStudent: reads the weights of a run that is done, their SHA-256 and the trial",
  () =>
    toys(PAIR, async (toys) => {
      const experiment = await toys.experiment("teacher");
      const failureMessage = async (
        ...args: [seed: number, quick?: { epochs?: number; limit?: number }]
      ) => {
        const [seed, quick] = args;
        const failure = await assertRejects(
          () => readTrainedStudent(experiment, seed, "last", quick),
          Failure,
        );
        assertEquals(failure.exit, 3);
        return failure.message;
      };
      assertEquals(
        await failureMessage(0),
        "toy#teacher seed 0 is not trained yet; `deno task exp toy#teacher --seed 0` trains it",
      );
      const trial = await toys.run("teacher", 2);
      for (const epoch of ["last", "best"] as const) {
        const student = await readTrainedStudent(experiment, 2, epoch);
        const path = toys.of("teacher", 2, `${epoch}.safetensors`);
        assertEquals([student.id, student.seed, student.path, student.trial], [
          "toy#teacher",
          2,
          path,
          trial,
        ]);
        assertEquals(student.sha256, await sha256(await Deno.readFile(path)));
        assertEquals(student.tensors, (await loadCheckpoint(path)).tensors);
      }

      const known = toys.of("teacher", 2, "code.json");
      const code = await Deno.readTextFile(known);
      // A file without a checksum, as earlier versions wrote it, may be changed.
      const { checksum: _, ...own } = JSON.parse(code);
      await Deno.writeTextFile(known, JSON.stringify({ ...own, "toy.ts": "0".repeat(64) }));
      assertEquals(
        await failureMessage(2),
        "toy#teacher seed 2: code has changed since: toy.ts; `deno task exp toy#teacher --seed 2 " +
          "--keep` keeps it, `deno task exp toy#teacher --seed 2 --fresh` trains it again",
      );
      await Deno.writeTextFile(known, code);

      const quick = { epochs: 1, limit: 1 };
      assertStringIncludes(
        await failureMessage(2, quick),
        "`deno task exp toy#teacher --seed 2 --epochs 1 --limit 1`",
      );
      await toys.run("teacher", 2, quick);
      assertEquals((await readTrainedStudent(experiment, 2, "last", quick)).trial.quick, true);

      await Deno.remove(toys.of("teacher", 2, "best.safetensors"));
      const lost = await assertRejects(
        () => readTrainedStudent(experiment, 2, "best"),
        Failure,
        "best.safetensors",
      );
      assertEquals(lost.exit, 3);
      assertStringIncludes(lost.message, "--fresh");
    }),
);

await needs(
  everything,
  "readTrainedStudent: a student whose experiment has changed is stale",
  () =>
    toys(PAIR, async (toys) => {
      await toys.run("teacher");
      const folder = `${toys.folder}/changed`;
      await Deno.mkdir(folder);
      const changed = await toysIn(
        folder,
        PAIR.replace("student: large", "student: toy('large', 6)"),
      );
      await Deno.rename(toys.path("runs"), changed.path("runs"));
      const failure = await assertRejects(
        async () => readTrainedStudent(await changed.experiment("teacher"), 1, "last"),
        Failure,
      );
      assertEquals(failure.exit, 3);
      assertStringIncludes(failure.message, "stale");
      assertStringIncludes(failure.message, "deno task exp toy#teacher --seed 1");
    }),
);
