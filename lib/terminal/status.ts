/**
 * What a command says while it works: plain lines, and below them, on a terminal, one status line
 * with a bar and the time that is left. All of it goes to stderr; stdout is for results.
 *
 * @module
 */

/** Where and how a status is shown. */
export interface StatusOptions {
  /** Whether a line can be redrawn there. */
  readonly terminal: boolean;
  /** Whether the bar is coloured. */
  readonly color: boolean;
  /** How many characters fit in a line, asked at each redraw. */
  readonly columns: () => number;
  /** Takes the text. */
  readonly write: (text: string) => void;
  /** Whether nothing at all is said. */
  readonly quiet: boolean;
  /** A clock in milliseconds. */
  readonly now: () => number;
}

/** A status line and the plain lines above it. */
export interface Status {
  /**
   * Redraws the status line, at most ten times a second: the part that is done, 0 … 1, and what to
   * say of it.
   */
  update(fraction: number, text: string): void;
  /** Prints a plain line; the status line stays below it. */
  line(text: string): void;
  /** Removes the status line. */
  close(): void;
}

const CELLS = 20;
const PERIOD = 100;
const CLEAR = "\r\x1b[2K";

/**
 * A status on stderr; on a terminal or not, in colour or not, as Deno and `NO_COLOR` say, unless
 * the options do.
 */
export function status(options: Partial<StatusOptions> = {}): Status {
  const { terminal, color, columns, write, quiet, now } = { ...stderr(), ...options };
  if (quiet) return { update: () => {}, line: () => {}, close: () => {} };
  if (!terminal) return { update: () => {}, line: (text) => write(`${text}\n`), close: () => {} };

  let shown = "";
  let drawn = -Infinity;
  let begun: { fraction: number; at: number } | undefined;
  return {
    update(fraction, text) {
      const at = now();
      begun ??= { fraction, at };
      if (at - drawn < PERIOD) return;
      drawn = at;
      const left = (at - begun.at) / 1000 * (1 - fraction) / (fraction - begun.fraction);
      const gauge = bar(fraction, CELLS);
      // One column stays free: a terminal that filled its last one may already have begun the next
      // line.
      const line = `${gauge} ${Math.floor(fraction * 100)}% eta ${clock(left)} ${text}`.slice(
        0,
        columns() - 1,
      );
      shown = color
        ? `\x1b[36m${line.slice(0, gauge.length)}\x1b[39m${line.slice(gauge.length)}`
        : line;
      write(CLEAR + shown);
    },
    line: (text) => write(shown ? `${CLEAR}${text}\n${shown}` : `${text}\n`),
    close() {
      if (shown) write(CLEAR);
      shown = "";
    },
  };
}

/** The options of this process's stderr. */
const stderr = (): StatusOptions => ({
  terminal: Deno.stderr.isTerminal(),
  color: !Deno.noColor,
  // Some terminals do not know their width and say 0.
  columns: () => Deno.consoleSize().columns || 80,
  write: (text) => void Deno.stderr.writeSync(new TextEncoder().encode(text)),
  quiet: false,
  now: () => performance.now(),
});

/**
 * A bar of `width` characters between its ends, filled to an eighth of a character; the fraction is
 * cut to 0 … 1.
 */
export function bar(fraction: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, fraction || 0)) * width * 8);
  const filled = "█".repeat(Math.floor(eighths / 8)) +
    ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
  return `▕${filled.padEnd(width)}▏`;
}

/**
 * Seconds as `hh:mm:ss`, the hours with more digits where needed; `--:--:--` where they are not
 * known.
 */
export function clock(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return "--:--:--";
  const whole = Math.round(seconds);
  return [whole / 3600, whole / 60 % 60, whole % 60].map((part) =>
    String(Math.floor(part)).padStart(2, "0")
  ).join(":");
}
