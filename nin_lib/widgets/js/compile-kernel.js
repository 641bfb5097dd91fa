// Makes modules of WebAssembly of the AssemblyScript in kernel/.

import asc from "assemblyscript/asc";

/**
 * The bytes of the module.
 * @param {string} source its path
 * @param {boolean} relaxed with instructions that may round once where others round twice, which not every browser has
 */
export async function compileKernel(source, relaxed) {
  let module;
  const { error, stderr } = await asc.main(
    [source, "-O3", "--noAssert", "--runtime=stub", "--importMemory", "--outFile=module.wasm"].concat(
      ["simd", ...(relaxed ? ["relaxed-simd"] : [])].map(feature => `--enable=${feature}`),
    ),
    { writeFile: (_, contents) => void (module = contents) },
  );
  if (error) throw new Error(`${source} does not compile: ${error.message}\n${stderr}`);
  return module;
}
