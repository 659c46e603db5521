// Items of a step (partitions, groups, shards) by their numbers, as array schedulers write them: 0-3,17.

/** Numbers in ascending order as ranges: [0, 1, 2, 3, 17] is "0-3,17". */
export function toRanges(numbers: readonly number[]): string {
  const parts: string[] = [];
  for (let at = 0; at < numbers.length; ) {
    let end = at;
    while (numbers[end + 1] === numbers[end]! + 1) end++;
    parts.push(at === end ? `${numbers[at]}` : `${numbers[at]}-${numbers[end]}`);
    at = end + 1;
  }
  return parts.join(",");
}
