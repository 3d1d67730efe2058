import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { findPython, isOldPip } from "../../../lib/tensorflow/library/python.ts";
import { bare, fakePython, having } from "../../support/fake_python.ts";
import { everything, needs } from "../../support/needs.ts";
import { inTemporary } from "../../support/temporary.ts";

/** Asks a Python that is this script. */
const ask = async (folder: string, script: string, patience?: number) =>
  await findPython([await fakePython(folder, script)], patience);

await needs(
  everything,
  "findPython: its version, its TensorFlow, its pip",
  () =>
    inTemporary(async (folder) => {
      const packages = join(folder, "pâckages");
      for (const name of ["tensorflow", "pip"]) {
        await Deno.mkdir(join(packages, name), { recursive: true });
        const text = `raise SystemExit(1)\n__version__ = '18.1'\n`;
        await Deno.writeTextFile(join(packages, name, "__init__.py"), text);
      }
      const found = await ask(folder, having(packages));
      assert(!("problem" in found));
      assertMatch(found.version, /^3\.\d+\.\d+$/);
      assertEquals(found.tensorflow, join(packages, "tensorflow"));
      assertEquals(found.pip, "18.1");
      const none = await ask(folder, bare);
      assert(!("problem" in none));
      assertEquals([none.tensorflow, none.pip], [null, null]);
    }),
);

await needs(
  everything,
  "findPython: a system's own Python installs no packages (PEP 668)",
  () =>
    inTemporary(async (folder) => {
      // Its standard library is a folder with this file.
      const marked = `${folder}/marked.py`;
      await Deno.writeTextFile(join(folder, "EXTERNALLY-MANAGED"), "");
      await Deno.writeTextFile(
        marked,
        `import sys, sysconfig
sysconfig.get_path = lambda name: "${folder}"
sys.prefix = sys.base_prefix
exec(sys.argv[2])`,
      );
      const found = await ask(folder, `exec python3 '${marked}' "$@"`);
      assert(!("problem" in found));
      assertEquals([found.isManaged, found.hasEnsurepip], [true, false]);
    }),
);

await needs(
  everything,
  "findPython: the first command that answers",
  () =>
    inTemporary(async (folder) => {
      const python = await fakePython(folder, 'exec python3 "$@"');
      const broken = join(folder, "broken");
      await Deno.writeTextFile(broken, "#!/bin/sh\nexit 127\n", { mode: 0o755 });
      const found = await findPython([join(folder, "absent"), broken, python]);
      assert(!("problem" in found) && found.command === python);
    }),
);

await needs(
  everything,
  "findPython: says of each command why it is no Python",
  () =>
    inTemporary(async (folder) => {
      const absent = join(folder, "absent");
      await Deno.writeTextFile(join(folder, "text"), "text");
      assertEquals(await findPython([absent, join(folder, "text")]), {
        problem: `${absent}: there is no such command; ${folder}/text: Permission denied`,
      });
      const failing = await ask(folder, "exit 3");
      assertEquals(failing, { problem: `${folder}/python3: it ended with exit code 3` });
      const hanging = await ask(folder, "exec sleep 30", 300);
      assertEquals(hanging, { problem: `${folder}/python3: no answer in 0.3 seconds` });
    }),
);

await needs(
  everything,
  "findPython: if its answer is swallowed, its pip is tried",
  () =>
    inTemporary(async (folder) => {
      for (const script of ["exit 0", "echo hello", "echo '{}'"]) {
        const found = await ask(folder, script);
        assert(!("problem" in found));
        assertEquals([found.version, found.pip], ["unknown", "unknown"]);
      }
    }),
);

Deno.test("isOldPip: before 19.2", () => {
  assertEquals(["9.0.3", "18.1", "19.1.1"].map(isOldPip), [true, true, true]);
  assertEquals(["19.2", "20.0.2", "26.1", "unknown"].map(isOldPip), [false, false, false, false]);
});
