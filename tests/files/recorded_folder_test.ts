import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { checkReplaceable, writeRecorded } from "../../lib/files/recorded_folder.ts";
import { Failure } from "../../lib/values/failure.ts";
import { needsDisk } from "../support/disk.ts";
import { inTemporary } from "../support/temporary.ts";
import { needs } from "../support/needs.ts";

const disk = ["read", "write"] as const;
const files = new Map<string, string | Uint8Array>([["README.md", "a card"], [
  "group/one.bin",
  Uint8Array.of(1, 2),
]]);

/** Lists the files below a folder, by path in it. */
async function filesBelow(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    found.push(
      ...(isDirectory
        ? (await filesBelow(`${folder}/${name}`)).map((inner) => `${name}/${inner}`)
        : [name]),
    );
  }
  return found.sort();
}

async function failureMessage(exit: number, path: string): Promise<string> {
  const failure = await assertRejects(() => writeRecorded("export", path, {}, files), Failure);
  assertEquals(failure.exit, exit, failure.message);
  return failure.message;
}

await needs(
  disk,
  "writeRecorded: an export is written with its SHA-256s, and replaced by the next one",
  () =>
    inTemporary(async (folder) => {
      const path = `${folder}/new/export`;
      await writeRecorded("export", path, { experiment: "toy" }, files);
      assertEquals(await filesBelow(path), ["README.md", "export.json", "group/one.bin"]);
      const { experiment, files: sums } = JSON.parse(
        await Deno.readTextFile(`${path}/export.json`),
      );
      assertEquals(experiment, "toy");
      assertEquals(
        sums["group/one.bin"],
        "a12871fee210fb8619291eaea194581cbd2531e4b23759d225f6806923f63222",
      );
      await writeRecorded("export", path, {}, new Map([["README.md", "another card"]]));
      assertEquals(await filesBelow(folder), ["new/export/README.md", "new/export/export.json"]);
      assertEquals(await Deno.readTextFile(`${path}/README.md`), "another card");
    }),
);

await needs(disk, "writeRecorded: an empty folder is filled", () =>
  inTemporary(async (folder) => {
    await writeRecorded("export", folder, {}, files);
    assertEquals(await filesBelow(folder), ["README.md", "export.json", "group/one.bin"]);
  }));

await needs(
  disk,
  "writeRecorded: a folder with anything else in it, or with a changed file, is left unchanged",
  () =>
    inTemporary(async (folder) => {
      const path = `${folder}/export`;
      await Deno.mkdir(path);
      await Deno.writeTextFile(`${path}/thesis.tex`, "years of work");
      assertStringIncludes(await failureMessage(2, path), "has thesis.tex, which no export wrote");
      assertEquals(await filesBelow(folder), ["export/thesis.tex"]);
      await Deno.remove(`${path}/thesis.tex`);
      await writeRecorded("export", path, {}, files);
      await Deno.writeTextFile(`${path}/README.md`, "a card with a licence");
      assertStringIncludes(
        await failureMessage(2, path),
        "has README.md, which was changed after the export",
      );
      assertEquals(await Deno.readTextFile(`${path}/README.md`), "a card with a licence");
      assertEquals(await filesBelow(folder), [
        "export/README.md",
        "export/export.json",
        "export/group/one.bin",
      ]);
      assertStringIncludes(await failureMessage(2, `${path}/README.md`), "is not a folder");
    }),
);

await needs(
  disk,
  "writeRecorded: an export that cannot be written leaves the old contents, and nothing else",
  () =>
    inTemporary(async (folder) => {
      const path = `${folder}/export`;
      const impossible = new Map([["README.md", "a card"], ["README.md/below", "a file"]]);
      for (
        const before of [[], ["export/README.md", "export/export.json", "export/group/one.bin"]]
      ) {
        assertEquals(await filesBelow(folder), before);
        const failure = await assertRejects(
          () => writeRecorded("export", path, {}, impossible),
          Failure,
        );
        assertEquals([failure.exit, failure.message.split(":")[0]], [3, `cannot write ${path}`]);
        assertEquals(await filesBelow(folder), before);
        await writeRecorded("export", path, {}, files);
      }
    }),
);

await needs(
  ["read", "write", "env"],
  "writeRecorded: a link stays a link, and the folder in which the user stands is refused",
  () =>
    inTemporary(async (folder) => {
      const [real, link] = [`${folder}/real`, `${folder}/link`];
      await Deno.mkdir(real);
      await Deno.symlink(real, link);
      await writeRecorded("export", link, {}, files);
      assertEquals((await Deno.lstat(link)).isSymlink, true);
      assertEquals(await filesBelow(real), ["README.md", "export.json", "group/one.bin"]);
      await Deno.symlink(`${folder}/nowhere`, `${folder}/dangling`);
      assertStringIncludes(await failureMessage(2, `${folder}/dangling`), "is a link to nothing");
      assertStringIncludes(await failureMessage(2, "."), "is the folder in which you stand");
    }),
);

await needsDisk(
  ["read", "write", "env"],
  1 << 14,
  "writeRecorded: a mount point is refused before anything is computed for it",
  async (folder) => {
    const failure = await assertRejects(() => checkReplaceable("evaluation", folder), Failure);
    assertEquals(failure.exit, 2);
    assertStringIncludes(failure.message, "is a mount point");
    assertEquals(await checkReplaceable("evaluation", `${folder}/inside`), false);
  },
);
