// The baseline without native code: best-fit-decreasing over length classes in plain JavaScript with typed arrays.
// What a Node user could do today; the addon has to be clearly better than this to be worth a binary.
//
//   packLengths(lengths: Uint32Array, capacity) -> { offsets: Uint32Array, sequences: Uint32Array }
//
// Same packs as stowage's best-fit-decreasing up to the order of the packs.
// Groups of identical packs are kept per free room; a 32-way bit set finds the least room that suffices;
// a length class moves into whole groups at once, so the plan costs O(classes + groups), not O(sequences).

export function packLengths(lengths, capacity) {
  const n = lengths.length;
  // 1. count; four histograms side by side, because equal neighbours would wait for each other
  const w = capacity + 1;
  const h = new Uint32Array(4 * w);
  let i = 0;
  for (const end = n & ~3; i < end; i += 4) {
    h[lengths[i]]++;
    h[w + lengths[i + 1]]++;
    h[2 * w + lengths[i + 2]]++;
    h[3 * w + lengths[i + 3]]++;
  }
  for (; i < n; i++) h[lengths[i]]++;
  const count = h.subarray(0, w);
  for (let l = 0; l < w; l++) count[l] += h[w + l] + h[2 * w + l] + h[3 * w + l];
  if (count[0]) throw new RangeError("a length is 0");

  // 2. plan. A group: how many identical packs, its runs as a linked list (length, copies, link), next group of that room.
  let gCap = 1024,
    rCap = 4096,
    groups = 0,
    runs = 0;
  let gCount = new Uint32Array(gCap),
    gRun = new Int32Array(gCap),
    gNext = new Int32Array(gCap);
  let rLen = new Uint32Array(rCap),
    rMul = new Uint32Array(rCap),
    rPrev = new Int32Array(rCap);
  const grow = (a, c) => {
    const b = new a.constructor(c);
    b.set(a);
    return b;
  };
  const newRun = (len, mul, prev) => {
    if (runs === rCap) {
      rCap *= 2;
      rLen = grow(rLen, rCap);
      rMul = grow(rMul, rCap);
      rPrev = grow(rPrev, rCap);
    }
    rLen[runs] = len;
    rMul[runs] = mul;
    rPrev[runs] = prev;
    return runs++;
  };
  const newGroup = (cnt, run) => {
    if (groups === gCap) {
      gCap *= 2;
      gCount = grow(gCount, gCap);
      gRun = grow(gRun, gCap);
      gNext = grow(gNext, gCap);
    }
    gCount[groups] = cnt;
    gRun[groups] = run;
    return groups++;
  };
  const top = new Int32Array(w).fill(-1); // top[room]: newest group with that room
  const bits = new Int32Array((w >> 5) + 1),
    upper = new Int32Array((w >> 10) + 1);
  const push = (room, g) => {
    gNext[g] = top[room];
    top[room] = g;
    bits[room >> 5] |= 1 << (room & 31);
    upper[room >> 10] |= 1 << ((room >> 5) & 31);
  };
  const pop = (room) => {
    top[room] = gNext[top[room]];
    if (top[room] >= 0) return;
    bits[room >> 5] &= ~(1 << (room & 31));
    if (bits[room >> 5] === 0) upper[room >> 10] &= ~(1 << ((room >> 5) & 31));
  };
  const low = (x) => 31 - Math.clz32(x & -x);
  const least = (need) => {
    // least room >= need with a pack, or -1
    let word = need >> 5,
      x = bits[word] & (-1 << (need & 31));
    if (x) return (word << 5) + low(x);
    let up = ++word >> 5;
    if (up >= upper.length) return -1;
    x = upper[up] & (-1 << (word & 31));
    while (x === 0) {
      if (++up >= upper.length) return -1;
      x = upper[up];
    }
    word = (up << 5) + low(x);
    return (word << 5) + low(bits[word]);
  };
  for (let len = capacity; len > 0; len--) {
    let k = count[len];
    while (k > 0) {
      const room = least(len);
      if (room < 0) {
        // new packs, filled with this length alone
        const per = (capacity / len) | 0,
          whole = (k / per) | 0;
        if (whole > 0) {
          push(capacity - len * per, newGroup(whole, newRun(len, per, -1)));
          k -= whole * per;
        } else {
          push(capacity - len * k, newGroup(1, newRun(len, k, -1)));
          k = 0;
        }
        continue;
      }
      const g = top[room],
        per = (room / len) | 0;
      const whole = (k / per) | 0;
      if (whole >= gCount[g]) {
        // the whole group takes `per` more
        k -= gCount[g] * per;
        pop(room);
        gRun[g] = newRun(len, per, gRun[g]);
        push(room - len * per, g);
      } else if (whole > 0) {
        gCount[g] -= whole;
        k -= whole * per;
        push(room - len * per, newGroup(whole, newRun(len, per, gRun[g])));
      } else {
        // the last few go into one pack
        const run = newRun(len, k, gRun[g]);
        if (gCount[g] === 1) {
          pop(room);
          gRun[g] = run;
          push(room - len * k, g);
        } else {
          gCount[g]--;
          push(room - len * k, newGroup(1, run));
        }
        k = 0;
      }
    }
  }

  // 3. order the sequences by length class, each class in input order
  const cursor = new Uint32Array(w);
  for (let l = 1, at = 0; l < w; l++) {
    cursor[l] = at;
    at += count[l];
  }
  const start = cursor.slice();
  const sorted = new Uint32Array(n);
  for (let q = 0; q < n; q++) sorted[cursor[lengths[q]]++] = q;

  // 4. bind: group after group, pack after pack, the next sequences of each run's length
  let packs = 0;
  for (let g = 0; g < groups; g++) packs += gCount[g];
  const offsets = new Uint32Array(packs + 1);
  const sequences = new Uint32Array(n);
  let pos = 0,
    p = 0;
  for (let g = 0; g < groups; g++) {
    const c = gCount[g];
    let width = 0;
    for (let r = gRun[g]; r >= 0; r = rPrev[r]) width += rMul[r];
    let at = width;
    for (let r = gRun[g]; r >= 0; r = rPrev[r]) {
      // runs come shortest first
      const m = rMul[r],
        len = rLen[r];
      at -= m;
      let from = start[len],
        to = pos + at;
      if (m === 1) for (let j = 0; j < c; j++, to += width) sequences[to] = sorted[from++];
      else
        for (let j = 0; j < c; j++, to += width)
          for (let x = 0; x < m; x++) sequences[to + x] = sorted[from++];
      start[len] = from;
    }
    for (let j = 1; j <= c; j++) offsets[++p] = pos + j * width;
    pos += width * c;
  }
  return { offsets, sequences };
}

export function check(lengths, capacity, { offsets, sequences }) {
  const seen = new Uint8Array(lengths.length);
  if (
    offsets[0] !== 0 ||
    offsets[offsets.length - 1] !== lengths.length ||
    sequences.length !== lengths.length
  )
    throw new Error("shape");
  for (let k = 0; k + 1 < offsets.length; k++) {
    let used = 0;
    for (let j = offsets[k]; j < offsets[k + 1]; j++) {
      const i = sequences[j];
      if (seen[i]++) throw new Error(`sequence ${i} twice`);
      used += lengths[i];
    }
    if (used > capacity || used === 0) throw new Error(`pack ${k}: ${used}`);
  }
}
