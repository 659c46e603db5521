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
  const { rounds, high: newHigh, low: newLow, lowBits, lowMask } = network(n, key);
  let value = x;
  do {
    let low = value & lowMask;
    let high = value >> lowBits;
    for (let round = 0n; round < rounds; round += 2n) {
      high = newHigh(high, round, low, 1n);
      low = newLow(low, round + 1n, high);
    }
    value = (high << lowBits) | low;
  } while (value >= n);
  return value;
}

/** Where y comes from: the inverse of {@link permute}. */
export function invert(y: bigint, n: bigint, key: bigint): bigint {
  if (n <= 12n) {
    let x = 0n;
    while (swapped(x, n, key) !== y) x++;
    return x;
  }
  const { rounds, high: oldHigh, low: oldLow, lowBits, lowMask } = network(n, key);
  let value = y;
  do {
    let low = value & lowMask;
    let high = value >> lowBits;
    for (let round = rounds - 2n; round >= 0n; round -= 2n) {
      low = oldLow(low, round + 1n, high);
      high = oldHigh(high, round, low, -1n);
    }
    value = (high << lowBits) | low;
  } while (value >= n);
  return value;
}

/** The rounds of a domain: each changes one half by a hash of the other. */
function network(n: bigint, key: bigint) {
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
  const high = (half: bigint, round: bigint, other: bigint, sign: bigint): bigint => {
    const step = (hash(round, other) * height) >> (tabled ? 4n : 32n);
    return (((half + sign * step) % height) + height) % height;
  };
  const low = (half: bigint, round: bigint, other: bigint): bigint =>
    half ^ (hash(round, other) & lowMask);
  return { rounds, lowBits, lowMask, high, low };
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
