// The permutation of docs/epochs.md, written again from that page in BigInt arithmetic: it shares
// nothing with the native one but the definition.

const mask64 = 2n ** 64n - 1n;

export function mix(value: bigint): bigint {
  let z = value & mask64;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask64;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask64;
  return z ^ (z >> 31n);
}

/** The seed of some components and one more, from the seed of the former. */
export function seedAfter(seed: bigint, component: bigint): bigint {
  return mix(seed + 0x9e3779b97f4a7c15n + mix(component));
}

/** Where x goes in the permutation of 0 .. n-1 for a key. */
export function permute(x: bigint, n: bigint, key: bigint): bigint {
  if (n <= 12n) return swapped(x, n, key);
  const bits = BigInt((n - 1n).toString(2).length);
  const lowBits = bits / 2n;
  const lowMask = (1n << lowBits) - 1n;
  const height = (n + lowMask) >> lowBits;
  const rounds = bits <= 8n ? 12n : bits <= 16n ? 6n : 4n;
  const tabled = bits <= 8n;
  const hash = (round: bigint, half: bigint): bigint => {
    const roundKey = seedAfter(key, round);
    return tabled ? (roundKey >> (4n * half)) & 15n : mix(roundKey + half) >> 32n;
  };
  let value = x;
  do {
    let low = value & lowMask;
    let high = value >> lowBits;
    for (let round = 0n; round < rounds; round += 2n) {
      high = (high + ((hash(round, low) * height) >> (tabled ? 4n : 32n))) % height;
      low ^= hash(round + 1n, high) & lowMask;
    }
    value = (high << lowBits) | low;
  } while (value >= n);
  return value;
}

function swapped(x: bigint, n: bigint, key: bigint): bigint {
  let place = x;
  let fraction = key;
  for (let i = n - 1n; i > 0n; i--) {
    const product = fraction * (i + 1n);
    const j = product >> 64n;
    fraction = product & mask64;
    if (place === i) place = j;
    else if (place === j) place = i;
  }
  return place;
}
