import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { dryRunAll } from "../../lib/run/dry_run.ts";
import { checkDeclaredData } from "../../lib/run/declared_data.ts";
import { queue } from "../../lib/run/queue.ts";
import { Failure } from "../../lib/values/failure.ts";
import { allExperiments } from "../support/all_experiments.ts";
import { everything, needs } from "../support/needs.ts";
import { type Toys, toys } from "../support/toy_runs.ts";

const DECLARED = `
const set = (options) => synthetic({ ...images, ...options });
const teacherOf = (options) => experiment(import.meta, { schedule, dataset: set(options), student: large, distiller: scratch() });
const studentOf = (teacher, options) => experiment(import.meta, { schedule, dataset: set(options), teacher: from(teacher), student: small, distiller: kd() });
export const plain = teacherOf({});
export const held = teacherOf({ holdout: 10 });
export const cut = teacherOf({ take: 40, holdout: 10 });
export const noisy = teacherOf({ noise: 0.2 });
export const grey = teacherOf({ mean: [0.4, 0.4, 0.4] });
export const flipped = teacherOf({ flip: true, crop: 0, take: 50 });
export const seen = studentOf(plain, { holdout: 5 });
export const same = studentOf(held, { holdout: 10 });
export const fewer = studentOf(held, { holdout: 5 });
export const otherPart = studentOf(cut, { holdout: 10 });
export const otherImages = studentOf(noisy, {});
export const otherMean = studentOf(grey, {});
export const augmented = studentOf(flipped, {});
export const started = experiment(import.meta, { schedule, dataset: set({}), student: from(grey), distiller: scratch() });
export const startedSeen = experiment(import.meta, { schedule, dataset: set({ holdout: 5 }), student: from(plain), distiller: scratch() });
`;

/** Checks an experiment's declared data and returns the lines that this prints. */
async function linesOf(toys: Toys, name: string, seed = 1): Promise<string> {
  toys.said();
  const settings = toys.settings();
  const asked = [{ experiment: await toys.experiment(name), seed }];
  await checkDeclaredData(await queue(asked, settings), settings);
  return toys.said();
}

await needs(
  everything,
  "declared data: a teacher of other data is refused or named, by what differs",
  () =>
    toys(DECLARED, async (toys) => {
      for (const name of ["same", "fewer", "augmented", "started", "plain"]) {
        assertEquals(await linesOf(toys, name), "", name);
      }
      const lines = {
        otherPart: "toy#otherPart: its teacher toy#cut seed 1 holds out other images than seed 1",
        otherImages: "toy#otherImages: its teacher toy#noisy is trained on other images: synthetic",
      };
      for (const [name, line] of Object.entries(lines)) {
        assertStringIncludes(await linesOf(toys, name), line);
      }
      assertStringIncludes(
        await linesOf(toys, "same", 2),
        "its teacher toy#held seed 1 holds out other images than seed 2 does here",
      );
      const refusals = {
        seen: "toy#seen: its teacher toy#plain learns from images that this experiment holds out",
        startedSeen: "toy#startedSeen: its first stage toy#plain learns from images",
        otherMean: "toy#otherMean: its teacher toy#grey was trained on images with mean " +
          "[0.4, 0.4, 0.4] and std [0.28, 0.28, 0.28], and would see them with mean [0.5, 0.5, 0.5]",
      };
      for (const [name, text] of Object.entries(refusals)) {
        for (
          const work of [
            () => linesOf(toys, name),
            () => toys.run(name),
            async () =>
              await dryRunAll(
                [{ experiment: await toys.experiment(name), seed: 1 }],
                toys.settings(),
              ),
          ]
        ) {
          const failure = await assertRejects(work, Failure);
          assertEquals(failure.exit, 2, failure.message);
          assertStringIncludes(failure.message, text);
        }
      }
    }),
);

await needs(
  everything,
  "declared data: no experiment of the repository is warned of",
  () =>
    toys("", async (toys) => {
      const settings = toys.settings();
      const all = Array.from(await allExperiments(), (experiment) => ({ experiment, seed: 1 }));
      assert(all.length > 500, String(all.length));
      await checkDeclaredData(await queue(all, settings), settings);
      assertEquals(toys.said(), "");
    }),
);
