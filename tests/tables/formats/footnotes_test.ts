import { assertEquals } from "@std/assert";
import { footnotes } from "../../../lib/tables/formats/footnotes.ts";

Deno.test("footnotes: numbered in order, the same text once", () => {
  const notes = footnotes();
  assertEquals([notes.mark("a"), notes.mark("b"), notes.mark("a")], [
    "<sup>1</sup>",
    "<sup>2</sup>",
    "<sup>1</sup>",
  ]);
  assertEquals(notes.below(), "- <sup>1</sup> a\n- <sup>2</sup> b");
});
