// Real machines and daemons come first: a file of minutes that began last would have one core to itself.
import Sequencer from '@jest/test-sequencer';

const FIRST = ['/test/crash/', '/test/contract/', '/test/e2e/'];

function rank({ path }) {
  const place = FIRST.findIndex((folder) => path.includes(folder));
  return place === -1 ? FIRST.length : place;
}

export default class LongestFirst extends Sequencer {
  /** Within a rank as jest sorts them: by how long they took here before. */
  async sort(tests) {
    return [...(await super.sort(tests))].sort((a, b) => rank(a) - rank(b));
  }
}
