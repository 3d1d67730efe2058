import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { existsSync, readdirSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { loadCheckpoint, saveCheckpoint } from "../../lib/weights/checkpoint.ts";
import { Failure } from "../../lib/values/failure.ts";
import { readResult, type Trial } from "../../lib/project/result.ts";
import { runTrials } from "../../lib/run/run.ts";
import type { RunProgress } from "../../lib/run/run_folder.ts";
import { everything, needs } from "../support/needs.ts";
import { ended, LOOKS, type Toys, toys } from "../support/toy_runs.ts";

/**
 * A student of four epochs of four batches, and its teacher. Its data set stops at the n-th read of
 * training images, one per batch: `TOY=hang:n` hangs, `signal:n` sends the process a Ctrl-C, and
 * `both:n` does both. The pixels depend on the draw.
 */
const STOPPING = `
const [what, at] = (Deno.env.get("TOY") ?? "").split(":");
let reads = 0;
const stopping: typeof dataset = {
  ...dataset,
  async open(folder, log) {
    const opened = await dataset.open(folder, log), { train } = opened;
    const read: typeof train.read = async (indices, draw) => {
      if (!draw) return train.read(indices);
      if (++reads === Number(at)) {
        console.error("stopping");
        if (what !== "hang") Deno.kill(Deno.pid, "SIGINT");
        await new Promise((resolve) => setTimeout(resolve, what === "signal" ? 300 : 1e6));
      }
      const bytes = await train.read(indices), size = bytes.length / indices.length;
      // Like random crops while reading, the pixels differ for each seed, epoch and image.
      return bytes.map((value, i) => value + (7 * draw.seed + 5 * draw.epoch + indices[Math.floor(i / size)]) % 9);
    };
    return { ...opened, train: { ...train, read } };
  },
};
const rate = retort.cosine({ every: "step", warmup: { epochs: 1, from: 0.01 } });
const pair = { dataset: stopping, schedule: sgd({ epochs: 4, batch: 16, lr: 0.05, rate }) };
export const teacher = experiment(import.meta, { ...pair, student: large, distiller: scratch() });
export const student = experiment(import.meta, { ...pair, teacher: from(teacher), student: small, distiller: kd() });
`;

/**
 * A teacher whose weights are averaged, over batches of 24 and 16 images in five parts, and its
 * students: one of the average, and one that starts with it.
 */
const AVERAGED = `
const { adamw, cosine } = retort;
const rate = cosine({ minimum: 1e-4, warmup: { epochs: 1, from: 1e-3 } });
const around = { clip: 1, ema: 0.6, accumulate: 5 };
const averaging = adamw({ epochs: 3, batch: 24, lr: 0.02, rate, ...around });
export const teacher = experiment(import.meta, { dataset, schedule: averaging, student: small, distiller: scratch() });
const last = from(teacher, { average: true });
export const student = experiment(import.meta, { dataset, schedule, teacher: last, student: last, distiller: kd() });
`;

/** The third batch of the third epoch. */
const MIDDLE = 11;

/** Every run of this file is repeatable bit for bit. */
const repeating = { deterministic: true };

/** The results of a run, without times. */
interface Results {
  readonly trial: Omit<Trial, "seconds" | "stepSeconds">;
  readonly best: Uint8Array;
  readonly last: Uint8Array;
  readonly state: ReadonlyMap<string, unknown>;
  readonly log: readonly Record<string, number>[];
  readonly tags: readonly number[];
}

async function readResults(toys: Toys): Promise<Results> {
  const result = JSON.parse(await Deno.readTextFile(toys.path("toy/student.json")));
  const { trials: [{ seconds: _, stepSeconds: __, ...trial }] } = result;
  const [best, last] = await Promise.all(
    ["best", "last"].map((name) => Deno.readFile(toys.of("student", 1, `${name}.safetensors`))),
  );
  const log = (await toys.log("student")).map((line) =>
    Object.fromEntries(Object.entries(line).filter(([tag]) => !tag.startsWith("perf/")))
  );
  const { tensors } = await loadCheckpoint(toys.of("student", 1, "latest.safetensors"));
  return { trial, best, last, state: tensors, log, tags: await eventsOf(toys) };
}

/** Counts each kind of record in the only event file. */
async function eventsOf(toys: Toys): Promise<number[]> {
  const folder = toys.of("student", 1);
  const files = readdirSync(folder).filter((name) => name.startsWith("events."));
  assertEquals(files.length, 1);
  const text = new TextDecoder("latin1").decode(await Deno.readFile(`${folder}/${files[0]}`));
  return ["brain.Event:2", "train/loss/kd", "test/top1", "lr\x15"].map((tag) =>
    text.split(tag).length - 1
  );
}

const latest = async (toys: Toys): Promise<RunProgress> =>
  (await loadCheckpoint(toys.of("student", 1, "latest.safetensors")))
    .metadata as unknown as RunProgress;

const startRun = (toys: Toys, stop: string): Deno.ChildProcess =>
  toys.start(["toy.ts#student", "--deterministic"], { TOY: stop });

/** Waits until a process prints this text on its standard error. */
async function waitFor(child: Deno.ChildProcess, text: string): Promise<void> {
  const decoder = new TextDecoder();
  let printed = "";
  for await (const chunk of child.stderr.values({ preventCancel: true })) {
    printed += decoder.decode(chunk, { stream: true });
    if (printed.includes(text)) return;
  }
  throw new Error(`the process ended before it printed "${text}":\n${printed}`);
}

await needs(
  everything,
  "resume: a run that was killed or interrupted at any moment has the results of one that was not",
  () =>
    toys(STOPPING, async (toys) => {
      await toys.run("student");
      const whole = await readResults(toys);
      const run = toys.of("student", 1);
      assertEquals(whole.log.map(({ epoch }) => epoch), [1, 2, 3, 4]);
      assertEquals(whole.tags, [1, 4, 4, 4]);

      const assertResumes = async (expected: string) => {
        toys.said();
        await toys.run("student");
        assertStringIncludes(toys.said(), expected);
        assertEquals(await readResults(toys), whole);
      };
      const reset = async () => {
        await Deno.remove(run, { recursive: true });
        await Deno.remove(toys.path("toy/student.json"));
      };

      // kill -9 loses only the unfinished epoch.
      await reset();
      const killed = startRun(toys, `hang:${MIDDLE}`);
      await waitFor(killed, "stopping");
      killed.kill("SIGKILL");
      await ended(killed);
      assertEquals(await latest(toys).then(({ epoch, batch, step }) => [epoch, batch, step]), [
        2,
        0,
        8,
      ]);
      await assertResumes("goes on after epoch 2\n");

      // The first Ctrl-C saves in the middle of the epoch.
      await reset();
      const interrupted = await ended(startRun(toys, `signal:${MIDDLE}`));
      assertEquals(interrupted.code, 130, interrupted.err);
      assertStringIncludes(interrupted.err, "saved, the same command goes on");
      const { epoch, batch, step, sums } = await latest(toys);
      assertEquals([epoch, step, sums.images], [2, 8 + batch, 16 * batch]);
      assert(batch > 0 && batch < 4);
      assert(!existsSync(toys.path("toy/student.json")));
      await assertResumes(`goes on after epoch 2, batch ${batch}`);

      // A second Ctrl-C stops at once. What comes within a second belongs to the first one.
      await reset();
      const twice = startRun(toys, "both:9");
      await waitFor(twice, "interrupted: it stops");
      twice.kill("SIGINT");
      await pause(1500);
      twice.kill("SIGINT");
      assertEquals((await ended(twice)).code, 130);
      assertEquals((await latest(toys)).batch, 0);
      await assertResumes("goes on after epoch 2\n");

      // A crash between two writes may leave an epoch that is logged and not saved.
      await reset();
      let steps = 0;
      const crash = () => {
        if (++steps < LOOKS + 10) return false;
        throw new Error("the power is gone");
      };
      const crashing = () => toys.run("student", 1, { interrupted: crash });
      await assertRejects(crashing, Error, "the power is gone");
      await Deno.writeTextFile(`${run}/metrics.jsonl`, '{"epoch":3,"lr":9}\n{"epo', {
        append: true,
      });
      await assertResumes("goes on after epoch 2\n");

      // Before the end of the first epoch there is nothing to resume, and nothing in the way.
      await reset();
      steps = 7;
      await assertRejects(crashing, Error, "the power is gone");
      assert(!existsSync(`${run}/latest.safetensors`) && existsSync(`${run}/declaration.json`));
      await assertResumes("ep 1/4");
      assertEquals(readdirSync(toys.path("runs", "toy#student")), ["seed-1"]);

      // A lost or truncated result is measured again from the last weights.
      await Deno.writeTextFile(`${run}/trial.json`, "{");
      await assertResumes("goes on after epoch 4\n");
      await Deno.remove(toys.path("toy/student.json"));
      await assertResumes("done before");
    }, repeating),
);

await needs(
  everything,
  "resume: AdamW, an average and a batch in parts go on within an epoch, and the average teaches",
  () =>
    toys(AVERAGED, async (toys) => {
      const files = ["latest", "last", "last.average", "best.average"];
      const read = async () => ({
        tensors: await Promise.all(files.map(async (name) =>
          (await loadCheckpoint(toys.of("teacher", 1, `${name}.safetensors`))).tensors
        )),
        log: (await toys.log("teacher")).map((line) =>
          Object.fromEntries(
            Object.entries(line).filter(([tag]) =>
              !tag.startsWith("perf/")
            ),
          )
        ),
      });
      await toys.run("teacher");
      const printed = toys.said();
      assert(/test \d+\.\d+ average \d+\.\d+ img/.test(printed), printed);
      const whole = await read();
      const [latest, last, average] = whole.tensors;
      assert([...latest.keys()].every((name) => !name.startsWith("accumulated.")));
      assertEquals([...average.keys()], [...last.keys()]);
      const { trials: [{ metric }] } = (await readResult(
        toys.path("toy/teacher.json"),
        "toy#teacher",
      ))!;
      assertEquals(metric.average!.last, Math.round(whole.log[2]["average/top1"] * 100) / 100);

      await Deno.remove(toys.of("teacher", 1), { recursive: true });
      await Deno.remove(toys.path("toy/teacher.json"));
      let looks = 0;
      const stop = () => ++looks === LOOKS + 4;
      const stopped = () => toys.run("teacher", 1, { interrupted: stop });
      await assertRejects(stopped, Failure, "interrupted in epoch 2 after batch 1");
      toys.said();
      await toys.run("teacher");
      assertStringIncludes(toys.said(), "goes on after epoch 1, batch 1");
      assertEquals(await read(), whole);

      // A teacher that does not reach what its run recorded is refused.
      await toys.run("student");
      assertStringIncludes(
        toys.said(),
        `teacher toy#teacher seed 1, top-1 ${metric.average!.last}`,
      );
    }, repeating),
);

await needs(
  everything,
  "resume: an interrupted teacher is resumed, then its student is trained",
  () =>
    toys(STOPPING, async (toys) => {
      let steps = 0;
      const stop = () => ++steps === LOOKS + 6;
      const failure = await assertRejects(
        () => toys.run("student", 1, { interrupted: stop }),
        Failure,
      );
      assertEquals(failure.exit, 130);
      assertEquals(
        failure.message,
        "toy#teacher seed 1: interrupted in epoch 2 after batch 2; saved, the same command goes on",
      );
      toys.said();
      await toys.run("student");
      const printed = toys.said();
      assertStringIncludes(
        printed,
        "teacher toy#teacher seed 1 is half trained; it is trained first",
      );
      assertStringIncludes(printed, "toy#teacher seed 1: goes on after epoch 1, batch 2");
      assertEquals((await toys.log("teacher")).map(({ epoch }) => epoch), [1, 2, 3, 4]);
    }, repeating),
);

await needs(
  everything,
  "resume: a student whose teacher was trained again meanwhile is refused, and stays as it is",
  () =>
    toys(STOPPING, async (toys) => {
      await toys.run("teacher");
      let looks = 0;
      const stop = () => ++looks === LOOKS + 6;
      const stopped = () => toys.run("student", 1, { interrupted: stop });
      await assertRejects(stopped, Failure, "saved, the same command goes on");
      const state = await Deno.readFile(toys.of("student", 1, "latest.safetensors"));
      const path = toys.of("teacher", 1, "last.safetensors");
      const { tensors, metadata } = await loadCheckpoint(path);
      await saveCheckpoint(path, tensors, [metadata, "another file with the same weights"]);
      toys.said();
      const { exit, message } = await assertRejects(() => toys.run("student"), Failure);
      assertEquals(exit, 2);
      assertEquals(
        message,
        "toy#student seed 1: its teachers or first stages have other weights than when it began; " +
          "--fresh trains it again, and all else that is asked for",
      );
      assertEquals(toys.said().includes("goes on"), false);
      assertEquals(await Deno.readFile(toys.of("student", 1, "latest.safetensors")), state);
      // Earlier versions kept the weights with the origin only.
      const latest = toys.of("student", 1, "latest.safetensors");
      const { tensors: saved, metadata: progress } = await loadCheckpoint(latest);
      const { weights: _, ...earlier } = progress as unknown as RunProgress;
      await saveCheckpoint(latest, saved, earlier);
      await assertRejects(() => toys.run("student"), Failure, "other weights than when it began");
      await saveCheckpoint(path, tensors, metadata);
      await toys.run("student");
      assertStringIncludes(toys.said(), "toy#student seed 1: goes on after epoch 1, batch 2");
    }, repeating),
);

await needs(
  everything,
  "resume: a step's seconds are those of the fastest uninterrupted epoch, before or after the stop",
  () =>
    toys(STOPPING, async (toys) => {
      // Stops after `after` steps and writes `stepSeconds` into the checkpoint. Returns the
      // measured ones.
      const stopAfter = async (after: number, stepSeconds: number | undefined) => {
        let steps = 0;
        await assertRejects(
          () =>
            toys.run("teacher", 1, { fresh: true, interrupted: () => ++steps === LOOKS + after }),
          Failure,
          "saved",
        );
        const path = toys.of("teacher", 1, "latest.safetensors");
        const { tensors, metadata } = await loadCheckpoint(path);
        const { stepSeconds: taken, ...others } = metadata as unknown as RunProgress;
        await saveCheckpoint(
          path,
          tensors,
          { ...others, ...(stepSeconds && { stepSeconds }) } as never,
        );
        return taken;
      };
      const resumeTeacher = async () => (await toys.run("teacher")).stepSeconds;

      assert((await stopAfter(10, 1e-9))! > 1e-9);
      assertEquals(await resumeTeacher(), 1e-9);
      await stopAfter(10, 1e9);
      const later = await resumeTeacher();
      assert(later! > 0 && later! < 1e9);
      // An old checkpoint has no seconds of a step.
      await stopAfter(10, undefined);
      assert((await resumeTeacher())! > 0);
      // The rest of the last epoch does not count, even if it has no step.
      for (const after of [13, 16]) {
        await stopAfter(after, undefined);
        assertEquals(await resumeTeacher(), undefined);
        const { trials: [recorded] } =
          (await readResult(toys.path("toy/teacher.json"), "toy#teacher"))!;
        assertEquals("stepSeconds" in recorded, false);
      }
    }, repeating),
);

await needs(
  everything,
  "resume: weights that a crash left unwritten are written from the checkpoint",
  () =>
    toys(STOPPING, async (toys) => {
      const one = { epochs: 1 };
      await toys.run("student", 1, one);
      const files = ["best", "last"].flatMap((name) =>
        ["teacher", "student"].map((who) => `${toys.of(who, 1)}-quick-1-all/${name}.safetensors`)
      );
      const before = await Promise.all(files.map((file) => Deno.readFile(file)));
      for (const who of ["teacher", "student"]) {
        await Deno.remove(`${toys.of(who, 1)}-quick-1-all/trial.json`);
      }
      for (const file of files) await Deno.remove(file);
      await toys.run("student", 1, one);
      assertEquals(await Promise.all(files.map((file) => Deno.readFile(file))), before);
    }, repeating),
);

/** A student of images that policies change and an epoch repeats, with a strong view, and two like it. */
const CHANGING = `
const changing = synthetic({
  ...images,
  train: 300,
  policy: retort.randAugment(),
  erase: retort.randomErasing({ probability: 0.5 }),
  repeats: 3,
  views: { strong: { policy: retort.fixMatchAugment() } },
});
const shared = { dataset: changing, schedule: sgd({ epochs: 2, batch: 64, lr: 0.05 }) };
export const teacher = experiment(import.meta, { ...shared, student: large, distiller: scratch() });
const pair = { ...shared, teacher: from(teacher), student: small };
export const student = experiment(import.meta, { ...pair, distiller: retort.mlkd() });
export const beside = experiment(import.meta, { ...pair, distiller: kd() });
`;

await needs(
  everything,
  "resume: with policies and repeats a stopped run, and one of a cohort, see the same images",
  () =>
    toys(CHANGING, async (toys) => {
      await toys.run("student");
      const whole = await readResults(toys);
      const reset = async () => {
        await Deno.remove(toys.of("student", 1), { recursive: true });
        await Deno.remove(toys.path("toy/student.json"));
      };
      await reset();
      // An epoch has 256 images, four batches.
      let steps = 0;
      const stop = () => ++steps === LOOKS + 6;
      await assertRejects(
        () => toys.run("student", 1, { interrupted: stop }),
        Failure,
        "interrupted in epoch 2 after batch 2",
      );
      await toys.run("student");
      assertEquals(await readResults(toys), whole);

      await reset();
      const asked = [];
      for (const name of ["student", "beside"]) {
        asked.push({ experiment: await toys.experiment(name), seed: 1 });
      }
      await runTrials(asked, toys.settings());
      assertStringIncludes(toys.said(), "2 trials of seed 1 train together");
      const { state, last } = await readResults(toys);
      assertEquals({ state, last }, { state: whole.state, last: whole.last });
    }, repeating),
);
