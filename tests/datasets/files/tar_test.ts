import { assertEquals, assertRejects } from "@std/assert";
import { untar } from "../../../datasets/files/tar.ts";
import { needs } from "../../support/needs.ts";
import { gzip, tar } from "../../support/tar_archive.ts";
import { inTemporary } from "../../support/temporary.ts";

const text = (value: string) => new TextEncoder().encode(value);

await needs(
  ["read", "write"],
  "untar: folders, files of any length and long names are unpacked",
  () =>
    inTemporary(async (folder) => {
      const files = {
        "a/": new Uint8Array(),
        "a/empty": new Uint8Array(),
        "a/block": new Uint8Array(512).fill(7),
        "a/large": Uint8Array.from({ length: 300_001 }, (_, i) => i * i),
        [`a/${"deep/".repeat(20)}b.txt`]: text("deep"),
        "only/": new Uint8Array(),
      };
      Deno.writeFileSync(`${folder}/x.tar.gz`, await gzip(tar(files)));
      await untar(`${folder}/x.tar.gz`, folder);
      for (const [name, content] of Object.entries(files)) {
        if (name.endsWith("/")) assertEquals(Deno.statSync(`${folder}/${name}`).isDirectory, true);
        else assertEquals(Deno.readFileSync(`${folder}/${name}`), content);
      }
    }),
);

await needs(
  ["read", "write"],
  "untar: other entries are skipped with their contents",
  () =>
    inTemporary(async (folder) => {
      const note = tar({ note: text("path=elsewhere") }, "x").slice(0, 1024);
      const archive = new Uint8Array([...note, ...tar({ "b.txt": text("b") })]);
      Deno.writeFileSync(`${folder}/x.tar.gz`, await gzip(archive));
      await untar(`${folder}/x.tar.gz`, folder);
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
        "b.txt",
        "x.tar.gz",
      ]);
    }),
);

await needs(
  ["read", "write"],
  "untar: an archive that is cut off, damaged or leads out of the folder fails",
  () =>
    inTemporary(async (folder) => {
      const path = `${folder}/x.tar.gz`;
      const archive = tar({ "a.txt": text("a".repeat(2000)) });
      const whole = await gzip(archive);
      const assertError = async (bytes: Uint8Array, message: string) => {
        Deno.writeFileSync(path, bytes);
        await assertRejects(() => untar(path, `${folder}/out`), Error, message);
      };
      await assertError(whole.slice(0, whole.length - 20), "");
      await assertError(await gzip(archive.slice(0, 1000)), "ends early");
      await assertError(await gzip(archive.slice(0, 2560)), "ends early");
      await assertError(text("no archive"), "");
      const damaged = archive.slice();
      damaged[0] ^= 1;
      await assertError(await gzip(damaged), "a header in it is damaged");
      await assertError(await gzip(tar({ "../evil": text("x") })), '"../evil"');
      await assertError(await gzip(tar({ "/etc/evil": text("x") })), '"/etc/evil"');
      assertEquals([...Deno.readDirSync(folder)].some(({ name }) => name === "evil"), false);
    }),
);
