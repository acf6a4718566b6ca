/** The requests of clients: the verbs, as JSON documents. The XML form maps onto the same types. */
import { Dag, Duration } from '@vmgrid/dag';
import { type Static, Type } from 'typebox';
import { REQUEST_LIMITS } from '../limits.ts';
import { MachineSpec } from './machine.ts';
import { PAGE_FIELDS } from './pages.ts';

const closed = { additionalProperties: false } as const;

/** The name of a request, chosen by the client: the same id twice means the same work, done once. */
export const RequestId = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$' });
export const VmId = Type.String({ pattern: '^vm-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' });
export const PlantId = Type.String({ pattern: '^[a-z0-9][a-z0-9.-]{0,63}$' });
export const ImageId = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,95}$' });
export const AttributeName = Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,127}$' });
const ExpressionText = Type.String({ minLength: 1, maxLength: REQUEST_LIMITS.expressionChars });

/** A description of a machine, and how long it is wanted. */
export const CreateRequest = Type.Object(
  {
    requestId: Type.Optional(RequestId),
    lease: Type.Optional(Duration),
    machine: MachineSpec,
    /** A ClassAd expression over the bidding plant (`TARGET`); it must be true. */
    requirements: Type.Optional(ExpressionText),
    /** A ClassAd expression over the bidding plant; among equal costs the greatest wins. */
    rank: Type.Optional(ExpressionText),
    dag: Dag,
    /** Actions that the collector runs before the VM is destroyed. */
    destruction: Type.Optional(Dag),
    /**
     * The action at the end of the lease. `suspend` keeps it without memory and processors until it is renewed,
     * for as long as the plant's configuration allows; after that, and by default at once, it is destroyed.
     */
    atLeaseEnd: Type.Optional(Type.Union([Type.Literal('destroy'), Type.Literal('suspend')])),
    /** Keeps a machine whose configuration failed for inspection, until its lease ends. */
    keepFailed: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type CreateRequest = Static<typeof CreateRequest>;

/** A create request as clients write it. */
export const CreateDocument = Type.Object(
  {
    ...CreateRequest.properties,
    /** Replaces `requirements` and `rank`, in the syntax of GridWay or OpenNebula. Decoding translates it. */
    template: Type.Optional(ExpressionText),
  },
  closed,
);
export type CreateDocument = Static<typeof CreateDocument>;

/** The auction without the award. It takes the same document as create. */
export const EstimateRequest = CreateRequest;
export type EstimateRequest = CreateRequest;

/**
 * More configuration of a living VM. Scope `more` runs every action of the DAG. With scope `whole` the DAG is
 * everything that the VM shall have, and only actions that its history lacks are run.
 */
export const ConfigureRequest = Type.Object(
  {
    requestId: Type.Optional(RequestId),
    vmId: VmId,
    scope: Type.Optional(Type.Union([Type.Literal('more'), Type.Literal('whole')])),
    dag: Dag,
  },
  closed,
);
export type ConfigureRequest = Static<typeof ConfigureRequest>;

/** Asks for attributes of one VM; for all of them when none is named. */
export const QueryRequest = Type.Object(
  { vmId: VmId, attributes: Type.Optional(Type.Array(AttributeName, { maxItems: REQUEST_LIMITS.attributes })) },
  closed,
);
export type QueryRequest = Static<typeof QueryRequest>;

/** Asks for the VMs whose classad makes the constraint true, or for all; returns a page of them. */
export const ListRequest = Type.Object({ constraint: Type.Optional(ExpressionText), ...PAGE_FIELDS }, closed);
export type ListRequest = Static<typeof ListRequest>;

export const DestroyRequest = Type.Object({ requestId: Type.Optional(RequestId), vmId: VmId }, closed);
export type DestroyRequest = Static<typeof DestroyRequest>;

/** Saves a running VM's memory on its plant's disk and frees what it used; `resume` continues it. */
export const SuspendRequest = DestroyRequest;
export type SuspendRequest = DestroyRequest;

export const ResumeRequest = DestroyRequest;
export type ResumeRequest = DestroyRequest;

/** Boots a VM whose machine has ended from its own disk. */
export const StartRequest = DestroyRequest;
export type StartRequest = DestroyRequest;

/** Gives a VM a new lease, which counts from now. A lease that ends later stays, unless it shall be shortened. */
export const RenewRequest = Type.Object(
  { requestId: Type.Optional(RequestId), vmId: VmId, lease: Duration, shorten: Type.Optional(Type.Boolean()) },
  closed,
);
export type RenewRequest = Static<typeof RenewRequest>;

/** Ends the work of a request, and undoes it. */
export const CancelRequest = Type.Object({ requestId: RequestId }, closed);
export type CancelRequest = Static<typeof CancelRequest>;

/** Makes a golden image of a machine: clone the nearest image, run the rest, suspend, promote. */
export const BuildImageRequest = Type.Object(
  { requestId: Type.Optional(RequestId), plantId: Type.Optional(PlantId), machine: MachineSpec, dag: Dag },
  closed,
);
export type BuildImageRequest = Static<typeof BuildImageRequest>;

/** One request of any verb, as the endpoints for XML take it. */
export type Request =
  | { readonly verb: 'create'; readonly body: CreateRequest }
  | { readonly verb: 'estimate'; readonly body: EstimateRequest }
  | { readonly verb: 'configure'; readonly body: ConfigureRequest }
  | { readonly verb: 'query'; readonly body: QueryRequest }
  | { readonly verb: 'list'; readonly body: ListRequest }
  | { readonly verb: 'destroy'; readonly body: DestroyRequest }
  | { readonly verb: 'suspend'; readonly body: SuspendRequest }
  | { readonly verb: 'resume'; readonly body: ResumeRequest }
  | { readonly verb: 'start'; readonly body: StartRequest }
  | { readonly verb: 'renew'; readonly body: RenewRequest }
  | { readonly verb: 'cancel'; readonly body: CancelRequest };
export type Verb = Request['verb'];
