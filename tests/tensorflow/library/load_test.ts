import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { needs } from "../../support/needs.ts";

const open = new URL("../../../lib/tensorflow/open_tensorflow.ts", import.meta.url).href;

/** Opens TensorFlow in a process of its own, in which it logs everything. */
async function openWith(env: Record<string, string>): Promise<{ code: number; err: string }> {
  const program = `import { runCommand } from "${new URL("../terminal/command.ts", open)}";
    import { openTensorflow } from "${open}";
    await runCommand(() => openTensorflow().then(() => 0));`;
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", program],
    env: { NO_COLOR: "1", TF_CPP_MIN_LOG_LEVEL: "0", ...env },
    stdout: "null",
    stderr: "piped",
  }).output();
  return { code, err: new TextDecoder().decode(stderr) };
}

await needs(
  ["run"],
  "loadTensorflow: oneDNN is on, also where TensorFlow's default is off",
  async () => {
    for (
      const env of [{}, { TF_ENABLE_ONEDNN_OPTS: "" }, { TF_ENABLE_ONEDNN_OPTS: "1" }] as Record<
        string,
        string
      >[]
    ) {
      const { code, err } = await openWith(env);
      assertEquals(code, 0, err);
      assertMatch(err, /oneDNN custom operations are on/);
    }
  },
);

await needs(
  ["run"],
  "loadTensorflow: a variable that turns oneDNN off is a failure that names it",
  async () => {
    const { code, err } = await openWith({ TF_ENABLE_ONEDNN_OPTS: "0" });
    assertEquals(code, 2);
    assertStringIncludes(err, "TF_ENABLE_ONEDNN_OPTS=0: Retort needs oneDNN, unset the variable");
  },
);
