import { assertEquals } from "@std/assert";
import type { Python } from "../../../lib/tensorflow/library/python.ts";
import { waysOut, wayToInstall } from "../../../lib/tensorflow/library/ways_out.ts";
import { fakePython } from "../../support/fake_python.ts";
import { everything, needs } from "../../support/needs.ts";
import { inTemporary } from "../../support/temporary.ts";

const PYTHON: Python = {
  command: "python",
  version: "3.14.0",
  tensorflow: null,
  pip: "24.0",
  hasEnsurepip: true,
  isManaged: false,
};

Deno.test("waysOut: aligned, with the way of this machine", () => {
  assertEquals(
    waysOut(["a b", "c"]),
    `
Alternatives:
  RETORT_TENSORFLOW=<a folder or file>    a TensorFlow library that is already there
  a b                                     c
  --backend cpu                           without TensorFlow, slow`.slice(1),
  );
});

await needs(
  everything,
  "wayToInstall: a command that the machine has the programs for",
  () =>
    inTemporary(async (folder) => {
      const uv = await fakePython(folder, "exit 0");
      const way = async (python: Parameters<typeof wayToInstall>[0], uv = `${folder}/absent`) =>
        (await wayToInstall(python, uv, "tf-cpu"))[0];
      const withoutPip = { ...PYTHON, pip: null };
      const managed = { ...withoutPip, isManaged: true, hasEnsurepip: false };
      const byUv = "uv pip install --no-deps --target tf --python-version 3.12 tf-cpu";
      assertEquals(await way(PYTHON, uv), "python -m pip install tf-cpu");
      assertEquals(
        await way({ ...managed, pip: "unknown" }, uv),
        "python -m pip install --no-deps --target tf tf-cpu",
      );
      assertEquals(
        await way({ ...PYTHON, pip: "19.1.1" }, uv),
        "python -m pip install --user --upgrade pip",
      );
      assertEquals(await way(withoutPip, uv), byUv);
      assertEquals(await way({ problem: "none" }, uv), byUv);
      assertEquals(await way(withoutPip), "python -m ensurepip");
      assertEquals(await way(managed), "install python3-pip");
      assertEquals(await way({ problem: "none" }), "install python3-pip");
    }),
);
