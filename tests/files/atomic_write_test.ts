import { assert, assertEquals, assertRejects } from "@std/assert";
import { atomicWrite, checkWritable, removeUnfinished } from "../../lib/files/atomic_write.ts";
import { Failure } from "../../lib/values/failure.ts";
import { needsDisk } from "../support/disk.ts";
import { needs } from "../support/needs.ts";

const files = (folder: string): string[] =>
  Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

/** Asserts that writing to `path` fails with this reason. */
async function assertRefused(
  path: string,
  data: Uint8Array | string,
  reason: string,
): Promise<void> {
  const failure = await assertRejects(
    () => atomicWrite(path, data),
    Failure,
    `cannot write ${path}: ${reason}`,
  );
  assertEquals(failure.exit, 3);
  assert(
    !failure.message.includes("os error") && !failure.message.includes(".tmp"),
    failure.message,
  );
}

await needs(
  ["read", "write"],
  "atomicWrite: writes texts and bytes, new and over an old file, and leaves no other file",
  async () => {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/result.json`;
    await atomicWrite(path, "é");
    assertEquals(await Deno.readFile(path), Uint8Array.of(0xc3, 0xa9));
    await atomicWrite(path, Uint8Array.of(1, 2, 3).subarray(1));
    assertEquals(await Deno.readFile(path), Uint8Array.of(2, 3));
    await atomicWrite(path, "");
    assertEquals(await Deno.readFile(path), new Uint8Array(0));
    assertEquals(files(folder), ["result.json"]);
    await Deno.remove(folder, { recursive: true });
  },
);

await needs(
  ["read", "write"],
  "atomicWrite: many writes at once leave one of them complete",
  async () => {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/latest`;
    const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(10_000));
    await Promise.all(texts.map((text) => atomicWrite(path, text)));
    assert(texts.includes(await Deno.readTextFile(path)));
    assertEquals(files(folder), ["latest"]);
    await Deno.remove(folder, { recursive: true });
  },
);

await needs(
  ["read", "write"],
  "atomicWrite: a failure names the path and leaves the old file alone",
  async () => {
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(`${folder}/file`, "old");
    await assertRefused(`${folder}/file/below`, "new", "Not a directory");
    await assertRefused(`${folder}/nowhere/file`, "new", "No such file or directory");
    await Deno.mkdir(`${folder}/taken`);
    await assertRefused(`${folder}/taken`, "new", "Is a directory");
    assertEquals(files(folder), ["file", "taken"]);
    assertEquals(await Deno.readTextFile(`${folder}/file`), "old");
    await Deno.remove(folder, { recursive: true });
  },
);

await needsDisk(
  ["read", "write"],
  64 * 1024,
  "atomicWrite: a full or read-only disk is a failure",
  async (folder, readOnly) => {
    const path = `${folder}/latest.safetensors`;
    await atomicWrite(path, "old");
    await assertRefused(path, new Uint8Array(256 * 1024), "No space left on device");
    assertEquals(files(folder), ["latest.safetensors"]);
    await atomicWrite(path, "new");
    readOnly();
    await assertRefused(path, "newer", "Read-only file system");
    assertEquals(await Deno.readTextFile(path), "new");
  },
);

await needs(
  ["read", "write"],
  "removeUnfinished: removes what a killed process left of a write, and nothing else",
  async () => {
    const folder = await Deno.makeTempDir();
    const unfinished = (name: string) => `${name}.${crypto.randomUUID()}.tmp`;
    const others = ["a.json", "a.json.tmp", "b.tmp", `a.json.${crypto.randomUUID()}`].sort();
    const ofB = unfinished("b.json");
    for (const name of [...others, ofB, unfinished("a.json"), unfinished("a.json")]) {
      await Deno.writeTextFile(`${folder}/${name}`, "");
    }
    await Deno.mkdir(`${folder}/${unfinished("a.json")}.old/inner`, { recursive: true });
    await removeUnfinished(folder, "a.json.");
    assertEquals(files(folder), [...others, ofB].sort());
    await removeUnfinished(folder);
    assertEquals(files(folder), others);
    await Deno.remove(folder, { recursive: true });
    const failure = await assertRejects(() => removeUnfinished(folder), Failure, folder);
    assertEquals(failure.exit, 3);
  },
);

await needs(
  ["read", "write"],
  "checkWritable: a file in a folder that is missing yet, and one that cannot be written",
  async () => {
    const folder = await Deno.makeTempDir();
    await checkWritable(`${folder}/new/below/file`);
    assertEquals(files(folder), []);
    await Deno.writeTextFile(`${folder}/file`, "old");
    await checkWritable(`${folder}/file`);
    assertEquals(await Deno.readTextFile(`${folder}/file`), "old");
    const below = `${folder}/file/below`;
    const failure = await assertRejects(() => checkWritable(below), Failure, `write ${below}: Not`);
    assertEquals(failure.exit, 3);
    await Deno.remove(folder, { recursive: true });
  },
);

await needsDisk(
  ["read", "write"],
  64 * 1024,
  "checkWritable: a read-only disk",
  async (folder, readOnly) => {
    readOnly();
    const path = `${folder}/new/file`;
    await assertRejects(() => checkWritable(path), Failure, `write ${path}: Read-only`);
  },
);
