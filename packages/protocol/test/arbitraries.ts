/** Random requests and replies that follow their schemas, as XML can carry them. */
import type {
  ConfigureRequest,
  CreateRequest,
  ErrorReply,
  EstimateReply,
  ListReply,
  OperationReply,
  ProgressEvent,
  QueryRequest,
  Reply,
  Request,
  Trail,
  VmReply,
} from '@vmgrid/protocol';
import { ERROR_CATALOGUE, type ErrorCode } from '@vmgrid/protocol';
import fc, { type Arbitrary } from 'fast-check';

const FORBIDDEN = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;
const awkward = fc.constantFrom(
  '\r\n',
  '\r',
  '\t',
  ']]>',
  '&amp;',
  '&#65;',
  '<!DOCTYPE a>',
  '<![CDATA[',
  '-->',
  '  ',
  '\u0085\u2028',
  '😀',
  '"',
  "'",
);

/** Any text that XML can carry, with what codecs get wrong made likely. */
export const xmlText = fc
  .array(fc.oneof(fc.string({ unit: 'binary', maxLength: 8 }), awkward), { maxLength: 6 })
  .map((parts) => parts.join('').replace(FORBIDDEN, ''));
const someText = xmlText.map((text) => `x${text}`);

const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,12}$/);
const plantId = fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,12}$/);
const imageId = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,12}$/);
const vmId = fc.uuid().map((uuid) => `vm-${uuid}`);
const duration = fc.integer({ min: 1, max: 86_400_000 }).map((milliseconds) => `PT${milliseconds / 1_000}S`);
const timestamp = fc
  .date({ min: new Date('2000-01-01T00:00:00Z'), max: new Date('2100-01-01T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString());
const count = fc.integer({ min: 0, max: 1_000 });
const milliseconds = fc.double({ min: 0, max: 1e9, noNaN: true }).map((value) => value + 0);
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const expression = fc.constantFrom(
  'true',
  ' TARGET.FreeMemoryMiB >= 512\n && TARGET.Line == "qemu"',
  '-TARGET.LoadAverage',
  'A < B',
);

/** A record some of whose members may be missing. */
const partial = <T extends object, K extends keyof T>(
  required: { [P in K]: Arbitrary<T[P]> },
  optional: { [P in Exclude<keyof T, K>]-?: Arbitrary<Exclude<T[P], undefined>> },
): Arbitrary<T> =>
  fc.record({ ...required, ...optional } as never, { requiredKeys: Object.keys(required) as never }) as Arbitrary<T>;

const environment = fc.dictionary(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,9}$/), xmlText, {
  minKeys: 1,
  maxKeys: 3,
  noNullPrototype: true,
});
const hints = {
  timeout: duration,
  retries: fc.integer({ min: 0, max: 10 }),
  onError: fc.constantFrom('abort', 'continue'),
  recover: someText,
  secret: fc.boolean(),
  perMachine: fc.boolean(),
  freshness: duration,
  comment: xmlText,
};
const inGuest = { ...hints, reboot: fc.boolean() };
const action = (actionId: string) =>
  fc.oneof(
    fc.record(
      { id: fc.constant(actionId), kind: fc.constant('script'), script: someText, environment, ...inGuest },
      { requiredKeys: ['id', 'kind', 'script'] },
    ),
    fc.record(
      {
        id: fc.constant(actionId),
        kind: fc.constant('file'),
        path: fc.stringMatching(/^\/[a-z &<>"'é]{0,9}x$/),
        content: xmlText,
        mode: fc.constantFrom('0600', '755'),
        owner: fc.constantFrom('arijit', 'root:wheel'),
        encoding: fc.constant('utf-8'),
        ...inGuest,
      },
      { requiredKeys: ['id', 'kind', 'path', 'content'] },
    ),
    fc.record(
      {
        id: fc.constant(actionId),
        kind: fc.constant('package'),
        packages: fc.array(fc.constantFrom('octave-cli', 'g++', 'a=1.0~rc1'), { minLength: 1, maxLength: 3 }),
        environment,
        ...inGuest,
      },
      { requiredKeys: ['id', 'kind', 'packages'] },
    ),
    fc.record(
      {
        id: fc.constant(actionId),
        kind: fc.constant('host'),
        name: fc.constantFrom('register-dns', 'a_b'),
        arguments: fc.array(xmlText, { minLength: 1, maxLength: 3 }),
        ...hints,
      },
      { requiredKeys: ['id', 'kind', 'name'] },
    ),
  );

/** Edges go from earlier to later actions only, so that there is no cycle. */
const dag = fc
  .uniqueArray(id, { maxLength: 5 })
  .chain((ids) =>
    fc.record({
      actions: fc.tuple(...ids.map(action)),
      chosen: fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: ids.length < 2 ? 0 : 4 }),
      ids: fc.constant(ids),
    }),
  )
  .map(({ actions, chosen, ids }) => {
    const edges = chosen.map(([one, two]) => {
      const from = one % (ids.length - 1);
      return { from: ids[from], to: ids[from + 1 + (two % (ids.length - 1 - from))] };
    });
    return { actions, ...(edges.length > 0 && { edges }) } as unknown as CreateRequest['dag'];
  });

const machine = partial<CreateRequest['machine'], 'arch' | 'os' | 'memoryMiB' | 'cpus' | 'diskMiB'>(
  {
    arch: fc.constant('x86_64'),
    os: fc.constantFrom('debian-12', 'freebsd-14.1'),
    memoryMiB: fc.integer({ min: 64, max: 16_777_216 }),
    cpus: fc.integer({ min: 1, max: 1024 }),
    diskMiB: fc.integer({ min: 64, max: 1_073_741_824 }),
  },
  { line: fc.constantFrom('qemu', 'uml', 'libvirt', 'simulated') },
);

const create = partial<CreateRequest, 'machine' | 'dag'>(
  { machine, dag },
  {
    requestId: id,
    lease: duration,
    requirements: expression,
    rank: expression,
    destruction: dag,
    atLeaseEnd: fc.constantFrom('destroy' as const, 'suspend' as const),
    keepFailed: fc.boolean(),
  },
);
const configure = partial<ConfigureRequest, 'vmId' | 'dag'>(
  { vmId, dag },
  { requestId: id, scope: fc.constantFrom('more', 'whole') },
);
const query = partial<QueryRequest, 'vmId'>(
  { vmId },
  { attributes: fc.array(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,9}$/), { minLength: 1, maxLength: 4 }) },
);

export const request: Arbitrary<Request> = fc.oneof(
  fc.record({ verb: fc.constantFrom('create' as const, 'estimate' as const), body: create }),
  fc.record({ verb: fc.constant('configure' as const), body: configure }),
  fc.record({ verb: fc.constant('query' as const), body: query }),
  fc.record({ verb: fc.constant('list' as const), body: fc.record({ constraint: expression }, { requiredKeys: [] }) }),
  fc.record({
    verb: fc.constantFrom('destroy' as const, 'suspend' as const, 'resume' as const, 'start' as const),
    body: fc.record({ vmId, requestId: id }, { requiredKeys: ['vmId'] }),
  }),
  fc.record({
    verb: fc.constant('renew' as const),
    body: fc.record(
      { vmId, requestId: id, lease: duration, shorten: fc.boolean() },
      { requiredKeys: ['vmId', 'lease'] },
    ),
  }),
) as Arbitrary<Request>;

/** Names that differ only in case are one attribute to a ClassAd; its XML keeps 16 digits of a real. */
const adValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    fc.oneof(
      fc.maxSafeInteger(),
      fc.boolean(),
      fc.constant(null),
      xmlText,
      fc.integer().map((value) => value + 0.5),
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    fc
      .uniqueArray(fc.tuple(id, tie('value')), { maxLength: 3, selector: ([name]) => name.toLowerCase() })
      .map((entries) => Object.fromEntries(entries)),
  ),
})).value;
export const ad = fc
  .uniqueArray(fc.tuple(id, fc.oneof(adValue, fc.constant('/Expr(TARGET.Cpus > 2)/'))), {
    maxLength: 5,
    selector: ([name]) => name.toLowerCase(),
  })
  .map((entries) => Object.fromEntries(entries) as Record<string, unknown>);

const details = fc
  .dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' }), {
    maxKeys: 3,
    noNullPrototype: true,
  })
  .map((value) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>);
const start = fc.constantFrom('restore' as const, 'boot' as const);
const line = fc.constantFrom('qemu' as const, 'simulated' as const);
const alternative = fc.record({ imageId, line, start, actionsCached: count, expectedSeconds: milliseconds });
const plan = fc.record(
  {
    imageId,
    line,
    start,
    actionsCached: count,
    actionsLeft: count,
    expectedSeconds: milliseconds,
    alternatives: fc.array(alternative, { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: ['imageId', 'line', 'start', 'actionsCached', 'actionsLeft', 'expectedSeconds'] },
);
const via = fc.array(plantId, { minLength: 1, maxLength: 8 });
const closedBy = fc.constantFrom('all-answered', 'deadline');
const summary = fc.record({
  asked: count,
  bids: count,
  silent: count,
  failed: count,
  declines: fc.array(fc.record({ code: xmlText, count }), { maxLength: 2 }),
  removals: fc.array(fc.record({ rule: xmlText, conditions: fc.array(xmlText, { maxLength: 2 }), count }), {
    maxLength: 2,
  }),
});
const broker = fc.record(
  {
    brokerId: plantId,
    via,
    outcome: fc.constantFrom('answered', 'silent', 'failed'),
    elapsedMs: milliseconds,
    closedBy,
    summary,
    code: xmlText,
    message: xmlText,
  },
  { requiredKeys: ['brokerId', 'outcome', 'elapsedMs'] },
);
const condition = fc.record({
  text: xmlText,
  value: xmlText,
  references: fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), {
    maxKeys: 2,
    noNullPrototype: true,
  }),
});
const trailFields = {
  auctionId: xmlText,
  requestId: id,
  openedAt: timestamp,
  deadlineMs: milliseconds,
  closedBy,
  closedAfterMs: milliseconds,
  summary,
  brokers: fc.array(broker, { minLength: 1, maxLength: 2 }),
  answers: fc.array(
    fc.record(
      {
        plantId,
        via,
        outcome: fc.constantFrom('bid', 'decline', 'silent', 'failed'),
        elapsedMs: milliseconds,
        cost: number,
        plan,
        code: xmlText,
        message: xmlText,
      },
      { requiredKeys: ['plantId', 'outcome', 'elapsedMs'] },
    ),
    { maxLength: 3 },
  ),
  removed: fc.array(
    fc.record(
      {
        rule: xmlText,
        plantId,
        reason: xmlText,
        conditions: fc.array(condition, { minLength: 1, maxLength: 2 }),
      },
      { requiredKeys: ['rule', 'plantId', 'reason'] },
    ),
    { maxLength: 2 },
  ),
  order: fc.array(fc.record({ plantId, cost: number, rank: number, tieBreak: fc.nat() }), { maxLength: 3 }),
  awards: fc.array(
    fc.record(
      { plantId, outcome: fc.constantFrom('accepted', 'refused', 'failed'), code: xmlText, message: xmlText },
      { requiredKeys: ['plantId', 'outcome'] },
    ),
    { maxLength: 2 },
  ),
};
const trail = fc.oneof(
  fc.record(trailFields),
  fc.record({ ...trailFields, brokers: fc.constant(undefined) }).map(({ brokers: _, ...rest }) => rest),
) as Arbitrary<Trail>;

const error: Arbitrary<ErrorReply['error']> = fc
  .record({ code: fc.constantFrom(...(Object.keys(ERROR_CATALOGUE) as ErrorCode[])), message: xmlText, details })
  .map(({ code, message, details }) => {
    const { remedy, retryable } = ERROR_CATALOGUE[code];
    return { code, message, remedy, retryable, details };
  });
const progress = partial<ProgressEvent, 'requestId' | 'at' | 'phase' | 'state'>(
  { requestId: id, at: timestamp, phase: xmlText, state: fc.constantFrom('started', 'done', 'failed') },
  { owner: id, subject: xmlText, elapsedMs: milliseconds },
);

const vmReply = partial<VmReply, 'vm'>({ vm: ad }, { requestId: id, trail });
const listReply: Arbitrary<ListReply> = fc.record({
  vms: fc.array(ad, { maxLength: 3 }),
  silentPlants: fc.array(plantId, { maxLength: 2 }),
});
const estimateReply = partial<EstimateReply, 'requestId' | 'bids' | 'declines' | 'trail'>(
  {
    requestId: id,
    bids: fc.array(
      fc.record({ kind: fc.constant('bid' as const), plantId, cost: number, validUntil: timestamp, plan, ad }),
      { maxLength: 2 },
    ),
    declines: fc.array(
      fc.record({ kind: fc.constant('decline' as const), plantId, code: xmlText, message: xmlText, details }),
      { maxLength: 2 },
    ),
    trail,
  },
  { silentPlants: fc.array(plantId, { minLength: 1, maxLength: 2 }) },
);
const operationReply = partial<OperationReply, 'requestId' | 'verb' | 'state' | 'progress'>(
  {
    requestId: id,
    verb: xmlText,
    state: fc.constantFrom('running', 'done', 'failed'),
    progress: fc.array(progress, { maxLength: 3 }),
  },
  { result: details, error },
);
const errorReply = partial<ErrorReply, 'error'>({ error }, { requestId: id });

export const reply: Arbitrary<Reply> = fc.oneof(
  fc.record({ kind: fc.constant('vm' as const), body: vmReply }),
  fc.record({ kind: fc.constant('vms' as const), body: listReply }),
  fc.record({ kind: fc.constant('estimate' as const), body: estimateReply }),
  fc.record({ kind: fc.constant('operation' as const), body: operationReply }),
  fc.record({ kind: fc.constant('error' as const), body: errorReply }),
) as Arbitrary<Reply>;
