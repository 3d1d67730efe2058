import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { decode, encode } from "fast-png";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runData } from "../../lib/commands/data.ts";
import { Failure } from "../../lib/values/failure.ts";
import { ten, writeBinary } from "../support/cifar.ts";
import { everything, needs } from "../support/needs.ts";
import { inTemporary } from "../support/temporary.ts";
import { writeFiles } from "../support/write_files.ts";

/** Runs the command. */
async function run(...args: string[]): Promise<{ text: string; code: number }> {
  const lines: string[] = [];
  const code = await runData(args, (line) => lines.push(line));
  return { text: lines.join("\n"), code };
}

/** A grey PNG. */
const png = (value: number, height = 8, width = 8) =>
  encode({ width, height, channels: 3, data: new Uint8Array(height * width * 3).fill(value) });

const pets = {
  "train/cat/a.png": png(10),
  "train/cat/b.png": png(20, 10, 6),
  "train/cat/c.png": png(30),
  "train/dog/a.png": png(40),
  "test/cat/a.png": png(50),
  "test/dog/twin.png": png(30),
};

const broken = { "train/dog/b.png": new Uint8Array(7), "test/cat/b.jpg": png(1).slice(0, 45) };

const disk = ["read", "write"] as const;

await needs(
  disk,
  "data: a folder's classes, sizes, means and images that are twice",
  () =>
    inTemporary(async (folder) => {
      writeFiles(`${folder}/pets`, pets, "directory");
      const { text, code } = await run("pets", "--data", folder);
      assertEquals(code, 0);
      const lines = text.split("\n");
      const line = (start: string) => lines.find((line) => line.startsWith(start))?.split(/ {2,}/);
      assertEquals(line("found"), ["found", `${folder}/pets, image files`]);
      assertEquals(line("classes"), ["classes", "2: cat, dog"]);
      const grey = (value: number) => Array(3).fill((value / 255).toFixed(4)).join(" ");
      assertEquals(line("train")?.slice(0, 7), ["train", "4", "4", "1", "3", "3.00", grey(25)]);
      assertEquals(line("test")?.slice(0, 7), ["test", "2", "2", "1", "1", "1.00", grey(40)]);
      assertEquals(line("declared"), ["declared", "0.4850 0.4560 0.4060", "0.2290 0.2240 0.2250"]);
      assertEquals(line("cat"), ["cat", "3", "1"]);
      assertEquals(line("8×8"), ["8×8", "5"]);
      assertEquals(line("10×6"), ["10×6", "1"]);
      assertStringIncludes(
        text,
        "Test images with the pixels of a training image: 1\n" +
          "  test/dog/twin.png (dog) = train/cat/c.png (cat)\n",
      );
      assertStringIncludes(text, "Images that cannot be read: 0");
      const byPath = await run(`${folder}/pets`);
      assertEquals(byPath.text.replace(`${folder}/pets\nfound`, "pets\nfound"), text);
    }),
);

await needs(
  disk,
  "data: all images that cannot be read are named, and the exit code is 3",
  () =>
    inTemporary(async (folder) => {
      writeFiles(`${folder}/pets`, { ...pets, ...broken }, "directory");
      const { text, code } = await run("pets", "--data", folder);
      assertEquals(code, 3);
      assertStringIncludes(text, "Images that cannot be read: 2");
      for (const name of Object.keys(broken)) assertStringIncludes(text, `${name} is broken (`);
      assertStringIncludes(text, "Test images with the pixels of a training image: 1");
      const json = JSON.parse((await run("pets", "--data", folder, "--json")).text);
      assertEquals(json.train.unreadable.map(({ index }: { index: number }) => index), [4]);
      assertEquals([json.train.images, json.train.read], [5, 4]);
      assertEquals(json.classes, [{ name: "cat", train: 3, test: 2 }, {
        name: "dog",
        train: 2,
        test: 1,
      }]);
      assertEquals(json.duplicates, [[{ split: "train", index: 2 }, { split: "test", index: 2 }]]);
    }),
);

await needs(
  disk,
  "data: the sheet is a PNG of the images that can be read",
  () =>
    inTemporary(async (folder) => {
      writeFiles(`${folder}/pets`, { ...pets, ...broken }, "directory");
      const path = `${folder}/sheet.png`;
      assertEquals((await run("pets", "--data", folder, "--sheet", path)).code, 3);
      const { width, height, channels, data } = decode(Deno.readFileSync(path));
      assertEquals([width, height, channels], [16 * 68 + 28, 2 * 68 + 4, 3]);
      assertEquals([data[(10 * width + 10) * 3], data[(10 * width + 78) * 3]], [10, 20]);
      const below = `${folder}/new/below/sheet.png`;
      await run("synthetic", "--limit", "50", "--sheet", below);
      assert(Deno.statSync(below).isFile);
      const inFile = await assertRejects(
        () => run("synthetic", "--limit", "50", "--sheet", `${path}/a.png`),
        Failure,
        "Not a directory",
      );
      assertEquals(inFile.exit, 3);
    }),
);

await needs(
  ["read", "write", "run"],
  "data: folders and sheets are from where the user stands, experiments also from the project",
  () =>
    inTemporary(async (folder) => {
      writeFiles(`${folder}/mine/pets`, pets, "directory");
      const command = fileURLToPath(new URL("../../lib/commands/data.ts", import.meta.url));
      const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
      const called = async (spec: string) => {
        const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", "--no-check", "--config", config, command, spec, "--sheet", "s.png"],
          cwd: folder,
          env: { INIT_CWD: `${folder}/mine` },
        }).output();
        const [out, err] = [stdout, stderr].map((text) => new TextDecoder().decode(text));
        return { code, out, err };
      };
      const { code, out, err } = await called("pets");
      assertEquals(code, 0, err);
      assertStringIncludes(out, `${await Deno.realPath(folder)}/mine/pets, image files`);
      assertEquals([existsSync(`${folder}/s.png`), existsSync(`${folder}/mine/s.png`)], [
        false,
        true,
      ]);
      Deno.writeTextFileSync(`${folder}/mine/module.ts`, "export const nothing = 1;\n");
      for (const spec of ["module", "mine/module"]) {
        assertStringIncludes((await called(spec)).err, "exports no experiment");
      }
    }),
);

await needs(
  disk,
  "data: a data set that cannot be opened has exit code 3",
  () =>
    inTemporary(async (folder) => {
      writeBinary(ten, folder);
      const failure = await assertRejects(() => run("cifar10", "--data", folder), Failure);
      assertEquals(failure.exit, 3);
      assertStringIncludes(failure.message, "expected 30730000");
    }),
);

await needs(
  everything,
  "data: a module's data sets and those of its experiments, equal ones once",
  () =>
    inTemporary(async (folder) => {
      writeFiles(`${folder}/pets`, pets, "directory");
      const mod = new URL("../../mod.ts", import.meta.url).href;
      const datasets = new URL("../../datasets/mod.ts", import.meta.url).href;
      const module = `${folder}/mine.ts`;
      Deno.writeTextFileSync(
        module,
        `import { experiment, resnet8, scratch, sgd } from "${mod}";
import { imageFolder, synthetic } from "${datasets}";
export const pets = imageFolder({ folder: "pets", size: 8 });
export const made = synthetic({ classes: 2, train: 50, test: 20, size: 8 });
const common = { student: resnet8, distiller: scratch(), schedule: sgd({ epochs: 1 }) };
export const one = experiment(import.meta, { ...common, dataset: made });
export const two = experiment(import.meta, { ...common, dataset: synthetic({ classes: 3, train: 30, test: 30, size: 8 }) });
`,
      );
      const { text, code } = await run(module, "--data", folder);
      assertEquals(code, 0);
      const names = text.split("\n").filter((line) => line.startsWith("name")).map((line) =>
        line.split(/ {2,}/)[1].replaceAll(/\S*mine#/g, "#")
      );
      assertEquals(names, ["made, #one", "pets", "#two"]);
      assertStringIncludes(text, "made without files");
      const only = async (name: string) => (await run(`${module}#${name}`, "--data", folder)).text;
      assertStringIncludes(await only("pets"), "imageFolder (folder pets");
      assertStringIncludes(await only("two"), "classes 3");
      const failure = await assertRejects(() => only("three"), Failure, "three");
      assertEquals(failure.exit, 2);
      const sheet = await assertRejects(() => run(module, "--sheet", `${folder}/a.png`), Failure);
      assertEquals([sheet.exit, sheet.message.includes("--sheet shows one")], [2, true]);
    }),
);

Deno.test("data: of many classes the text is short, and the JSON has all", async () => {
  const { text } = await run("synthetic", "--limit", "20");
  assertStringIncludes(text, "10: 0a, 0b");
  const json = JSON.parse((await run("synthetic", "--limit", "20", "--json")).text);
  assertEquals([json.classes.length, json.train.images, json.train.read], [10, 4000, 20]);
  assertEquals(json.place, undefined);
});

await needs(
  ["read"],
  "data: wrong arguments have exit code 2 and say what can be named",
  async () => {
    const message = async (...args: string[]) => {
      const failure = await assertRejects(() => run(...args), Failure);
      assertEquals(failure.exit, 2);
      return failure.message;
    };
    assertStringIncludes(await message("--data", "."), "deno task data cifar100");
    assertStringIncludes(await message("cifar101", "--data", "."), "did you mean cifar10?");
    assertStringIncludes(await message("nothing.ts"), "there is no nothing.ts");
    assertStringIncludes(await message("cifar10", "--limit", "0"), "--limit");
    assertStringIncludes(await message("cifar10", "cifar100"), "one at a time");
  },
);

Deno.test("data: --help lists the flags and what can be named", async () => {
  const { text, code } = await run("--help");
  assertEquals(code, 0);
  for (const part of ["--data", "--limit", "--sheet", "--json", "cifar100", "mine.ts#name"]) {
    assertStringIncludes(text, part);
  }
});

/** Runs the command as a process that stands in a folder. */
async function runIn(cwd: string, ...args: string[]): Promise<string> {
  const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--quiet", "--no-check", "--config", path("deno.json")],
      ...[path("lib/commands/data.ts"), ...args],
    ],
    cwd,
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

await needs(
  everything,
  "data: `.`, `..` and a slash after a name are folders as a shell has them",
  () =>
    inTemporary(async (folder) => {
      writeFiles(`${folder}/pets`, pets, "directory");
      writeFiles(`${folder}/data/more`, { ...pets, "train/dog/b.png": png(60) }, "directory");
      const found = async (spec: string) => {
        const text = await runIn(`${folder}/pets`, spec, "--data", `${folder}/data`);
        return text.split("\n").find((line) => line.startsWith("found"))?.split(/ {2,}/)[1];
      };
      assertEquals(await found("."), `${await Deno.realPath(`${folder}/pets`)}, image files`);
      assertEquals(await found("../pets/"), await found("."));
      assertEquals(await found("more/"), `${folder}/data/more, image files`);
    }),
);
