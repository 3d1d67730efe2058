import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { join } from "node:path";
import { userFolder } from "../../../lib/files/user_path.ts";
import { Failure } from "../../../lib/values/failure.ts";
import { cacheFolder, type Host, thisHost } from "../../../lib/tensorflow/library/host.ts";
import { findLibrary, locateLibrary } from "../../../lib/tensorflow/library/find.ts";
import { loadTensorflow } from "../../../lib/tensorflow/library/load.ts";
import { isInstalled } from "../../support/installed.ts";
import { everything, needs } from "../../support/needs.ts";
import { bare, fakePython, having } from "../../support/fake_python.ts";
import { temporaryFolder } from "../../support/temporary.ts";

const CC = "libtensorflow_cc.so.2";
const FRAMEWORK = "libtensorflow_framework.so.2";
const TARBALL = "libtensorflow.so.2";

/** Creates an empty machine. `folder` is for its files. */
async function makeMachine(
  given?: Partial<Host & { cache: string }>,
): Promise<Host & { folder: string; cache: string }> {
  const folder = await temporaryFolder();
  return {
    folder,
    os: "linux",
    arch: "x86_64",
    pythons: [join(folder, "absent")],
    uv: join(folder, "no-uv"),
    cache: join(folder, "cache"),
    ...given,
  };
}

async function put(folder: string, ...names: string[]): Promise<string> {
  await Deno.mkdir(folder, { recursive: true });
  for (const name of names) await Deno.writeTextFile(join(folder, name), "not really a library");
  return folder;
}

const locate = (host: Host, log: (line: string) => void = () => {}) =>
  locateLibrary({ host, log, download: false });

Deno.test("cacheFolder: in $XDG_CACHE_HOME, else in ~/.cache", () => {
  assertEquals(cacheFolder("/x", "/home/me"), "/x/retort");
  assertEquals(cacheFolder(undefined, "/home/me"), "/home/me/.cache/retort");
  assertEquals(cacheFolder("", "/home/me"), "/home/me/.cache/retort");
  assertEquals(cacheFolder("/x", undefined), "/x/retort");
  assertEquals(cacheFolder("", undefined), undefined);
});

Deno.test("findLibrary: Windows gets a message with an alternative", async () => {
  const host = { os: "windows", arch: "x86_64", pythons: [], uv: "uv", cache: "cache" };
  const failure = await assertRejects(() => findLibrary({ host }), Failure, "--backend cpu");
  assertEquals(failure.exit, 3);
});

await needs(
  everything,
  "RETORT_TENSORFLOW: the wheel's layout, directly in a folder or in its tensorflow",
  async () => {
    const host = await makeMachine();
    for (const inside of ["a", "b/tensorflow"]) {
      const folder = await put(join(host.folder, inside), CC, FRAMEWORK);
      const found = await locate({ ...host, given: join(host.folder, inside[0]) });
      assertEquals(found, {
        cc: join(folder, CC),
        framework: join(folder, FRAMEWORK),
        source: "RETORT_TENSORFLOW",
      });
    }
  },
);

await needs(
  everything,
  "RETORT_TENSORFLOW: the C tarball's layout, its root or its lib",
  async () => {
    const host = await makeMachine();
    const lib = await put(join(host.folder, "tarball/lib"), TARBALL, FRAMEWORK);
    for (const given of [lib, join(host.folder, "tarball")]) {
      const found = await locate({ ...host, given });
      assertEquals(found, {
        cc: join(lib, TARBALL),
        framework: join(lib, FRAMEWORK),
        source: "RETORT_TENSORFLOW",
      });
    }
  },
);

await needs(everything, "RETORT_TENSORFLOW: macOS's names", async () => {
  const host = await makeMachine({ os: "darwin", arch: "aarch64" });
  const wheel = await put(
    join(host.folder, "wheel"),
    "libtensorflow_cc.2.dylib",
    "libtensorflow_framework.2.dylib",
  );
  assertEquals(
    (await locate({ ...host, given: wheel })).cc,
    join(wheel, "libtensorflow_cc.2.dylib"),
  );
  const tarball = await put(join(host.folder, "tarball"), "libtensorflow.2.dylib");
  assertEquals(
    (await locate({ ...host, given: tarball })).cc,
    join(tarball, "libtensorflow.2.dylib"),
  );
  await assertRejects(
    () => locate({ ...host, given: host.folder }),
    Failure,
    "libtensorflow_cc.2.dylib",
  );
});

await needs(
  everything,
  "RETORT_TENSORFLOW: a file of any name, alone or with the framework beside it",
  async () => {
    const host = await makeMachine();
    const alone = await put(join(host.folder, "alone"), "mine.so");
    assertEquals(await locate({ ...host, given: join(alone, "mine.so") }), {
      cc: join(alone, "mine.so"),
      framework: join(alone, "mine.so"),
      source: "RETORT_TENSORFLOW",
    });
    await put(alone, FRAMEWORK);
    assertEquals(
      (await locate({ ...host, given: join(alone, "mine.so") })).framework,
      join(alone, FRAMEWORK),
    );
  },
);

await needs(
  everything,
  "RETORT_TENSORFLOW: a path without a library is a failure that names the missing files",
  async () => {
    const host = await makeMachine();
    for (
      const given of [
        host.folder,
        join(host.folder, "nowhere"),
        "/dev/null/x",
        "/".padEnd(5000, "x"),
      ]
    ) {
      const failure = await assertRejects(() => locate({ ...host, given }), Failure, given);
      assertEquals(failure.exit, 3);
      for (const text of [CC, TARBALL, "pip install"]) assertStringIncludes(failure.message, text);
    }
  },
);

await needs(everything, "RETORT_TENSORFLOW: empty is the same as unset", async () => {
  const host = await makeMachine({ given: "" });
  await assertRejects(() => locate(host), Failure, "There is no TensorFlow in");
});

await needs(
  everything,
  "locateLibrary: finds Python's library without importing the package",
  async () => {
    const host = await makeMachine();
    const folder = join(host.folder, "a wörk place");
    await put(join(folder, "tensorflow"), CC, FRAMEWORK);
    await Deno.writeTextFile(
      join(folder, "tensorflow/__init__.py"),
      "raise SystemExit('imported')",
    );
    const found = await locate({
      ...host,
      pythons: [await fakePython(host.folder, having(folder))],
    });
    assertEquals(found.source, "python");
    assertEquals(found.cc, join(folder, "tensorflow", CC));
  },
);

await needs(
  everything,
  "RETORT_TENSORFLOW comes before Python, Python before the cache",
  async () => {
    const host = await makeMachine();
    const packages = join(host.folder, "packages");
    await put(join(host.cache, "tensorflow-2.21.0-linux-x86_64"), CC, FRAMEWORK);
    assertEquals((await locate(host)).source, "cache");
    await put(join(packages, "tensorflow"), "__init__.py", CC);
    const python = await fakePython(host.folder, having(packages));
    assertEquals((await locate({ ...host, pythons: [python] })).source, "python");
    const given = await put(join(host.folder, "given"), CC);
    assertEquals((await locate({ ...host, pythons: [python], given })).source, "RETORT_TENSORFLOW");
  },
);

await needs(
  everything,
  "locateLibrary: skips a folder called tensorflow that is not the package",
  async () => {
    const host = await makeMachine();
    const here = join(host.folder, "here");
    const path = join(host.folder, "path");
    await put(join(here, "tensorflow"), "__init__.py", CC);
    await put(join(path, "tensorflow"), CC);
    const python = await fakePython(host.folder, `cd '${here}'\n${having(path)}`);
    await assertRejects(
      () => locate({ ...host, pythons: [python] }),
      Failure,
      "There is no TensorFlow in",
    );
  },
);

await needs(
  everything,
  "locateLibrary: skips a Python that is absent, broken, without TensorFlow or no Python",
  async () => {
    const host = await makeMachine();
    await put(join(host.cache, "tensorflow-2.21.0-linux-x86_64/tensorflow"), CC, FRAMEWORK);
    assertEquals((await locate(host)).source, "cache");
    assertEquals(
      (await locate({ ...host, pythons: [await put(join(host.folder, "dir"))] })).source,
      "cache",
    );
    for (const script of [bare, "exit 1", "echo hello", "kill -9 $$", "true"]) {
      assertEquals(
        (await locate({ ...host, pythons: [await fakePython(host.folder, script)] })).source,
        "cache",
        script,
      );
    }
  },
);

await needs(
  everything,
  "locateLibrary: skips a TensorFlow in Python without the library and logs a line",
  async () => {
    const host = await makeMachine();
    const packages = join(host.folder, "packages");
    const lines: string[] = [];
    await put(join(packages, "tensorflow"), "__init__.py");
    const python = await fakePython(host.folder, having(packages));
    await assertRejects(
      () => locate({ ...host, pythons: [python] }, (line) => lines.push(line)),
      Failure,
    );
    assertEquals(lines, [
      `${join(packages, "tensorflow")} has no ${CC}: this TensorFlow is not used`,
    ]);
  },
);

await needs(
  everything,
  "findLibrary: a file that is no library is a failure that names it",
  async () => {
    const host = await makeMachine();
    const cc = join(await put(host.folder, CC), CC);
    const failure = await assertRejects(
      () => findLibrary({ host: { ...host, given: cc } }),
      Failure,
      cc,
    );
    assertEquals(failure.exit, 3);
    assertStringIncludes(failure.message, "RETORT_TENSORFLOW");
  },
);

const onLinux = Deno.build.os === "linux" ? needs : () => {};

/** Returns the path of a library that every process on Linux has loaded. */
const findLibc = async (): Promise<string> =>
  /\S+\/libc\.so\.6/.exec(await Deno.readTextFile("/proc/self/maps"))![0];

await onLinux(
  everything,
  "loadTensorflow: a library that is not TensorFlow's is a failure that names it",
  async () => {
    const path = await findLibc();
    const failure = assertThrows(
      () => loadTensorflow({ cc: path, framework: path }),
      Failure,
      path,
    );
    assertMatch(failure.message, /\bTF_\w+/);
  },
);

await onLinux(
  everything,
  "loadTensorflow: a library that is cut off is a failure, although the system's loader would crash",
  async () => {
    const host = await makeMachine();
    const cc = join(host.folder, CC);
    const whole = await Deno.readFile(await findLibc());
    for (const part of [0.3, 0.99]) {
      await Deno.writeFile(cc, whole.subarray(0, Math.floor(whole.length * part)));
      const failure = assertThrows(
        () => loadTensorflow({ cc, framework: cc }),
        Failure,
        "is cut off",
      );
      assertEquals(failure.exit, 3);
    }
  },
);

const compiler = "cc";
const canCompile = await isInstalled(compiler);

Deno.test({
  name: "findLibrary: an untested version gets one line of warning (needs a C compiler)",
  ignore: !canCompile,
  async fn() {
    const host = await makeMachine();
    const source = join(host.folder, "tf.c");
    const given = join(host.folder, "tf.so");
    await Deno.writeTextFile(
      source,
      `const char* TF_Version(void) { return "2.5.0"; } void* TF_NewStatus(void) { return 0; } void TF_DeleteStatus(void* s) {}`,
    );
    const { success } = await new Deno.Command(compiler, {
      args: ["-shared", "-fPIC", "-o", given, source],
    }).output();
    assert(success);
    const lines: string[] = [];
    const library = await findLibrary({
      host: { ...host, given },
      log: (line) => lines.push(line),
    });
    assertEquals(library, {
      cc: given,
      framework: given,
      source: "RETORT_TENSORFLOW",
      version: "2.5.0",
    });
    assertEquals(lines, [
      `TensorFlow 2.5.0 at ${given} has not been tested with Retort; tested: 2.21.0`,
    ]);
  },
});

await needs(everything, "thisHost: RETORT_TENSORFLOW is relative to where the user stands", () => {
  const { get } = Deno.env;
  let given = "libtensorflow.so.2";
  Deno.env.get = (name) => name === "RETORT_TENSORFLOW" ? given : get(name);
  try {
    assertEquals(thisHost().given, join(userFolder(), given));
    given = "";
    assertEquals(thisHost().given, "");
  } finally {
    Deno.env.get = get;
  }
});
