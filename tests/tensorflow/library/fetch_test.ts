import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../../../lib/values/failure.ts";
import { fetchLibrary } from "../../../lib/tensorflow/library/fetch.ts";
import { findPython } from "../../../lib/tensorflow/library/python.ts";
import type { Host } from "../../../lib/tensorflow/library/host.ts";
import { lineProgress } from "../../../lib/tensorflow/library/progress.ts";
import { downloadWheel, PipError } from "../../../lib/tensorflow/library/pip.ts";
import { needsDisk } from "../../support/disk.ts";
import { everything, needs } from "../../support/needs.ts";
import { bare, fakePython, pipThat, wheelOf } from "../../support/fake_python.ts";
import { temporaryFolder } from "../../support/temporary.ts";
import { waitUntil } from "../../support/wait_until.ts";

const TARGET = "tensorflow-2.21.0-linux-x86_64";
const CC = "tensorflow/libtensorflow_cc.so.2";
const FRAMEWORK = "tensorflow/libtensorflow_framework.so.2";
const FILES = {
  [CC]: "the cc library ".repeat(5000),
  [FRAMEWORK]: "the framework library",
  "tensorflow_cpu.libs/libgomp-1234.so.1": "what they need",
  "tensorflow/__init__.py": "",
  "tensorflow/python/_pywrap_tfe.so": "of no use",
};

interface Machine extends Host {
  readonly cache: string;
  readonly folder: string;
  /** File with a line for each run of pip. */
  readonly calls: string;
}

/** Creates a machine whose pip has this wheel. */
async function makeMachine(wheel: Uint8Array, { before = "" } = {}): Promise<Machine> {
  const folder = await temporaryFolder();
  const calls = join(folder, "calls");
  const path = join(folder, "tensorflow.whl");
  await Deno.writeFile(path, wheel);
  const python = await fakePython(folder, pipThat(`${before}\ncp '${path}' "$folder"`, calls));
  return {
    folder,
    calls,
    pythons: [python],
    uv: join(folder, "no-uv"),
    os: "linux",
    arch: "x86_64",
    cache: join(folder, "cache/retort"),
  };
}

const namesIn = (folder: string): Promise<string[]> =>
  Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
/** Fetches with the machine's Python. */
const fetchOn = async (host: Host) =>
  await fetchLibrary(host, await findPython(host.pythons), () => {});

Deno.test("fetchLibrary: a platform without a wheel gets a message with the alternatives", async () => {
  for (const [os, arch] of [["darwin", "x86_64"], ["freebsd", "x86_64"]]) {
    const host = { os, arch, pythons: ["absent"], uv: "absent", cache: "cache" };
    const failure = await assertRejects(
      () => fetchOn(host),
      Failure,
      `${os} on ${arch}`,
    );
    assertEquals(failure.exit, 3);
    for (const way of ["RETORT_TENSORFLOW", "python3-pip", "--backend cpu"]) {
      assertStringIncludes(failure.message, way);
    }
  }
});

Deno.test("lineProgress: logs one line at each quarter", () => {
  const lines: string[] = [];
  const { update } = lineProgress("TensorFlow", 100e6, (line) => lines.push(line));
  for (const done of [0, 10e6, 26e6, 30e6, 80e6, 99e6, 100e6, 120e6]) update(done);
  assertEquals(lines, ["TensorFlow: 26 MB of 100 MB", "TensorFlow: 80 MB of 100 MB"]);
});

await needs(everything, "fetchLibrary: unpacks the libraries and leaves nothing else", async () => {
  const host = await makeMachine(wheelOf(FILES));
  const folder = join(host.cache, TARGET);
  const found = await fetchOn(host);
  assertEquals(found, { cc: join(folder, CC), framework: join(folder, FRAMEWORK) });
  assertEquals(await Deno.readTextFile(found.cc), FILES[CC]);
  assertEquals(await namesIn(host.cache), [TARGET]);
  assertEquals((await namesIn(folder)).sort(), ["tensorflow", "tensorflow_cpu.libs"]);
  assertEquals((await namesIn(join(folder, "tensorflow"))).length, 2);
});

await needs(
  everything,
  "fetchLibrary: requests the platform's wheel from pip, for any version of Python",
  async () => {
    for (
      const [os, arch, dist, platform] of [
        ["linux", "x86_64", "tensorflow-cpu", "manylinux_2_27_x86_64"],
        ["linux", "aarch64", "tensorflow", "manylinux_2_27_aarch64"],
        ["darwin", "aarch64", "tensorflow", "macosx_12_0_arm64"],
      ]
    ) {
      const name = os === "darwin" ? "tensorflow/libtensorflow_cc.2.dylib" : CC;
      const host = { ...await makeMachine(wheelOf({ [name]: "" })), os, arch };
      await fetchOn(host);
      assertStringIncludes(
        await Deno.readTextFile(host.calls),
        `-m pip download ${dist}==2.21.0 --no-deps --only-binary=:all: ` +
          `--python-version 3.12 --implementation cp --abi cp312 --platform ${platform} -d `,
      );
    }
  },
);

await needs(everything, "fetchLibrary: downloads nothing the second time", async () => {
  const host = await makeMachine(wheelOf(FILES));
  const first = await fetchOn(host);
  assertEquals(await fetchOn(host), first);
  assertEquals((await Deno.readTextFile(host.calls)).split("\n").length, 2);
});

await needs(
  everything,
  "fetchLibrary: no Python, no pip and pip's errors are failures with the alternatives",
  async () => {
    const host = await makeMachine(new Uint8Array());
    const offline = 'echo "WARNING: Retrying" >&2; echo "ERROR: No route to host" >&2; exit 1';
    const says = { version: "3.6.8", tensorflow: null, pip: "18.1" };
    const old = JSON.stringify({ ...says, hasEnsurepip: false, isManaged: false });
    const cases: [script: string | undefined, why: string][] = [
      [undefined, "there is no such command"],
      [bare, "has no pip to fetch it with"],
      [`echo '${old}'`, "has pip 18.1, which is too old"],
      [pipThat(offline), "No route to host"],
      [pipThat("true"), "it left no wheel"],
      // The real pip, without an index.
      [
        `PIP_CONFIG_FILE=/dev/null PIP_NO_INDEX=1 PIP_FIND_LINKS= exec python3 "$@"`,
        "No matching distribution found",
      ],
    ];
    for (const [script, why] of cases) {
      const python = script ? await fakePython(host.folder, script) : join(host.folder, "absent");
      const failure = await assertRejects(
        () => fetchOn({ ...host, pythons: [python] }),
        Failure,
        why,
      );
      assertEquals(failure.exit, 3);
      assertStringIncludes(failure.message, "--backend cpu");
      assert(!failure.message.includes("Retrying"));
      assertEquals(await namesIn(host.cache).catch(() => []), []);
    }
  },
);

await needs(
  everything,
  "fetchLibrary: an incomplete, changed or empty wheel, or one without a library, leaves nothing",
  async () => {
    const changed = wheelOf(FILES, 0);
    const at = new TextDecoder("latin1").decode(changed).indexOf("the cc library");
    changed[at] ^= 1;
    const cases: [wheel: Uint8Array, why: string][] = [
      [wheelOf(FILES).subarray(0, -400), "could not be unpacked"],
      [new Uint8Array(), "could not be unpacked"],
      [changed, `Bad CRC-32 for file '${CC}'`],
      [wheelOf({ "tensorflow/__init__.py": "" }), "there is no library in the wheel"],
    ];
    for (const [wheel, why] of cases) {
      const host = await makeMachine(wheel);
      const failure = await assertRejects(() => fetchOn(host), Failure, why);
      assertEquals(failure.exit, 3);
      assertEquals(await namesIn(host.cache), []);
      await Deno.writeFile(join(host.folder, "tensorflow.whl"), wheelOf(FILES));
      assertEquals(await Deno.readTextFile((await fetchOn(host)).cc), FILES[CC]);
    }
  },
);

await needs(
  everything,
  "fetchLibrary: a cache that cannot be created is a failure that names it",
  async () => {
    const host = await makeMachine(wheelOf(FILES));
    await Deno.writeTextFile(join(host.folder, "cache"), "a file");
    const failure = await assertRejects(() => fetchOn(host), Failure, host.cache);
    assertEquals(failure.exit, 3);
  },
);

/** Starts another process that fetches for this machine. */
function startAnother(host: Machine): Deno.ChildProcess {
  const module = import.meta.resolve("../../../lib/tensorflow/library/fetch.ts");
  const code = `import { fetchLibrary } from "${module}";
    import { findPython } from "${
    import.meta.resolve("../../../lib/tensorflow/library/python.ts")
  }";
    const host = ${JSON.stringify(host)};
    console.log((await fetchLibrary(host, await findPython(host.pythons))).cc);`;
  return new Deno.Command(Deno.execPath(), {
    args: ["eval", "--ext=ts", code],
    stdout: "piped",
    stderr: "piped",
  })
    .spawn();
}

await needs(
  everything,
  "fetchLibrary: of two processes at once, one downloads and both use the library",
  async () => {
    const host = await makeMachine(wheelOf(FILES), { before: "sleep 1" });
    const outputs = await Promise.all(
      [startAnother(host), startAnother(host)].map((process) => process.output()),
    );
    const text = new TextDecoder();
    for (const { success, stdout, stderr } of outputs) {
      assert(success, text.decode(stderr));
      assertEquals(text.decode(stdout).trim(), join(host.cache, TARGET, CC));
    }
    assertEquals((await Deno.readTextFile(host.calls)).trim().split("\n").length, 1);
    assertEquals(await namesIn(host.cache), [TARGET]);
    assertEquals(await Deno.readTextFile(join(host.cache, TARGET, CC)), FILES[CC]);
  },
);

await needs(
  everything,
  "fetchLibrary: a killed process blocks no other, and its leftovers are removed",
  async () => {
    const host = await makeMachine(wheelOf(FILES), { before: '[ -e "$0.slow" ] && sleep 1' });
    await Deno.writeTextFile(`${host.pythons[0]}.slow`, "");
    const victim = startAnother(host);
    await waitUntil(() => existsSync(host.calls), victim);
    victim.kill("SIGKILL");
    await victim.output();
    assertNotEquals(await namesIn(host.cache), []);
    await Deno.remove(`${host.pythons[0]}.slow`);
    assertEquals(await Deno.readTextFile((await fetchOn(host)).cc), FILES[CC]);
    assertEquals(await namesIn(host.cache), [TARGET]);
  },
);

/** Asserts that a cache is refused with this reason and the ways out. */
async function assertCacheRefused(
  host: Machine,
  cache: string | undefined,
  why: string,
): Promise<void> {
  const failure = await assertRejects(() => fetchOn({ ...host, cache }), Failure, why);
  assertEquals(failure.exit, 3);
  for (const text of ["XDG_CACHE_HOME=", "--backend cpu"]) {
    assertStringIncludes(failure.message, text);
  }
}

await needs(
  everything,
  "fetchLibrary: no home and no possible cache name XDG_CACHE_HOME",
  async () => {
    const host = await makeMachine(wheelOf(FILES));
    await assertCacheRefused(host, undefined, "this user has no home");
    await Deno.writeTextFile(join(host.folder, "file"), "");
    await assertCacheRefused(host, join(host.folder, "file/retort"), "Not a directory");
  },
);

await needsDisk(
  everything,
  1 << 20,
  "fetchLibrary: a cache on a read-only disk names XDG_CACHE_HOME",
  async (folder, readOnly) => {
    readOnly();
    const cache = join(folder, "retort");
    const why = `cannot write ${cache}: Read-only file system`;
    await assertCacheRefused(await makeMachine(wheelOf(FILES)), cache, why);
  },
);

await needs(
  everything,
  "fetchLibrary: a demand for a virtual environment is not in the way, and nothing is installed",
  async () => {
    const host = await makeMachine(wheelOf(FILES), {
      before: '[ "$PIP_REQUIRE_VIRTUALENV" = 0 ] || exit 3',
    });
    Deno.env.set("PIP_REQUIRE_VIRTUALENV", "1");
    try {
      assertEquals(await Deno.readTextFile((await fetchOn(host)).cc), FILES[CC]);
    } finally {
      Deno.env.delete("PIP_REQUIRE_VIRTUALENV");
    }
  },
);

await needs(everything, "downloadWheel: a pip that stands still is ended", async () => {
  const { folder } = await makeMachine(new Uint8Array());
  const python = await fakePython(folder, "exec sleep 60");
  const wheel = { requirement: "tensorflow-cpu", platform: "any" };
  const shown = lineProgress("", 1, () => {});
  await assertRejects(
    () => downloadWheel(python, wheel, folder, shown, 300),
    PipError,
    "no data for 0.3 seconds",
  );
});
