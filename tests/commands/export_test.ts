import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { existsSync } from "node:fs";
import { runExport } from "../../lib/commands/export.ts";
import { Failure } from "../../lib/values/failure.ts";
import { decode } from "../../lib/weights/safetensors.ts";
import { everything, needs } from "../support/needs.ts";
import { AVERAGED, PAIR, toys } from "../support/toy_runs.ts";
import { accuracyOf } from "../support/trial.ts";

const outputOf = async (...args: string[]): Promise<string> => {
  const lines: string[] = [];
  await runExport(args, (line) => lines.push(line));
  return lines.join("\n");
};

const failureOf = async (exit: number, ...args: string[]): Promise<string> => {
  const failure = await assertRejects(() => runExport(args, () => {}), Failure);
  assertEquals(failure.exit, exit, failure.message);
  return failure.message;
};

await needs(["read", "env"], "export: usage errors have exit code 2 and a hint", async () => {
  assertStringIncludes(
    await outputOf("--help"),
    "usage: deno task export <module>[#name] --format <format>",
  );
  assertStringIncludes(
    await failureOf(2, "toy.ts"),
    "which format? --format safetensors or savedmodel or tfjs",
  );
  assertStringIncludes(
    await failureOf(2, "toy.ts", "--format", "onnx"),
    "--format can be safetensors or",
  );
  assertStringIncludes(await failureOf(2, "--format", "tfjs"), "which experiment?");
  assertStringIncludes(await failureOf(2, "a.ts", "b.ts", "--format", "tfjs"), "one at a time");
});

await needs(
  everything,
  "export: the moving average of a student's weights is written, with its own numbers",
  () =>
    toys(AVERAGED, async (toys) => {
      const { metric } = await toys.run("averaged");
      const folder = toys.path("average");
      const common = ["--data", toys.path("data"), "--format", "safetensors", "--average"];
      await outputOf(toys.path("toy.ts#averaged"), ...common, "--out", folder);
      const card = await Deno.readTextFile(`${folder}/README.md`);
      assertStringIncludes(card, "last epoch, moving average");
      assertMatch(card, new RegExp(`seed 1, last.*${metric.average!.last.toFixed(2)}`));
      const record = JSON.parse(await Deno.readTextFile(`${folder}/export.json`));
      assertEquals([record.epoch, record.average], ["last", "true"]);
      const read = (path: string) =>
        Deno.readFile(path).then((bytes) => decode(bytes, path).tensors);
      const [written, own] = [
        await read(`${folder}/model.safetensors`),
        await read(toys.of("averaged", 1, "last.average.safetensors")),
      ];
      assertEquals(written.size, own.size);
      const bias = (tensors: typeof own) =>
        [...tensors].find(([name]) => /^logits\.(0\.)?bias$/.test(name))![1].data;
      assertEquals(bias(written), bias(own));
      await failureOf(2, toys.path("toy.ts#plain"), ...common);
    }),
);

await needs(
  everything,
  "export: a trained student is written in every format, with model card and preprocessing",
  () =>
    toys(PAIR, async (toys) => {
      const spec = toys.path("toy.ts#student");
      const common = [spec, "--data", toys.path("data")];
      const untrained = await failureOf(3, ...common, "--format", "tfjs");
      assertStringIncludes(untrained, "`deno task exp toy#student --seed 1` trains it");
      assert(!existsSync(toys.path("exports")));
      assertMatch(
        await failureOf(2, toys.path("toy.ts"), "--format", "tfjs"),
        /name one, toy#student or toy#teacher|name one, toy#teacher or toy#student/,
      );

      const trial = await toys.run("student");
      const files = {
        safetensors: ["model.safetensors"],
        savedmodel: ["saved_model.pb"],
        tfjs: ["group1-shard1of1.bin", "model.json"],
      };
      for (const [format, own] of Object.entries(files)) {
        const folder = toys.path("exports", "toy#student", format);
        const epoch = format === "tfjs" ? "best" : "last";
        assertStringIncludes(
          await outputOf(...common, "--format", format, "--epoch", epoch),
          folder,
        );
        const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
        assertEquals(names, [...own, "README.md", "export.json", "preprocessing.json"].sort());
        const card = await Deno.readTextFile(`${folder}/README.md`);
        assertStringIncludes(card, "# small on synthetic: kd from large");
        assertStringIncludes(card, trial.teachers[0].sha256);
        assertStringIncludes(card, accuracyOf(trial)[epoch].toFixed(2));
        assertStringIncludes(card, "(1)");
        const { classes, mean, height, layout } = JSON.parse(
          await Deno.readTextFile(`${folder}/preprocessing.json`),
        );
        assertEquals([classes.length, mean, height, layout], [5, [0.5, 0.5, 0.5], 8, "NHWC"]);
        const record = JSON.parse(await Deno.readTextFile(`${folder}/export.json`));
        assertEquals([record.experiment, record.seed, record.epoch, record.format], [
          "toy#student",
          "1",
          epoch,
          format,
        ]);
      }

      const out = toys.path("mine");
      await Deno.mkdir(out);
      await Deno.writeTextFile(`${out}/notes.txt`, "mine");
      const taken = await failureOf(2, ...common, "--format", "safetensors", "--out", out);
      assertStringIncludes(taken, `${out} has notes.txt, which no export wrote`);
      await outputOf(...common, "--format", "safetensors");
      assert(existsSync(toys.path("exports", "toy#student", "safetensors", "model.safetensors")));
    }),
);
