import { assertEquals } from "@std/assert";
import { footnotes } from "../../../lib/tables/formats/footnotes.ts";

Deno.test("footnotes: numbered in order, the same text once, several in one mark", () => {
  const notes = footnotes();
  assertEquals([notes.mark("a"), notes.mark("b", "a"), notes.mark("a"), notes.mark()], [
    "<sup>1</sup>",
    "<sup>2, 1</sup>",
    "<sup>1</sup>",
    "",
  ]);
  assertEquals(notes.below(), "- <sup>1</sup> a\n- <sup>2</sup> b");
});
