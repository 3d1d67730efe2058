/**
 * Waits until something is so. Throws if a process that has to do it ends before, with its errors if
 * nobody reads them.
 */
export async function waitUntil(isSo: () => boolean, child: Deno.ChildProcess): Promise<void> {
  let ended = false;
  child.status.then(() => ended = true);
  while (!isSo()) {
    if (ended) {
      const { stdout, stderr } = await child.output();
      const decoder = new TextDecoder();
      throw new Error(decoder.decode(stdout) + decoder.decode(stderr));
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
