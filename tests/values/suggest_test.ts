import { assertEquals } from "@std/assert";
import { closest, didYouMean, editDistance } from "../../lib/values/suggest.ts";
import { stream } from "../../lib/values/random.ts";

Deno.test("editDistance: counts insertions, deletions, replacements and swaps", () => {
  const cases: [string, string, number][] = [
    ["", "", 0],
    ["", "abc", 3],
    ["epoch", "epochs", 1],
    ["hepl", "help", 1],
    ["kitten", "sitting", 3],
    ["ca", "abc", 3],
  ];
  for (const [a, b, edits] of cases) {
    assertEquals([editDistance(a, b), editDistance(b, a)], [edits, edits], `${a} → ${b}`);
  }
});

Deno.test("editDistance: is at most n after n edits, and 0 only for equal words", () => {
  const random = stream(1, "closest");
  const letters = "abcd";
  for (let n = 0; n < 200; n++) {
    const word = Array.from({ length: random.below(8) }, () => letters[random.below(4)]);
    const edited = [...word];
    const edits = random.below(4);
    for (let i = 0; i < edits; i++) {
      edited.splice(
        random.below(edited.length + 1),
        random.below(2),
        ...[letters[random.below(4)]].slice(random.below(2)),
      );
    }
    const found = editDistance(word.join(""), edited.join(""));
    assertEquals(found <= edits, true);
    assertEquals(found === 0, word.join("") === edited.join(""));
  }
});

Deno.test("closest: finds the nearest word, or none if all are far", () => {
  const words = ["epochs", "seed", "data"];
  assertEquals(closest("epoch", words), "epochs");
  assertEquals(closest("sede", words), "seed");
  assertEquals(closest("x", words), undefined);
  assertEquals(closest("banana", words), undefined);
  assertEquals(closest("seed", []), undefined);
});

Deno.test("didYouMean: asks about a near word only", () => {
  assertEquals(didYouMean("sede", ["epochs", "seed"]), "; did you mean seed?");
  assertEquals(didYouMean("banana", ["epochs", "seed"]), "");
});
