/** Whether a document has at most `limit` values. It looks no further than that. */
export function hasAtMost(value: unknown, limit: number): boolean {
  const waiting = [value];
  for (let seen = 0; waiting.length > 0; seen += 1) {
    const next = waiting.pop();
    if (seen > limit || waiting.length > limit) return false;
    if (typeof next === 'object' && next !== null) for (const member of Object.values(next)) waiting.push(member);
  }
  return true;
}
