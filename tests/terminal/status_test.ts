import { assert, assertEquals } from "@std/assert";
import { bar, clock, status, type StatusOptions } from "../../lib/terminal/status.ts";
import { everything, needs } from "../support/needs.ts";

const CLEAR = "\r\x1b[2K";

/** Creates a status with a recorded output and a clock that the test sets. */
function screen(options: Partial<StatusOptions>) {
  const written: string[] = [];
  const time = { ms: 0 };
  const screenStatus = status({
    terminal: true,
    color: false,
    columns: () => 100,
    write: (text) => written.push(text),
    quiet: false,
    now: () => time.ms,
    ...options,
  });
  return { ...screenStatus, written, time };
}

/** Returns the lines that a terminal shows after these texts. */
function renderLines(written: readonly string[]): string[] {
  return written.join("").split("\n").map((line) => line.split(CLEAR).at(-1)!);
}

Deno.test("bar: draws empty, full and by eighths, within its ends", () => {
  assertEquals(bar(0, 4), "▕    ▏");
  assertEquals(bar(1, 4), "▕████▏");
  assertEquals(bar(0.5, 4), "▕██  ▏");
  assertEquals(bar(9 / 32, 4), "▕█▏  ▏");
  assertEquals(bar(31 / 32, 4), "▕███▉▏");
  assertEquals(bar(2, 4), "▕████▏");
  assertEquals([bar(-1, 4), bar(NaN, 4)], ["▕    ▏", "▕    ▏"]);
  for (let i = 0; i <= 100; i++) assertEquals(bar(i / 100, 7).length, 9);
});

Deno.test("clock: formats hours, minutes and seconds", () => {
  assertEquals(clock(0), "00:00:00");
  assertEquals(clock(59.4), "00:00:59");
  assertEquals(clock(59.6), "00:01:00");
  assertEquals(clock(3599.6), "01:00:00");
  assertEquals(clock(2 * 3600 + 14 * 60 + 8), "02:14:08");
  assertEquals(clock(360_000), "100:00:00");
  for (const unknown of [NaN, Infinity, -1]) assertEquals(clock(unknown), "--:--:--");
});

Deno.test("status: the remaining time is that of the present training, not of one before", () => {
  const { update, close, written, time } = screen({});
  update(0, "first");
  time.ms = 1_000_000;
  update(1, "first");
  close();
  for (const [ms, fraction] of [[0, 0], [2000, 0.2]]) {
    time.ms = 1_000_000 + ms;
    update(fraction, "second");
  }
  assert(written.at(-1)!.includes("20% eta 00:00:08 second"), written.at(-1));
});

Deno.test("status: draws a line with bar, percent, remaining time and text", () => {
  const { update, written, time } = screen({});
  update(0.2, "ep 1/5");
  time.ms = 10_000;
  update(0.6, "ep 3/5 loss 2.31");
  assertEquals(written, [
    `${CLEAR}▕████                ▏ 20% eta --:--:-- ep 1/5`,
    `${CLEAR}▕████████████        ▏ 60% eta 00:00:10 ep 3/5 loss 2.31`,
  ]);
});

Deno.test("status: redraws at most ten times a second", () => {
  const { update, written, time } = screen({});
  for (; time.ms < 1000; time.ms++) update(time.ms / 1000, `${time.ms}`);
  assertEquals(written.length, 10);
});

Deno.test("status: prints a plain line above the status line, and closing removes the status line", () => {
  const { update, line, close, written } = screen({});
  line("first");
  update(0.5, "working");
  line("second");
  const bottom = `${bar(0.5, 20)} 50% eta --:--:-- working`;
  assertEquals(renderLines(written), ["first", "second", bottom]);
  close();
  assertEquals(renderLines(written), ["first", "second", ""]);
  close();
  line("third");
  assertEquals(renderLines(written), ["first", "second", "third", ""]);
});

Deno.test("status: is never wider than the terminal, even if its width changes", () => {
  let columns = 40;
  const { update, written, time } = screen({ columns: () => columns });
  for (columns of [40, 30, 5, 1]) {
    update(0.5, "x".repeat(200));
    assertEquals(renderLines(written).at(-1)!.length, columns - 1);
    time.ms += 1000;
  }
});

Deno.test("status: prints the same text in colour, and only on request", () => {
  const plain = screen({ color: false });
  const colored = screen({ color: true });
  for (const { update } of [plain, colored]) update(0.5, "working");
  assert(!plain.written[0].replace(CLEAR, "").includes("\x1b"));
  assertEquals(
    colored.written[0],
    plain.written[0].replace(bar(0.5, 20), (gauge) => `\x1b[36m${gauge}\x1b[39m`),
  );
});

Deno.test("status: prints only plain lines without a terminal, and nothing if quiet", () => {
  const piped = screen({ terminal: false, color: true });
  const quiet = screen({ quiet: true });
  for (const { update, line, close } of [piped, quiet]) {
    update(0.5, "working");
    line("a line");
    update(1, "done");
    close();
  }
  assertEquals(piped.written, ["a line\n"]);
  assertEquals(quiet.written, []);
});

await needs(
  everything,
  "status: nobody has to read it: a closed pipe and closed streams end no command",
  async () => {
    const module = new URL("../../lib/terminal/status.ts", import.meta.url).href;
    const script = `import { status } from "${module}";
      const shown = status({ terminal: true, now: () => performance.now() * 1000 });
      for (let i = 0; i < 50; i++) {
        shown.line("x".repeat(9999));
        shown.update(i / 50, "working");
        console.log("result");
      }
      shown.close();`;
    const folder = await Deno.makeTempDir();
    for (const streams of ["2>&1 | head -1", "<&- >&- 2>&-", "2>&-"]) {
      const line = `("$0" eval --no-check "$1"; echo $? > code) ${streams}`;
      await new Deno.Command("sh", {
        args: ["-c", line, Deno.execPath(), script],
        cwd: folder,
        stdin: "null",
      }).output();
      assertEquals(await Deno.readTextFile(`${folder}/code`), "0\n", streams);
      await Deno.remove(`${folder}/code`);
    }
    await Deno.remove(folder);
  },
);
