import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { inTemporary } from "../support/temporary.ts";
import { compileRefuse, needsGcc } from "../support/shared_object.ts";

const module = (path: string): string => import.meta.resolve(`../../${path}`);

/** Linux's numbers of EPERM, EBADF, EACCES, EINVAL, ENOTTY, EROFS, ENOLCK, ENOSYS and ENOTSUP. */
const ERRORS = [1, 9, 13, 22, 25, 30, 37, 38, 95];
/** The calls that only add safety. */
const CALLS = ["fsync", "fsync_folder", "utime", "chmod", "link", "flock", "truncate"];

/** Runs code in a process whose system refuses what the variables REFUSE and ERRNO say. */
async function runRefused(code: string, env: Record<string, string> = {}) {
  let result = { out: "", err: "" };
  await inTemporary(async (folder) => {
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--quiet", "--no-lock", "--ext=ts", code],
      cwd: folder,
      env: { LD_PRELOAD: await compileRefuse(folder), NO_COLOR: "1", ...env },
    }).output();
    const text = new TextDecoder();
    result = { out: text.decode(stdout), err: text.decode(stderr) };
  });
  return result;
}

const IMPORTS = `
import { atomicWrite } from "${module("lib/files/atomic_write.ts")}";
import { Lease, Leases } from "${module("lib/files/lease.ts")}";
import { Logs } from "${module("lib/run/epoch_log.ts")}";
const until = async (ready) => { while (!ready()) await new Promise((go) => setTimeout(go, 2)); };
`;

await needsGcc(
  "sync: files are written, logged and leased where the system refuses what only adds safety",
  async () => {
    const { out, err } = await runRefused(`${IMPORTS}
      for (const call of ${JSON.stringify([...CALLS, "rename_folder", CALLS.join(",")])}) {
        for (const number of ${JSON.stringify(ERRORS)}) {
          Deno.env.set("REFUSE", call);
          Deno.env.set("ERRNO", String(number));
          const name = call.replaceAll(",", "+") + "-" + number;
          await atomicWrite("file", name);
          if (await Deno.readTextFile("file") !== name) console.log("not written", call, number);
          Deno.mkdirSync(name);
          new Logs(name, 0).add({ epoch: 1, loss: 2 });
          new Logs(name, 1).add({ epoch: 2, loss: 2 });
          if ((await Deno.readTextFile(name + "/metrics.jsonl")).split("\\n").length !== 3) {
            console.log("not logged", call, number);
          }
          const path = name + "/lease";
          const lease = new Leases().take(path);
          if (!(lease instanceof Lease)) console.log("not taken", call, number);
          if (new Leases().take(path) instanceof Lease) console.log("taken twice", call, number);
          const [{ name: holder }] = Deno.readDirSync(path);
          const text = Deno.readTextFileSync(path + "/" + holder);
          const time = () => Deno.statSync(path + "/" + holder).mtime.getTime();
          const before = time();
          await until(() => lease.renew() && time() !== before);
          if (Deno.readTextFileSync(path + "/" + holder) !== text) console.log("changed", call);
          lease[Symbol.dispose]();
          if ([...Deno.readDirSync(name)].length !== 2) console.log("left", call, number);
        }
      }
      console.log("done");`);
    assertEquals(out, "done\n", err);
    assertEquals(err.trim().split("\n").length, 1, err);
    assertStringIncludes(err, "does not say when files are on the disk");
  },
);

await needsGcc("sync: a disk that loses bytes is a failure that names the file", async () => {
  const { out, err } = await runRefused(
    `${IMPORTS}
    for (const number of [5, 28, 122]) {
      Deno.env.set("ERRNO", String(number));
      await atomicWrite("file", "text").catch(({ exit, message }) => console.log(exit, message));
      try { new Logs(".", 0).add({ epoch: 1, loss: 2 }); }
      catch ({ exit, message }) { console.log(exit, message); }
    }
    console.log([...Deno.readDirSync(".")].map(({ name }) => name).sort().join());`,
    { REFUSE: "fsync" },
  );
  const lines = out.trim().split("\n");
  for (const [i, reason] of ["Input/output error", "No space left", "Disk quota"].entries()) {
    for (const [j, name] of ["file", "./metrics.jsonl"].entries()) {
      assertStringIncludes(lines[2 * i + j], `3 cannot write ${name}: ${reason}`);
    }
  }
  assert(!lines[6].includes(".tmp"), lines[6]);
  assertEquals(err, "");
});

await needsGcc(
  "sync: of many processes, one holds a lease where no folder is renamed",
  async () => {
    const code = `${IMPORTS}
    for (let i = 0; i < 10; i++) {
      using _lease = await new Leases().wait(Deno.env.get("SHARED") + "/lease");
      const at = Deno.env.get("SHARED") + "/inside";
      Deno.mkdirSync(at);
      await new Promise((go) => setTimeout(go, 2));
      Deno.removeSync(at);
    }
    console.log("done");`;
    await inTemporary(async (shared) => {
      const env = { REFUSE: "rename_folder", ERRNO: "22", SHARED: shared };
      const ends = await Promise.all(Array.from({ length: 3 }, () => runRefused(code, env)));
      for (const { out, err } of ends) assertEquals(out, "done\n", err);
      assertEquals([...Deno.readDirSync(shared)], []);
    });
  },
);
