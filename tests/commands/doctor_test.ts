import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { diagnose, diagnosisReport, runDoctor } from "../../lib/commands/doctor.ts";
import { Failure } from "../../lib/values/failure.ts";
import { devices } from "../../lib/tensorflow/devices.ts";
import { findLibrary, testedVersions } from "../../lib/tensorflow/library/find.ts";
import { fakePython } from "../support/fake_python.ts";
import { everything, needs } from "../support/needs.ts";

Deno.test("doctor: the findings are in two aligned columns", () => {
  const text = diagnosisReport({
    library: { cc: "/tf/cc", framework: "/tf/framework", source: "python", version: "2.20.0" },
    notes: ["not tested"],
    devices: [{ name: "CPU:0", type: "CPU" }, { name: "GPU:0", type: "GPU" }],
    precisions: { float32: 61.25, bfloat16: 97 },
    python: { problem: "python3: there is no such command" },
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
bfloat16    does not pay here: a step takes 97.0 ms in bfloat16, 61.3 in float32
Python      none (python3: there is no such command)
threads     8
Deno        2.9.6
data        ./data
              cifar-100-binary
cache       /cache/retort (not there yet)

not tested`.slice(1),
  );
});

Deno.test("doctor: an unknown flag or an argument has exit code 2", async () => {
  const flag = await assertRejects(() => runDoctor(["--jsn"], () => {}), Failure, "--json");
  const argument = await assertRejects(() => runDoctor(["now"], () => {}), Failure, "now");
  assertEquals([flag.exit, argument.exit], [2, 2]);
});

Deno.test("doctor: --help lists the flags", async () => {
  let text = "";
  assertEquals(await runDoctor(["--help"], (printed) => text += printed), 0);
  for (const name of ["--data", "--json"]) assertStringIncludes(text, name);
});

await needs(
  everything,
  "doctor: without TensorFlow everything else is found and the cache does not change",
  async () => {
    const folder = await Deno.makeTempDir();
    const cache = join(folder, "cache");
    await Deno.mkdir(join(folder, "data/cifar-10-batches-bin"), { recursive: true });
    const host = {
      os: "linux",
      arch: "x86_64",
      pythons: [join(folder, "absent")],
      uv: "uv",
      cache,
    };
    const none = await diagnose(join(folder, "data"), host);
    assertEquals(none.library, undefined);
    assertEquals(none.devices, []);
    assertEquals(none.data.entries, ["cifar-10-batches-bin"]);
    assertEquals(none.cache, { path: cache });
    assertStringIncludes(none.notes.join(), "RETORT_TENSORFLOW");

    await Deno.mkdir(join(cache, "tensorflow/lib"), { recursive: true });
    await Deno.writeFile(join(cache, "tensorflow/lib/x"), new Uint8Array(1000));
    const { cache: found } = await diagnose(join(folder, "nowhere"), host);
    assertEquals(found?.entries, [{ name: "tensorflow", bytes: 1000 }]);
  },
);

await needs(
  everything,
  "doctor: an unknown user, a silent Python and unreadable data are findings",
  async () => {
    const folder = await Deno.makeTempDir();
    const python = await fakePython(folder, "exit 3");
    const host = { os: "linux", arch: "x86_64", pythons: [python], uv: "uv", cache: undefined };
    const findings = await diagnose("/".padEnd(5000, "x"), host);
    const report = diagnosisReport(findings);
    assertStringIncludes(report, `Python      none (${python}: it ended with exit code 3)`);
    assertMatch(report, /^data .* \(File name too long\)$/m);
    assertMatch(report, /^cache {7}none: /m);
    assertStringIncludes(report, "--backend cpu");
  },
);

/** Runs the command as a process, with these environment variables instead of the user's. */
async function run(
  args: string[],
  env: Record<string, string>,
): Promise<{ code: number; text: string; errors: string }> {
  const script = new URL("../../lib/commands/doctor.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script, ...args],
    env,
  }).output();
  const [text, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, text, errors };
}

await needs(
  everything,
  "doctor: without a usable TensorFlow it prints everything and exits with 3",
  async () => {
    const folder = await Deno.makeTempDir();
    const file = join(folder, "libtensorflow_cc.so.2");
    await Deno.writeTextFile(file, "not a library");
    const { code, text, errors } = await run(["--data", folder], { RETORT_TENSORFLOW: file });
    assertEquals(code, 3, errors);
    assertMatch(text, /^TensorFlow {2}none$/m);
    assertMatch(text, /^threads {5}\d+$/m);
    assertStringIncludes(text, `${file} is not a TensorFlow library`);
    assertEquals(
      JSON.parse((await run(["--json"], { RETORT_TENSORFLOW: file })).text).devices,
      [],
    );
  },
);

await needs(everything, "doctor: the real library has a version and devices", async () => {
  const library = await findLibrary();
  assertMatch(library.version, /^2\.\d+\.\d+$/);
  assertEquals(devices(library)[0], { name: "CPU:0", type: "CPU" });
  const { code, text, errors } = await run(["--json"], { RETORT_TENSORFLOW: library.cc });
  assertEquals(code, 0, errors);
  const found = JSON.parse(text);
  assertEquals(found.library, { ...library, source: "RETORT_TENSORFLOW" });
  assertEquals(Object.keys(found.precisions ?? {}), ["float32", "bfloat16"], found.notes.join());
});

await needs(
  everything,
  "doctor: a process that loaded the real library exits cleanly",
  async () => {
    const module = import.meta.resolve("../../lib/tensorflow/library/find.ts");
    const code =
      `import { findLibrary } from "${module}"; console.log((await findLibrary()).version);`;
    const { success, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--ext=ts", code],
    }).output();
    assertEquals(success, true);
    assertEquals(new TextDecoder().decode(stdout).trim(), testedVersions[0]);
  },
);
