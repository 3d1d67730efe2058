/** Signals as people's terminals send them: through `deno task`, to a run at work. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { everything, needs } from "../support/needs.ts";
import { needsPython, runPython } from "../support/python.ts";
import { ended, EXP, PAIR, type Toys, toys } from "../support/toy_runs.ts";
import { waitUntil } from "../support/wait_until.ts";

const LONG = `
const long = sgd({ epochs: 100_000, batch: 16, lr: 0.01 });
export const endless = experiment(import.meta, { dataset, schedule: long, student: small, distiller: scratch() });
`;

const EVAL = new URL("../../lib/commands/eval.ts", import.meta.url).pathname;

interface Pressed {
  readonly code: number;
  readonly text: string;
}

/** Runs the endless experiment by `deno task` in a terminal, and presses Ctrl-C in it. */
async function press(toys: Toys, presses: readonly number[]): Promise<Pressed> {
  const task = `deno run -A ${EXP} ${toys.path("toy.ts")}#endless`;
  await Deno.writeTextFile(toys.path("deno.json"), JSON.stringify({ tasks: { exp: task } }));
  const command = [Deno.execPath(), "task", "--cwd", toys.folder, "exp"];
  const after = " img/s ";
  return await runPython("press_ctrl_c.py", [], { command, after, presses }) as Pressed;
}

await needsPython(
  [],
  "signals: one Ctrl-C through deno task saves and ends with exit code 130",
  () =>
    toys(LONG, async (toys) => {
      for (let turn = 0; turn < 2; turn++) {
        const { code, text } = await press(toys, [0]);
        assertEquals(code, 130, text);
        assertStringIncludes(text, "saved, the same command goes on");
      }
    }),
);

await needsPython(
  [],
  "signals: two key presses within a second are one",
  () =>
    toys(LONG, async (toys) => {
      const { code, text } = await press(toys, [0, 0.01, 0.2]);
      assertEquals(code, 130, text);
      assertStringIncludes(text, "saved, the same command goes on");
    }),
);

await needsPython(
  [],
  "signals: Ctrl-C ends an evaluation with exit code 130, through deno task too",
  () =>
    toys(PAIR.replaceAll("dataset,", "dataset: synthetic({ ...images, test: 60000 }),"), async (
      toys,
    ) => {
      await toys.run("teacher", 1, { epochs: 1, limit: 1 });
      const file = toys.path("toy.ts#teacher");
      const task = `deno run -A ${EVAL} ${file} --epochs 1 --limit 1 --eval-batch 4`;
      await Deno.writeTextFile(toys.path("deno.json"), JSON.stringify({ tasks: { eval: task } }));
      for (
        const outer of [[Deno.execPath(), "task", "--cwd", toys.folder, "eval"], task.split(" ")]
      ) {
        const pressing = { command: outer, after: " of 60000 images", presses: [0] };
        const { code, text } = await runPython("press_ctrl_c.py", [], pressing) as Pressed;
        assertEquals(code, 130, text);
        assertStringIncludes(text, "interrupted: nothing more is measured");
        assertEquals(/\.ts:\d/.test(text), false, text);
      }
    }),
);

await needs(
  everything,
  "signals: SIGUSR1 saves and goes on, SIGHUP saves and stops",
  () =>
    toys(LONG, async (toys) => {
      const log = toys.of("endless", 1, "metrics.jsonl");
      const run = toys.start(["toy.ts#endless"]);
      await waitUntil(() => existsSync(log), run);
      run.kill("SIGUSR1");
      await new Promise((resolve) => setTimeout(resolve, 500));
      run.kill("SIGHUP");
      const { code, err } = await ended(run);
      assertEquals(code, 130, err);
      assertStringIncludes(err, "toy#endless seed 1: saved in epoch");
      assertStringIncludes(err, "saved, the same command goes on");
    }),
);
