/**
 * Compiles a file of WebAssembly, before it returns: Deno 2.9.6 aborts if a worker ends while V8
 * compiles in the background.
 */
export function compile(url: string): WebAssembly.Module {
  return new WebAssembly.Module(Deno.readFileSync(new URL(url)));
}

/** The options of a package made by Emscripten, to use a compiled file. */
export function compiledOptions(url: string): {
  noInitialRun: boolean;
  instantiateWasm(
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance) => void,
  ): WebAssembly.Exports;
} {
  return {
    noInitialRun: true,
    instantiateWasm(imports, done) {
      const instance = new WebAssembly.Instance(compile(url), imports);
      done(instance);
      return instance.exports;
    },
  };
}
