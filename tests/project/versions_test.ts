import { assert, assertEquals } from "@std/assert";
import { commit, versions } from "../../lib/project/versions.ts";
import { needs } from "../support/needs.ts";

await needs(["read"], "versions: Retort's version is the one in its deno.json", async () => {
  const { version } = JSON.parse(
    await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
  );
  const { retort, deno, tfjs, tensorflow } = versions("2.21.0");
  assertEquals([retort, deno, tensorflow], [version, Deno.version.deno, "2.21.0"]);
  assert(/^\d+\.\d+\.\d+$/.test(tfjs));
  assertEquals(versions(null).tensorflow, null);
});

await needs(
  ["read", "write", "run"],
  "commit: the hash, -dirty if a module differs, null without a repository",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      assertEquals(await commit(folder), null);
      const git = async (...args: string[]) => {
        const who = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        const { stdout } = await new Deno.Command("git", { args: [...who, ...args], cwd: folder })
          .output();
        return new TextDecoder().decode(stdout).trim();
      };
      await git("init");
      assertEquals(await commit(folder), null);
      await Deno.writeTextFile(`${folder}/a.ts`, "1");
      await git("add", ".");
      await git("commit", "-m", "a");
      const hash = await git("rev-parse", "HEAD");
      assertEquals(hash.length, 40);
      await Deno.writeTextFile(`${folder}/a.json`, "{}");
      assertEquals(await commit(folder), hash);
      await Deno.writeTextFile(`${folder}/a.ts`, "2");
      assertEquals(await commit(folder), `${hash}-dirty`);

      // A project in a subfolder has its repository's commit, and only its own modules count.
      await Deno.mkdir(`${folder}/kd`);
      assertEquals(await commit(`${folder}/kd`), null);
      await Deno.writeTextFile(`${folder}/kd/b.ts`, "1");
      assertEquals(await commit(`${folder}/kd`), null);
      await git("add", "kd");
      await git("commit", "-m", "b");
      assertEquals(await commit(`${folder}/kd`), await git("rev-parse", "HEAD"));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
