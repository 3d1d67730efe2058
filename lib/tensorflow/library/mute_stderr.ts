/** Flags of C's `open` and the number of stderr; the same on Linux and macOS. */
const WRITE_ONLY = 1;
const STDERR = 2;

/**
 * Runs `body` with stderr sent to nowhere. TensorFlow greets with two lines of notes while it is
 * loaded, before it asks any variable how much it may say; what really goes wrong then comes as an
 * exception.
 */
export function withStderrMuted<T>(body: () => T): T {
  const c = openLibc();
  if (!c) return body();
  const nowhere = c.symbols.open(new TextEncoder().encode("/dev/null\0"), WRITE_ONLY);
  const kept = c.symbols.dup(STDERR);
  try {
    c.symbols.dup2(nowhere, STDERR);
    return body();
  } finally {
    c.symbols.dup2(kept, STDERR);
    c.symbols.close(kept);
    c.symbols.close(nowhere);
    c.close();
  }
}

/** The C library; undefined where it goes by another name, and the notes are then seen. */
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
