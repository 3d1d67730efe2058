import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { replaceSections } from "../../../lib/tables/formats/readme.ts";
import { Failure } from "../../../lib/values/failure.ts";

Deno.test("readme: sections are inserted, replaced and dropped; prose stays; a second run changes nothing", () => {
  const head = { name: "head", body: "# T" };
  const a = { name: "table: a", body: "A" };
  const b = { name: "table: b", body: "B" };
  const fresh = replaceSections("R", "", [head, a]);
  assertEquals(
    fresh,
    "<!-- head -->\n\n# T\n\n<!-- /head -->\n\n<!-- table: a -->\n\nA\n\n<!-- /table -->\n",
  );
  assertEquals(replaceSections("R", fresh, [head, a]), fresh);
  const prose = fresh.replace("<!-- table", "  Why,\n\n\n  and how.\n\n<!-- table") + "\nAfter.\n";
  assertEquals(replaceSections("R", prose, [head, a]), prose);
  const next = replaceSections("R", prose, [head, { ...a, body: "A2" }, b]);
  assertStringIncludes(
    next,
    "<!-- /head -->\n\n  Why,\n\n\n  and how.\n\n<!-- table: a -->\n\nA2\n\n<!-- /table -->\n\nAfter.\n\n<!-- table: b -->",
  );
  assertEquals(replaceSections("R", next, [head, b]).includes("A2"), false);
  assertStringIncludes(
    replaceSections("R", next, [head, b]),
    "and how.\n\nAfter.\n\n<!-- table: b -->",
  );
  assert(replaceSections("R", "Mine.\n", [head]).startsWith("<!-- head -->"));
});

Deno.test("readme: a misplaced marker is a failure and loses no paragraph", () => {
  const sections = [{ name: "table: a", body: "A" }];
  for (
    const text of [
      "<!-- table: a -->\n",
      "<!-- /table -->\n",
      "<!-- table: a -->\n<!-- /head -->\n",
      "<!-- table: a -->\n<!-- table: b -->\n<!-- /table -->\n",
      "<!-- table: a -->\n<!-- /table -->\n<!-- table: a -->\n<!-- /table -->\n",
    ]
  ) {
    assertEquals(
      assertThrows(() => replaceSections("R", text, sections), Failure, "R: <!-- ").exit,
      2,
      text,
    );
  }
});
