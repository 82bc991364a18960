const poolBytes = 8 * 1024;

/** Random bytes cut from a pool: a call to the generator for each salt would cost more than the salt's hash. No byte is given twice. */
export function randomPool(fill: (bytes: number) => Buffer): (bytes: number) => Buffer {
  let pool = Buffer.alloc(0);
  return (bytes) => {
    if (bytes > pool.length) pool = Buffer.from(fill(Math.max(bytes, poolBytes)));
    const cut = pool.subarray(0, bytes);
    pool = pool.subarray(bytes);
    return cut;
  };
}
