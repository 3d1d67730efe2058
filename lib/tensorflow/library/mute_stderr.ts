/** Flag of C's `open` and number of stderr, the same on Linux and macOS. */
const WRITE_ONLY = 1;
const STDERR = 2;

/**
 * Runs `body` and discards stderr. TensorFlow prints two lines of notes while it loads, before it
 * reads any variable for the log level. Real errors still arrive as exceptions.
 */
export function withStderrMuted<T>(body: () => T): T {
  const c = openLibc();
  if (!c) return body();
  const devNull = c.symbols.open(new TextEncoder().encode("/dev/null\0"), WRITE_ONLY);
  const original = c.symbols.dup(STDERR);
  try {
    c.symbols.dup2(devNull, STDERR);
    return body();
  } finally {
    c.symbols.dup2(original, STDERR);
    c.symbols.close(original);
    c.symbols.close(devNull);
    c.close();
  }
}

/** Opens the C library. `undefined` if it has another name. The notes are then visible. */
function openLibc() {
  try {
    return Deno.dlopen(Deno.build.os === "darwin" ? "libSystem.dylib" : "libc.so.6", {
      open: { parameters: ["buffer", "i32"], result: "i32" },
      close: { parameters: ["i32"], result: "i32" },
      dup: { parameters: ["i32"], result: "i32" },
      dup2: { parameters: ["i32", "i32"], result: "i32" },
    });
  } catch {
    return undefined;
  }
}
