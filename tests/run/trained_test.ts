import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { from } from "../../lib/experiment/experiment.ts";
import { vit } from "../../lib/networks/vit.ts";
import { buildModel, type Net } from "../../lib/nn/network.ts";
import { variables } from "../../lib/nn/variables.ts";
import { trainedBody } from "../../lib/run/body.ts";
import type { ResolvedTrained } from "../../lib/run/resolve.ts";
import { RunFolder } from "../../lib/run/run_folder.ts";
import {
  readTrainedFoundation,
  readTrainedStudent,
  studentWeights,
} from "../../lib/run/trained.ts";
import { Failure } from "../../lib/values/failure.ts";
import { sha256 } from "../../lib/values/sha256.ts";
import { loadCheckpoint, saveCheckpoint } from "../../lib/weights/checkpoint.ts";
import { everything, needs } from "../support/needs.ts";
import { inTemporary } from "../support/temporary.ts";
import { small } from "../support/toy.ts";
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

await needs(
  everything,
  "readTrainedFoundation: a teacher that did not keep an epoch is trained again by its student",
  () =>
    toys(PAIR, async (toys) => {
      await toys.run("teacher");
      const teacher = from(await toys.experiment("teacher"), { epoch: 1 });
      const failure = await assertRejects(
        () => readTrainedFoundation(teacher, { fresh: false, forQuick: false }),
        Failure,
      );
      assertEquals([failure.exit, failure.message], [
        3,
        "toy#teacher seed 1 is lacking weights that are wanted now; train the experiment that " +
        "learns from it with --fresh, which trains both again",
      ]);
    }),
);

/** A run in this folder whose student learned images of 8×32 and five classes. */
async function wideRun(root: string, student: Net): Promise<ResolvedTrained> {
  const image = [8, 32, 3] as const;
  const model = buildModel(student, variables({ seed: 1, collected: new Map() }), image, 5);
  const tensors = model.variables
    .map(({ name, shape, initial }) => [name, { shape, data: initial() }] as const);
  const folder = new RunFolder(root, "wide", 1, undefined);
  await folder.make();
  const weights = folder.weights("last");
  await saveCheckpoint(weights, new Map(tensors), {});
  const split = { labels: "", classes: [] };
  await folder.recordData({ image, classes: [..."abcde"], train: split, test: split });
  return { experiment: { student }, folder, weights } as unknown as ResolvedTrained;
}

await needs(
  ["read", "write"],
  "studentWeights: a transformer of images of another shape is refused, a CNN is not",
  () =>
    inTemporary(async (root) => {
      const transformer = vit({ patch: 4, depth: 1, width: 12, heads: 3 });
      // As many patches, and so positions of the same shape.
      const [wide, square] = [[8, 32, 3], [16, 16, 3]];
      const trained = await wideRun(root, transformer);
      const readers = [
        await studentWeights(trained),
        await trainedBody(transformer, trained, () => {}),
      ];
      for (const read of readers) {
        assertEquals(read!(wide, 5).get("embedded.positions")!.shape, [1, 17, 12]);
        const { exit, message } = assertThrows(() => read!(square, 5), Failure);
        assertEquals([exit, message], [
          3,
          `${trained.weights} knows images of 8×32×3, and the data set has 16×16×3; ` +
          `declare the file as weights(…), which resizes ${transformer.id}`,
        ]);
      }
      const cnn = await studentWeights(await wideRun(root, small));
      assertEquals(cnn!(square, 5).size, cnn!(wide, 5).size);
    }),
);
