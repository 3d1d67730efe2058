/** Processes of `exp` that want the same thing at once, without `--pending`. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { readResult } from "../../lib/project/result.ts";
import { everything, needs } from "../support/needs.ts";
import { ended, EXP, type Toys, toys } from "../support/toy_runs.ts";
import { waitUntil } from "../support/wait_until.ts";

/** A teacher that trains for seconds, and three students. */
const FAMILY = `
const long = sgd({ epochs: 60, batch: 16, lr: 0.02 });
export const teacher = experiment(import.meta, { dataset, schedule: long, student: large, distiller: scratch() });
const pair = { dataset, schedule, teacher: from(teacher), student: small };
export const one = experiment(import.meta, { ...pair, distiller: kd() });
export const two = experiment(import.meta, { ...pair, distiller: kd({ temperature: 2 }) });
export const three = experiment(import.meta, { ...pair, distiller: kd({ temperature: 8 }) });
`;

/** Waits until the teacher has some epochs behind it, which a process trains. */
async function untilTrained(toys: Toys, epochs: number, child: Deno.ChildProcess): Promise<void> {
  const log = toys.of("teacher", 1, "metrics.jsonl");
  await waitUntil(
    async () => existsSync(log) && (await toys.log("teacher")).length >= epochs,
    child,
  );
}

/** The number of the process that trains an experiment. */
async function trainerOf(toys: Toys, name: string): Promise<number> {
  const claim = toys.path("runs", `toy#${name}`, "seed-1.claim");
  const [{ name: file }] = Deno.readDirSync(claim);
  return JSON.parse(await Deno.readTextFile(`${claim}/${file}`)).process;
}

const epochsOf = async (toys: Toys, name: string) =>
  (await toys.log(name)).map(({ epoch }) => epoch);

const counted = (epochs: number) => Array.from({ length: epochs }, (_, i) => i + 1);

await needs(
  everything,
  "neighbours: of three students without a teacher, one trains it; if it is killed, another does",
  () =>
    toys(FAMILY, async (toys) => {
      const students = ["one", "two", "three"];
      const children = students.map((name) => toys.start([`toy.ts#${name}`]));
      const ends = children.map(ended);
      await untilTrained(toys, 5, children[0]);
      const trainer = await trainerOf(toys, "teacher");
      const killed = children.findIndex(({ pid }) => pid === trainer);
      children[killed].kill("SIGKILL");
      const left = (await Promise.all(ends)).filter((_, i) => i !== killed);
      for (const { code, err } of left) {
        assertEquals(code, 0, err);
        assertStringIncludes(err, "waits for toy#teacher seed 1, which another process (");
      }
      assertEquals(left.filter(({ err }) => err.includes("goes on after epoch")).length, 1);
      assertEquals(await epochsOf(toys, "teacher"), counted(60));
      for (const name of students.filter((_, i) => i !== killed)) {
        assertEquals(
          (await readResult(toys.path(`toy/${name}.json`), `toy#${name}`))?.trials.length,
          1,
        );
      }
    }),
);

await needs(
  everything,
  "neighbours: a process that trains is not disturbed by --fresh or another declaration",
  () =>
    // Longer than any other process needs to come and be refused.
    toys(FAMILY.replace("60", "100000"), async (toys) => {
      await toys.run("teacher", 1, { epochs: 1 });
      const first = toys.start(["toy.ts#teacher"]);
      const end = ended(first);
      await untilTrained(toys, 5, first);
      const module = await Deno.readTextFile(toys.path("toy.ts"));
      const second = await toys.command(["toy.ts#teacher", "--fresh"]);
      await Deno.writeTextFile(toys.path("toy.ts"), module.replace("lr: 0.02", "lr: 0.03"));
      const third = await toys.command(["toy.ts#teacher"]);
      for (const { code, err } of [second, third]) {
        assertEquals(code, 2, err);
        assertStringIncludes(err, `toy#teacher seed 1 is being trained by another process`);
      }
      first.kill("SIGINT");
      const { code, err } = await end;
      assertEquals(code, 130, err);
      const epochs = await epochsOf(toys, "teacher");
      assertEquals(epochs, counted(epochs.length));
      const runs = Array.from(Deno.readDirSync(toys.path("runs/toy#teacher")), ({ name }) => name);
      assertEquals(runs.sort(), ["seed-1", "seed-1-quick-1-all"]);
    }),
);

await needs(
  everything,
  "neighbours: a run needs few open files, and no more with each epoch",
  () =>
    toys(FAMILY, async (toys) => {
      const run = `ulimit -n 64 && exec "$0" run -A "$1" "toy.ts#teacher"`;
      const { success, stderr } = await new Deno.Command("sh", {
        args: ["-c", run, Deno.execPath(), EXP],
        cwd: toys.folder,
      }).output();
      assert(success, new TextDecoder().decode(stderr));
      assertEquals(await epochsOf(toys, "teacher"), counted(60));
    }),
);
