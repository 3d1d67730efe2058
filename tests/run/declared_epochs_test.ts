import { assertEquals } from "@std/assert";
import { sayLongOptions } from "../../lib/run/declared_epochs.ts";
import { queue } from "../../lib/run/queue.ts";
import { needs } from "../support/needs.ts";
import { PAIR, toys } from "../support/toy_runs.ts";

await needs(
  ["read", "write", "env"],
  "sayLongOptions: a default or a quick run says which option counts more epochs than the run has",
  () =>
    toys(
      PAIR.replaceAll("distiller: kd()", "distiller: retort.dkd({ warmUp: 2 })") + `
export const usual = experiment(import.meta, { dataset, schedule, teacher: from(teacher), student: small, distiller: retort.dkd() });
`,
      async (toys) => {
        const said = async (name: string, epochs?: number) => {
          const trial = { experiment: await toys.experiment(name), seed: 1 };
          const settings = toys.settings({ epochs });
          sayLongOptions(await queue([trial, { ...trial, seed: 2 }], settings), settings);
          return toys.said();
        };
        assertEquals(await said("student"), "");
        assertEquals(await said("student", 2), "");
        assertEquals(
          await said("student", 1),
          "toy#student: dkd: `warmUp` is 2, and the run has 1 epoch\n",
        );
        assertEquals(
          await said("usual"),
          "toy#usual: dkd: `warmUp` is 20, and the run has 3 epochs\n",
        );
      },
    ),
);
