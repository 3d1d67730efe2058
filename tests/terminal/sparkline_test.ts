import { assertEquals } from "@std/assert";
import { sparkline } from "../../lib/terminal/sparkline.ts";

const scale = { low: 0, high: 8, places: 8, width: 60 };

Deno.test("sparkline: has a bar per place, the lowest for low and the highest for high", () => {
  assertEquals(sparkline([0, 1, 2, 3, 4, 5, 6, 8], scale), "▁▂▃▄▅▆▇█");
  assertEquals(sparkline([-5, 0.99, 7, 70], scale), "▁▁██");
});

Deno.test("sparkline: a shorter series ends earlier, and a missing number is a gap", () => {
  assertEquals(sparkline([8, undefined, 0], scale), "█ ▁");
  assertEquals(sparkline([undefined, 8], scale), " █");
  assertEquals(sparkline([], scale), "");
});

Deno.test("sparkline: equal numbers are the lowest bar", () => {
  assertEquals(sparkline([3, 3], { ...scale, low: 3, high: 3 }), "▁▁");
});

Deno.test("sparkline: more places than characters are means, each place in one character", () => {
  const wide = { ...scale, places: 6, width: 3 };
  assertEquals(sparkline([0, 2, 3, 5, 8, 8], wide), "▂▅█");
  assertEquals(sparkline([0, 0, 8], wide), "▁█", "half trained");
  for (const places of [1, 59, 60, 61, 119, 240, 601]) {
    const line = sparkline(Array.from({ length: places }, (_, i) => i), {
      ...{ low: 0, high: places - 1, places, width: 60 },
    });
    assertEquals(line.length, Math.min(places, 60));
    assertEquals([...line].sort().join(""), line, "ascending numbers give ascending bars");
    // One peak stays in one character.
    const peak = sparkline(
      Array.from({ length: places }, (_, i) => i === places - 1 ? 1e6 : 0),
      { low: 0, high: 1, places, width: 60 },
    );
    assertEquals(peak, `${"▁".repeat(Math.min(places, 60) - 1)}█`);
  }
});
