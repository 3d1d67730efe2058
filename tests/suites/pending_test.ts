/**
 * Processes of `exp` that share the trials of a project with `--pending`. Some are killed or
 * interrupted while they train, and started again.
 */
import { assertEquals } from "@std/assert";
import { setTimeout as pause } from "node:timers/promises";
import { stream } from "../../lib/values/random.ts";
import { everything, needs } from "../support/needs.ts";
import { filesIn, remains } from "../support/remains.ts";
import { type Toys, toys } from "../support/toy_runs.ts";

/** A teacher and a first stage for all seeds, and four students. */
const COLUMN = `
export const teacher = experiment(import.meta, { dataset, schedule, student: large, distiller: scratch() });
const pair = { dataset, schedule, teacher: from(teacher), student: small };
const slow = sgd({ epochs: 3, batch: 16, lr: 0.02 });
export const init = experiment(import.meta, { ...pair, distiller: retort.ftInit() });
const { paraphraser } = from(init).trainedModules;
export const hint = experiment(import.meta, { ...pair, distiller: fitnets({ hint: "block1", guided: "block1" }) });
export const ft = experiment(import.meta, { ...pair, distiller: retort.ft({ paraphraser, weight: 10 }) });
export const shake = experiment(import.meta, { ...pair, schedule: slow, distiller: retort.shake() });
export const scratched = experiment(import.meta, { dataset, schedule, student: small, distiller: scratch() });
`;

const STUDENTS = ["hint", "ft", "shake", "scratched"];
const SEEDS = [1, 2];
/** Each trial that is asked for or needed, with its seed. */
const TRIALS: readonly (readonly [name: string, seed: number])[] = [
  ["teacher", 1],
  ["init", 1],
  ...STUDENTS.flatMap((name) => SEEDS.map((seed) => [name, seed] as const)),
];
const ARGS = [
  ...STUDENTS.map((name) => `toy.ts#${name}`),
  ...["--trials", `${SEEDS.length}`, "--deterministic"],
];

/** The flag `--cohort` of each process. */
const PROCESSES = ["2", "2", "auto", "auto", "off", "off", "3", "1"];

/** Runs the program to its end, or sends it a signal some milliseconds after its first epoch. */
async function runOnce(
  toys: Toys,
  args: readonly string[],
  stop: () => readonly [Deno.Signal, number] | undefined,
): Promise<{ readonly code: number; readonly err: string }> {
  const child = toys.start(args);
  const out = child.stdout.cancel();
  let err = "";
  let hasTrained = false;
  for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
    err += chunk;
    if (hasTrained || !err.includes(" ep 1/")) continue;
    hasTrained = true;
    const stopped = stop();
    if (!stopped) continue;
    const [signal, delay] = stopped;
    await pause(delay);
    try {
      child.kill(signal);
    } catch {
      // It has ended.
    }
  }
  await out;
  const { code, signal } = await child.status;
  return { code: signal === "SIGKILL" ? 137 : code, err };
}

await needs(
  everything,
  "pending: 8 processes, some killed or interrupted, leave what one process leaves",
  () =>
    toys(COLUMN, (together) =>
      toys(COLUMN, async (alone) => {
        const { code, err } = await runOnce(alone, [...ARGS, "--cohort", "off"], () => undefined);
        assertEquals(code, 0, err);

        const random = stream(1, "kills");
        let kills = 5;
        const stop = () => {
          if (kills === 0) return undefined;
          const signal: Deno.Signal = kills-- % 3 === 0 ? "SIGINT" : "SIGKILL";
          return [signal, random.below(1500)] as const;
        };
        const runAgain = async (cohort: string): Promise<void> => {
          const args = [...ARGS, "--pending", "--cohort", cohort];
          const { code, err } = await runOnce(together, args, stop);
          if (code === 137 || code === 130) return await runAgain(cohort);
          assertEquals(code, 0, err);
        };
        await Promise.all(PROCESSES.map(runAgain));
        assertEquals(kills, 0, "too few processes were stopped");

        for (const [name, seed] of TRIALS) {
          const [ours, theirs] = [
            await remains(together, name, seed),
            await remains(alone, name, seed),
          ];
          assertEquals(ours.recorded.length, 1, `${name} seed ${seed}`);
          assertEquals(ours, theirs, `${name} seed ${seed}`);
        }
        // No claim, no temporary file and no run that was put aside.
        assertEquals(filesIn(together.folder), filesIn(alone.folder));
      })),
);
