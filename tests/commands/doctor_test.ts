import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { diagnose, diagnosisReport, runDoctor } from "../../lib/commands/doctor.ts";
import { Failure } from "../../lib/values/failure.ts";
import { devices } from "../../lib/tensorflow/devices.ts";
import { findLibrary, testedVersions } from "../../lib/tensorflow/library/find.ts";
import { everything, needs } from "../support/needs.ts";

Deno.test("the findings are two aligned columns", () => {
  const text = diagnosisReport({
    library: { cc: "/tf/cc", framework: "/tf/framework", source: "python", version: "2.20.0" },
    notes: ["not tested"],
    devices: [{ name: "CPU:0", type: "CPU" }, { name: "GPU:0", type: "GPU" }],
    threads: 8,
    deno: "2.9.6",
    data: { path: "./data", entries: ["cifar-100-binary"] },
    cache: { path: "/cache/retort" },
  });
  assertEquals(
    text,
    `
TensorFlow  2.20.0, in the user's Python
library     /tf/cc
            /tf/framework
devices     CPU:0, GPU:0
threads     8
Deno        2.9.6
data        ./data
              cifar-100-binary
cache       /cache/retort (not there yet)

not tested`.slice(1),
  );
});

Deno.test("a flag that is not known, or an argument, is a failure with exit code 2", async () => {
  const flag = await assertRejects(() => runDoctor(["--jsn"], () => {}), Failure, "--json");
  const argument = await assertRejects(() => runDoctor(["now"], () => {}), Failure, "now");
  assertEquals([flag.exit, argument.exit], [2, 2]);
});

Deno.test("--help lists the flags", async () => {
  let text = "";
  assertEquals(await runDoctor(["--help"], (printed) => text += printed), 0);
  for (const name of ["--data", "--json"]) assertStringIncludes(text, name);
});

await needs(
  everything,
  "without TensorFlow everything else is found and the cache is left alone",
  async () => {
    const folder = await Deno.makeTempDir();
    const cache = join(folder, "cache");
    await Deno.mkdir(join(folder, "data/cifar-10-batches-bin"), { recursive: true });
    const host = { os: "linux", arch: "x86_64", python: join(folder, "absent"), cache };
    const none = await diagnose(join(folder, "data"), host);
    assertEquals(none.library, undefined);
    assertEquals(none.devices, []);
    assertEquals(none.data.entries, ["cifar-10-batches-bin"]);
    assertEquals(none.cache, { path: cache });
    assertStringIncludes(none.notes.join(), "RETORT_TENSORFLOW");

    await Deno.mkdir(join(cache, "tensorflow/lib"), { recursive: true });
    await Deno.writeFile(join(cache, "tensorflow/lib/x"), new Uint8Array(1000));
    const { cache: found } = await diagnose(join(folder, "nowhere"), host);
    assertEquals(found.entries, [{ name: "tensorflow", bytes: 1000 }]);
  },
);

/** The command as a process, with these variables instead of the user's. */
async function run(
  args: string[],
  env: Record<string, string>,
): Promise<{ code: number; text: string }> {
  const script = new URL("../../lib/commands/doctor.ts", import.meta.url).pathname;
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script, ...args],
    env,
  })
    .output();
  return { code, text: new TextDecoder().decode(stdout) };
}

await needs(
  everything,
  "the command exits with 3 after printing all when there is no usable TensorFlow",
  async () => {
    const folder = await Deno.makeTempDir();
    const given = join(folder, "libtensorflow_cc.so.2");
    await Deno.writeTextFile(given, "not a library");
    const { code, text } = await run(["--data", folder], { RETORT_TENSORFLOW: given });
    assertEquals(code, 3);
    assertMatch(text, /^TensorFlow {2}none$/m);
    assertMatch(text, /^threads {5}\d+$/m);
    assertStringIncludes(text, `${given} is not a TensorFlow library`);
    assertEquals(
      JSON.parse((await run(["--json"], { RETORT_TENSORFLOW: given })).text).devices,
      [],
    );
  },
);

await needs(everything, "the real library says its version and its devices", async () => {
  const library = await findLibrary();
  assertMatch(library.version, /^2\.\d+\.\d+$/);
  assertEquals(devices(library)[0], { name: "CPU:0", type: "CPU" });
  const { code, text } = await run(["--json"], { RETORT_TENSORFLOW: library.cc });
  assertEquals(code, 0);
  assertEquals(JSON.parse(text).library, { ...library, source: "RETORT_TENSORFLOW" });
});

await needs(everything, "a process that has loaded the real library ends well", async () => {
  const module = import.meta.resolve("../../lib/tensorflow/library/find.ts");
  const code =
    `import { findLibrary } from "${module}"; console.log((await findLibrary()).version);`;
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--ext=ts", code],
  }).output();
  assertEquals(success, true);
  assertEquals(new TextDecoder().decode(stdout).trim(), testedVersions[0]);
});
