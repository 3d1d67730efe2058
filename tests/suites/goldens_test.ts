/** The golden tests fail on a folder of which they would not check everything. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { everything, needs } from "../support/needs.ts";
import { project } from "../support/toy_project.ts";

/** Runs a test of goldens on a folder of these files. */
async function run(
  name: string,
  files: Readonly<Record<string, unknown>>,
): Promise<{ code: number; out: string }> {
  const texts = Object.entries(files).map(([name, value]) => [name, JSON.stringify(value)]);
  let ended = { code: 0, out: "" };
  await project(Object.fromEntries(texts), async (folder) => {
    const test = fileURLToPath(new URL(name, import.meta.url));
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "test",
        "-A",
        "--quiet",
        "--no-check",
        "--config",
        fileURLToPath(new URL("../../deno.json", import.meta.url)),
        test,
      ],
      env: { RETORT_GOLDENS: folder, NO_COLOR: "1" },
    }).output();
    const decoder = new TextDecoder();
    ended = { code, out: decoder.decode(stdout) + decoder.decode(stderr) };
  });
  return ended;
}

const manifest = (...paths: string[]) => ({ cases: paths.map((path) => ({ path })) });

await needs(
  everything,
  "goldens: a folder without a case of a kind fails, whatever else it has",
  async () => {
    const { code, out } = await run("./golden_steps_test.ts", {
      "manifest.json": manifest("models/resnet8.json", "steps/_common.json"),
    });
    assertEquals(code, 1, out);
    assertStringIncludes(out, "manifest.json has no case of steps: nothing was checked");
  },
);

await needs(
  everything,
  "goldens: a case that no check matches fails, and so does an unknown name in left_out",
  async () => {
    const kd = {
      args: { gamma: 0.1, alpha: 0.9, kd_T: 4 },
      pair: "wrn_16_2->wrn_16_1",
      source: "RepDistiller helper/loops.py train_distill",
      final_order: { student: ["bn1.running_mean"] },
      left_out: { student: ["bn1.running_mean", "bn7.running_mean"] },
    };
    const { code, out } = await run("./golden_steps_test.ts", {
      "manifest.json": manifest(
        "steps/kd_wrn_16_2-wrn_16_1.json",
        "steps/unheard_MobileNetV2-ShuffleV1.json",
      ),
      "steps/kd_wrn_16_2-wrn_16_1.json": kd,
    });
    assertEquals(code, 1, out);
    assertStringIncludes(out, "left_out has names that student lacks");
    assertStringIncludes(out, "no check matches steps/unheard_MobileNetV2-ShuffleV1");
    assertStringIncludes(out, "0 passed | 2 failed");
  },
);

await needs(
  everything,
  "goldens: the cases of transformers are those of the subfolder, and none passes unchecked",
  async () => {
    const unheard = {
      "vit/misc/unheard.json": {},
      "vit/manifest.json": manifest("misc/unheard.json"),
    };
    const misc = await run("./golden_vit_misc_test.ts", {
      ...unheard,
      "manifest.json": manifest("misc/sgd.json"),
    });
    assertEquals(misc.code, 1, misc.out);
    assertStringIncludes(misc.out, "no check matches vit/misc/unheard");
    assertStringIncludes(misc.out, "0 passed | 1 failed");
    const models = await run("./golden_vit_models_test.ts", unheard);
    assertEquals(models.code, 1, models.out);
    assertStringIncludes(models.out, "has no case of vit/models: nothing was checked");
    const missing = await run("./golden_vit_models_test.ts", { "manifest.json": manifest() });
    assertEquals(missing.code, 1, missing.out);
  },
);

await needs(
  everything,
  "goldens: the cases of detection are those of its folder, and none passes unchecked",
  async () => {
    const unheard = await run("./golden_detection_test.ts", {
      "detection/unheard.json": {},
      "detection/manifest.json": manifest("unheard.json"),
      "manifest.json": manifest("misc/sgd.json"),
    });
    assertEquals(unheard.code, 1, unheard.out);
    assertStringIncludes(unheard.out, "no check matches detection/unheard");
    assertStringIncludes(unheard.out, "0 passed | 1 failed");
    const empty = await run("./golden_detection_test.ts", {
      "detection/manifest.json": manifest(),
    });
    assertEquals(empty.code, 1, empty.out);
    assertStringIncludes(empty.out, "has no case of detection: nothing was checked");
  },
);
