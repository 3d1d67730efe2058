import { assertEquals } from "@std/assert";
import { staysInside } from "../../lib/files/path_safety.ts";

Deno.test("staysInside: accepts names inside the folder and rejects the others", () => {
  for (const name of ["a", "a/b.jpg", "a..b", "...", "a/..b", ".hidden", "ä/b c", "a/"]) {
    assertEquals(staysInside(name), true, name);
  }
  for (const name of ["", "/a", "..", "../a", "a/../b", "a/..", "a\\b", "c:/a", "C:a", "a\0b"]) {
    assertEquals(staysInside(name), false, name);
  }
});
