/** Teachers with weights that were trained elsewhere, in whole runs. */
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { existsSync } from "node:fs";
import { readResult, type Trial } from "../../lib/project/result.ts";
import { dryRun } from "../../lib/run/dry_run.ts";
import { Failure } from "../../lib/values/failure.ts";
import { sha256 } from "../../lib/values/sha256.ts";
import { loadCheckpoint, saveCheckpoint } from "../../lib/weights/checkpoint.ts";
import { referenceName } from "../../lib/weights/names.ts";
import { permute } from "../../lib/weights/value.ts";
import { everything, needs } from "../support/needs.ts";
import { large } from "../support/toy.ts";
import { PAIR, type Toys, toys } from "../support/toy_runs.ts";
import { accuracyOf } from "../support/trial.ts";

const lib = (name: string): string => new URL(`../../lib/${name}`, import.meta.url).href;

/** The beginning of modules that use `weights`, with `taughtBy`. */
const WEIGHTS = `
import { weights } from "${lib("experiment/weights.ts")}";
const taughtBy = (teacher) => experiment(import.meta, { dataset, schedule, teacher, student: small, distiller: kd() });
const both = { id: "both", options: {}, build: () => ({ student, teacher: [one, other], task }) => ({ task: [1, task(student)] }) };
`;

/** A teacher that a run trained, and its student. */
interface Trained {
  /** The file of its weights. */
  readonly path: string;
  /** The SHA-256 of that file. */
  readonly sha256: string;
  /** Its top-1, in percent. */
  readonly top1: number;
  /** The result of its student. */
  readonly student: Trial;
}

/** Makes every run in this file repeatable bit for bit. */
const repeatable = { deterministic: true };

/** Registers a test that has a trained teacher. */
const test = (name: string, use: (trained: Trained) => Promise<void>): Promise<void> =>
  needs(everything, `teachers: ${name}`, () =>
    toys(PAIR, async (old) => {
      const student = await old.run("student");
      const path = old.of("teacher", 1, "last.safetensors");
      const [teacher] = (await readResult(old.path("toy/teacher.json"), "toy#teacher"))!.trials;
      await use({
        path,
        sha256: await sha256(await Deno.readFile(path)),
        top1: accuracyOf(teacher).last,
        student,
      });
    }, repeatable));

const failureMessage = async (work: Promise<unknown>, exit: number): Promise<string> => {
  const failure = await assertRejects(() => work, Failure);
  assertEquals(failure.exit, exit, failure.message);
  return failure.message;
};

/** Asserts that a run fails with exit 3 and a message of these parts, before any training. */
async function assertRefused(toys: Toys, name: string, ...parts: string[]): Promise<void> {
  const message = await failureMessage(toys.run(name), 3);
  for (const part of parts) assertStringIncludes(message, part);
  assert(!existsSync(toys.of(name, 1)) && !existsSync(toys.path(`toy/${name}.json`)));
}

/** What a dry run says of a trial. */
const dryText = async (toys: Toys, name: string, seed: number) =>
  (await dryRun([{ experiment: await toys.experiment(name), seed }], toys.settings())).join("\n");

await test("weights from a file teach like the run that trained them; SHA-256 and top-1 are recorded", (trained) => {
  const { path, sha256, top1 } = trained;
  const facts = `sha256: "${sha256}", top1: ${top1 - 0.09}`;
  return toys(
    `${WEIGHTS}
export const student = taughtBy(weights(large, { file: "files/big.safetensors", ${facts} }));
export const mixed = experiment(import.meta, { dataset, schedule, teacher: [from(student), weights(large, { file: new URL("files/big.safetensors", import.meta.url) })], student: small, distiller: both });
`,
    async (toys) => {
      await Deno.mkdir(toys.path("files"));
      await Deno.copyFile(path, toys.path("files", "big.safetensors"));
      const trial = await toys.run("student");
      const record = { id: "large:big.safetensors", seed: null, sha256, score: { top1 } };
      assertEquals(trial.teachers, [record]);
      assertEquals(trial.metric, trained.student.metric);
      assertEquals((await readResult(toys.path("toy/student.json"), "toy#student"))!.trials, [
        trial,
      ]);
      assertStringIncludes(
        toys.said(),
        `toy#student seed 1: teacher large:big.safetensors, top-1 ${top1.toFixed(2)}`,
      );
      const { declaration } = JSON.parse(
        await Deno.readTextFile(toys.of("student", 1, "declaration.json")),
      );
      const network = { id: "large", options: { channels: 4 } };
      assertEquals(declaration.teachers, [{ network, sha256, top1: top1 - 0.09 }]);

      const { teachers } = await toys.run("mixed");
      assertEquals(teachers.map(({ id, seed }) => [id, seed]), [["toy#student", 1], [
        "large:big.safetensors",
        null,
      ]]);
      assertEquals(teachers[1], record);
    },
    repeatable,
  );
});

await test("a state dict with the reference's names and PyTorch's layout has the same score", ({ path, top1, student }) =>
  toys(
    `${WEIGHTS}
const named = { ...large, names: (path) => [path + ".conv", path + ".bn"] };
export const student = taughtBy(weights(named, { file: "reference.safetensors", top1: ${top1} }));
`,
    async (toys) => {
      const named = { ...large, names: (path: string) => [`${path}.conv`, `${path}.bn`] as const };
      const { tensors } = await loadCheckpoint(path);
      const theirs = Array.from(tensors, ([name, value]) => {
        const axes = { 2: [1, 0], 4: [3, 2, 0, 1] }[value.shape.length];
        return [referenceName(named, name), axes ? permute(value, axes) : value] as const;
      });
      await saveCheckpoint(toys.path("reference.safetensors"), new Map(theirs), {});
      const trial = await toys.run("student");
      assertEquals([trial.teachers[0].score.top1, trial.metric], [top1, student.metric]);
    },
    repeatable,
  ));

await test("missing weights, and others than declared, end the run before any training", (trained) => {
  const { path, sha256, top1 } = trained;
  const file = `file: ${JSON.stringify(path)}`;
  const other = "0".repeat(64);
  return toys(
    `${WEIGHTS}
export const missing = taughtBy(weights(large, { file: "files/none.pth" }));
export const folder = taughtBy(weights(large, { file: "." }));
export const sum = taughtBy(weights(large, { ${file}, sha256: "${other}" }));
export const lower = taughtBy(weights(large, { ${file}, top1: ${top1 - 0.11} }));
export const higher = taughtBy(weights(large, { ${file}, top1: ${top1 + 0.11} }));
export const network = taughtBy(weights(small, { ${file} }));
export const strange = taughtBy(weights(large, { file: "toy.ts" }));
export const teacher = experiment(import.meta, { dataset, schedule, student: large, distiller: scratch() });
export const late = experiment(import.meta, { dataset, schedule, teacher: [from(teacher), weights(large, { file: "none.pth" })], student: small, distiller: both });
`,
    async (toys) => {
      await assertRefused(toys, "missing", toys.path("files", "none.pth"));
      await assertRefused(toys, "folder", `there is no file ${toys.folder}`);
      await assertRefused(toys, "sum", `${path} has SHA-256 ${sha256}, declared ${other}`);
      for (const [name, declared] of [["lower", top1 - 0.11], ["higher", top1 + 0.11]] as const) {
        const reaches = `${path} reaches top-1 ${top1.toFixed(2)}, declared ${declared}`;
        await assertRefused(
          toys,
          name,
          reaches,
          "wrong file",
          "mean and std",
          "classes in another order",
        );
      }
      await assertRefused(
        toys,
        "network",
        "another network than small",
        "stem.weight is [3,3,3,4], not [3,3,3,2]",
      );
      await assertRefused(toys, "strange", toys.path("toy.ts"));
      await assertRefused(toys, "late", toys.path("none.pth"));
    },
    repeatable,
  );
});

await test("weights are downloaded once into the data folder, and a partial file is continued", async ({ path, sha256: sum }) => {
  const bytes = await Deno.readFile(path);
  const asked: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    const range = request.headers.get("range");
    asked.push(`${pathname} ${range}`);
    if (!pathname.startsWith("/models/")) return new Response(null, { status: 404 });
    return new Response(bytes.slice(Number(range?.slice(6, -1) ?? 0)), {
      status: range ? 206 : 200,
    });
  });
  const at = (path: string) => `http://127.0.0.1:${server.addr.port}/${path}`;
  const declared = `${WEIGHTS}
export const summed = taughtBy(weights(large, { url: "${
    at("models/a%20b.pth?raw=1")
  }", sha256: "${sum}" }));
export const plain = taughtBy(weights(large, { url: "${at("models/a%20b.pth?raw=1")}" }));
export const namesake = taughtBy(weights(large, { url: "${at("models/other/a%20b.pth?raw=1")}" }));
export const wrong = taughtBy(weights(large, { url: "${at("models/")}", sha256: "${
    "0".repeat(64)
  }" }));
export const none = taughtBy(weights(large, { url: "${at("none.pth")}" }));
const part = { url: "${at("models/parts.pth")}" };
const parts = [weights(large, { ...part, key: "one" }), weights(small, { ...part, key: "two" })] as const;
export const two = experiment(import.meta, { dataset, schedule, teacher: parts, student: small, distiller: both });
`;
  try {
    await toys(declared, async (toys) => {
      const folder = toys.path("data", "weights");
      const file = `${sum.slice(0, 8)}-a_20b.pth`;
      await assertRefused(toys, "none", "404", at("none.pth"), folder, "`file` in place of `url`");
      await assertRefused(
        toys,
        "wrong",
        `SHA-256 ${sum}, expected 000`,
        `${folder}/00000000-weights`,
      );

      const text = await dryText(toys, "summed", 1);
      assertStringIncludes(
        text,
        `${folder}/${file}: missing, would be downloaded from ${at("models/a%20b.pth?raw=1")}`,
      );
      assertStringIncludes(text, "without evaluation and teachers");
      const teachers = (await dryText(toys, "two", 1)).match(/^teacher .*/gm)!;
      assertMatch(teachers.join("\n"), /^teacher +large.*^teacher +small/ms);

      asked.length = 0;
      await Deno.mkdir(folder, { recursive: true });
      await Deno.writeFile(`${folder}/${file}.part`, bytes.subarray(0, 1000));
      const { teachers: [record] } = await toys.run("summed");
      assertEquals([record.id, record.sha256], [`large:${file}`, sum]);
      assertStringIncludes(toys.said(), "a%20b.pth?raw=1: ");
      await toys.run("summed", 2);
      assertEquals(asked.splice(0), ["/models/a%20b.pth bytes=1000-"]);

      const ids = [];
      for (const name of ["plain", "namesake"]) ids.push((await toys.run(name)).teachers[0].id);
      assertEquals([new Set([...ids, record.id]).size, asked.length], [3, 2]);
      assert(ids.every((id) => /^large:[0-9a-f]{8}-a_20b\.pth$/.test(id)), String(ids));

      const ready = await dryText(toys, "summed", 1);
      assertStringIncludes(ready, `${folder}/${file}: ready`);
      await Deno.writeFile(`${folder}/${file}`, bytes.subarray(1));
      const message = await failureMessage(toys.run("summed", 3), 3);
      assertStringIncludes(
        message,
        `${folder}/${file} has SHA-256 `,
      );
      assertStringIncludes(
        message,
        `declared ${sum}: it is another file, or damaged; it was downloaded from http://`,
      );
    }, repeatable);
  } finally {
    await server.shutdown();
  }
});
