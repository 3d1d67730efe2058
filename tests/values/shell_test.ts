import { assertEquals } from "@std/assert";
import { quoteWord, shellCommand } from "../../lib/values/shell.ts";
import { needs } from "../support/needs.ts";

Deno.test("shell: a word is quoted where a shell would read more than a word", () => {
  assertEquals(quoteWord("experiments/slkd/vgg13_vgg8"), "experiments/slkd/vgg13_vgg8");
  assertEquals(quoteWord("a#kd"), "a#kd");
  assertEquals(quoteWord("#kd"), "'#kd'");
  assertEquals(quoteWord("it's"), `'it'\\''s'`);
  assertEquals(quoteWord(""), "''");
  assertEquals(shellCommand(["deno", "task", "exp", "my a#kd"]), "deno task exp 'my a#kd'");
});

await needs(["run"], "shell: a shell reads every word back", async () => {
  const words = [
    "a#b",
    "#c",
    "two words",
    "it's",
    "$HOME",
    "`ls`",
    '"',
    "\\",
    "*",
    "~",
    "!",
    "ü;|&",
    "",
  ];
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", shellCommand(["printf", "%s\\n", ...words])],
  }).output();
  assertEquals(new TextDecoder().decode(stdout), words.map((word) => `${word}\n`).join(""));
});
