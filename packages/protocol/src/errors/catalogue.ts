/**
 * Every error code that a client, operator or log can meet. `docs/errors.md` lists the same codes; a test compares the
 * two. A retired code is never used again.
 */
export interface ErrorKind {
  readonly status: number;
  readonly retryable: boolean;
  readonly summary: string;
  readonly remedy: string;
}

// biome-ignore lint/complexity/useMaxParams: the columns of a table, which reads better without their names.
const kind = (status: number, retryable: boolean, summary: string, remedy: string): ErrorKind => ({
  status,
  retryable,
  summary,
  remedy,
});

export const ERROR_CATALOGUE = {
  // The request as text
  REQUEST_MALFORMED: kind(
    400,
    false,
    'The body is not well-formed XML or JSON.',
    'Correct the document at the place named.',
  ),
  REQUEST_INVALID: kind(
    400,
    false,
    'The document does not follow the schema.',
    'Compare the field named with schemas/.',
  ),
  XML_FORBIDDEN: kind(400, false, 'The XML has a DOCTYPE or entities of its own.', 'Send plain XML without a DOCTYPE.'),
  BODY_TOO_LARGE: kind(
    413,
    false,
    'The body is over a limit: of bytes, of what it holds, or of what it takes to read.',
    'Send a smaller document, or fetch large files inside the guest.',
  ),
  HEADERS_TOO_LARGE: kind(
    431,
    false,
    'The headers of an HTTP request are over the limit.',
    'Send fewer or shorter headers.',
  ),
  BODY_INCOMPLETE: kind(
    400,
    true,
    'The connection ended or went silent before the document was complete.',
    'Send the whole document, then half-close the connection (`nc -N`).',
  ),
  MEDIA_TYPE_UNSUPPORTED: kind(
    415,
    false,
    'The Content-Type is neither JSON nor XML.',
    'Send application/json or application/xml.',
  ),
  NOT_ACCEPTABLE: kind(
    406,
    false,
    'None of the accepted media types can be produced.',
    'Accept application/json or application/xml.',
  ),
  ROUTE_UNKNOWN: kind(404, false, 'There is nothing at this address.', 'See the list of routes in the documentation.'),
  HOST_UNKNOWN: kind(
    421,
    false,
    'The Host header names another host than the one listened on.',
    'Use the address that is listened on, or `localhost`, or list the name in `allowedHosts`.',
  ),
  METHOD_NOT_ALLOWED: kind(
    405,
    false,
    'This address does not take this method.',
    'Use a method named in the Allow header.',
  ),
  UNAUTHENTICATED: kind(
    401,
    false,
    'No credentials came with the request, or they are not valid.',
    'Send `Authorization: Bearer TOKEN`, at the TCP endpoint the token in a first line; operators make tokens with `vmgrid tokens create`.',
  ),
  FORBIDDEN: kind(
    403,
    false,
    'The roles of the credentials do not have this operation.',
    'Ask an operator, or use a token with a role that the message names.',
  ),
  IDENTITY_UNAVAILABLE: kind(
    503,
    true,
    'The keys of the identity provider cannot be read.',
    'Try again; should it persist, look at jwksUrl and at the log of the daemon.',
  ),
  TOKEN_EXISTS: kind(409, false, 'A token of this name exists.', 'Choose another name, or revoke the old token first.'),
  TOKEN_UNKNOWN: kind(404, false, 'There is no token of this name.', 'Look at `vmgrid tokens list`.'),
  CERTIFICATE_UNKNOWN: kind(
    404,
    false,
    'There is no certificate of this name, and it is no serial number.',
    'Look into the folder of `certs init`; name its CA with the folder.',
  ),
  TLS_REQUIRED: kind(
    500,
    false,
    'A daemon would listen or dial beyond this machine without TLS.',
    'Give it a certificate (`vmgrid certs init`) under `tls`, or keep to loopback.',
  ),
  KEY_EXPOSED: kind(
    500,
    false,
    'Others may read the private key of a certificate.',
    'Run `chmod 600` on the file named.',
  ),
  QUOTA_VMS: kind(
    409,
    true,
    'The owner has as many VMs as its quota allows.',
    'Destroy one, or ask an operator for a larger quota.',
  ),
  QUOTA_MEMORY: kind(
    409,
    true,
    'The VMs of the owner would have more memory than its quota allows.',
    'Ask for less, destroy one, or ask an operator for a larger quota.',
  ),
  QUOTA_DISK: kind(
    409,
    true,
    'The VMs of the owner would have more disk than its quota allows.',
    'Ask for less, destroy one, or ask an operator for a larger quota.',
  ),
  QUOTA_LEASE: kind(
    422,
    false,
    'The lease is longer than the quota of the owner allows.',
    'Ask for a shorter lease, and renew it in time.',
  ),
  QUOTA_ACTIONS: kind(
    422,
    false,
    'A DAG has more actions than the quota of the owner allows.',
    'Do more in one action, or ask an operator for a larger quota.',
  ),
  QUOTA_BODY: kind(
    413,
    false,
    'The document is longer than the quota of the owner allows.',
    'Send a smaller document, or ask an operator for a larger quota.',
  ),
  QUOTA_REQUESTS: kind(
    429,
    true,
    'The owner makes more requests a second than its quota allows.',
    'Wait as long as Retry-After says.',
  ),
  RATE_LIMITED: kind(429, true, 'Too many requests from this client.', 'Wait as long as Retry-After says.'),
  IDEMPOTENCY_CONFLICT: kind(
    422,
    false,
    'The same request id came with a different document before.',
    'Use a new request id for a new request.',
  ),
  REQUEST_SPENT: kind(
    410,
    false,
    'A request with this id was carried out before, and its VM is destroyed.',
    'Use a new request id for another VM.',
  ),
  REQUEST_AMBIGUOUS: kind(
    409,
    false,
    'Several owners have a request with this id.',
    'Ask with the token of the owner whose request is meant.',
  ),
  REQUEST_CANCELLED: kind(
    409,
    false,
    'The request was cancelled by its owner or an operator, and undone.',
    'Use a new request id if it is still wanted.',
  ),
  NOT_CANCELLABLE: kind(
    409,
    false,
    'Work of this kind cannot be cancelled once it has begun.',
    'Wait for its end: `vmgrid follow`, or `GET /v1/requests/{id}`.',
  ),
  REQUEST_EXPIRED: kind(
    410,
    false,
    'The request id is older than what a plant remembers, so nobody knows whether it was carried out before.',
    'Look at `vmgrid list`, then use a new request id.',
  ),

  // The machine described
  DAG_CYCLE: kind(
    422,
    false,
    'The edges of the configuration DAG form a cycle.',
    'Remove one edge of the cycle named.',
  ),
  DAG_EDGE_UNKNOWN: kind(422, false, 'An edge names an action that is not in the DAG.', 'Correct the edge named.'),
  DAG_DUPLICATE_ID: kind(422, false, 'Two actions of one DAG have the same id.', 'Give each action an id of its own.'),
  EXPRESSION_INVALID: kind(
    422,
    false,
    'A ClassAd expression or a template does not parse.',
    'Correct the expression at the place named.',
  ),
  EXPRESSION_TOO_COSTLY: kind(
    422,
    false,
    'The expressions of a request took more steps than all plants or VMs together may cost.',
    'Write a simpler expression: fewer list functions and patterns inside each other.',
  ),
  DURATION_INVALID: kind(
    422,
    false,
    'A duration is zero or longer than the limit.',
    'Give a duration within the limit named.',
  ),

  FILE_UNKNOWN: kind(
    422,
    false,
    'An action names the digest of a content that was not uploaded, or is gone.',
    'Upload it: `vmgrid files put`.',
  ),
  FILE_CORRUPT: kind(
    400,
    true,
    'The bytes of a file are not those of the digest that was said.',
    'Upload the file again.',
  ),
  FILE_TOO_LARGE: kind(413, false, 'An uploaded file is over the limit.', 'Upload a smaller file, or raise `fileMiB`.'),
  QUOTA_FILES: kind(
    409,
    true,
    'The uploaded files of the owner, or of all owners, would take more room than they may.',
    'Remove some (`vmgrid files rm`), or ask an operator for a larger quota.',
  ),

  // The auction
  NO_PLANTS: kind(503, true, 'No plant is connected.', 'Start a plant, or wait for those that `vmgrid plants` names.'),
  NO_BIDS: kind(
    503,
    true,
    'Every plant declined or stayed silent.',
    'Read the declines in the details: each names what it lacks.',
  ),
  NO_PLANT_MATCHES: kind(
    409,
    true,
    'Plants bid, but none meets the requirements.',
    'Loosen the requirements; the trail shows each value.',
  ),
  AWARD_REFUSED: kind(503, true, 'Every plant that won refused the award.', 'Try again; the trail shows each refusal.'),
  BID_EXPIRED: kind(
    503,
    true,
    'The bid was no longer valid when it was to be awarded.',
    'Try again; should it persist, compare the clocks of shop and plant.',
  ),

  // Declines of a plant
  MEMORY_INSUFFICIENT: kind(
    503,
    true,
    'The plant has not enough free memory.',
    'Ask for less memory, or wait until a VM ends.',
  ),
  DISK_INSUFFICIENT: kind(
    503,
    true,
    'The plant has not enough free disk.',
    'Ask for a smaller disk, or wait until a VM ends.',
  ),
  CPUS_INSUFFICIENT: kind(
    503,
    false,
    'The machine has more processors than the plant offers to one VM.',
    'Ask for fewer processors.',
  ),
  VM_LIMIT: kind(503, true, 'The plant runs as many VMs as it may.', 'Wait until a VM ends, or add a plant.'),
  OWNER_VM_LIMIT: kind(
    503,
    true,
    'The owner has as many VMs on the plant as the plant lets one owner have.',
    'Destroy one, or ask the operator of the plant for more.',
  ),
  OWNER_MEMORY_LIMIT: kind(
    503,
    true,
    'The VMs of the owner would have more memory on the plant than it lets one owner have.',
    'Ask for less, destroy or suspend one, or ask the operator of the plant for more.',
  ),
  OWNER_DISK_LIMIT: kind(
    503,
    true,
    'The VMs of the owner would have more disk on the plant than it lets one owner have.',
    'Ask for less, destroy one, or ask the operator of the plant for more.',
  ),
  DAG_TOO_LARGE: kind(
    422,
    false,
    'A DAG has more actions than the plant takes.',
    'Do more in one action, or put what is common into a golden image.',
  ),
  LINE_UNAVAILABLE: kind(
    503,
    false,
    'The plant does not have the requested production line.',
    'Leave `line` out, or see `vmgrid doctor` on the plant.',
  ),
  NO_IMAGE: kind(
    503,
    false,
    'No golden image of the warehouse can start this machine.',
    'Build a base image for this arch and os: `vmgrid images build-base`.',
  ),
  HOST_ACTION_UNKNOWN: kind(
    422,
    false,
    'The plant has no host action of this name.',
    'Have the operator put the executable into the host-action folder.',
  ),
  LEASE_TOO_LONG: kind(
    422,
    false,
    'The lease is longer than the plant grants.',
    'Ask for a lease within the limit named.',
  ),
  DRAINING: kind(503, true, 'The daemon is shutting down and takes no new work.', 'Try again, or ask another.'),

  // Building and configuring a VM
  ACTION_FAILED: kind(
    422,
    false,
    'An action of the DAG ended with an error.',
    'Read its exit code and last output in the details.',
  ),
  ACTION_TIMEOUT: kind(
    422,
    false,
    'An action of the DAG did not end within its time limit.',
    'Raise its timeout or make it faster.',
  ),
  GUEST_RESTARTED: kind(
    422,
    false,
    'The guest restarted unexpectedly, or did not come back from a restart; the remaining actions were not run.',
    'Mark the action that restarts the machine `reboot`, or leave it out; a kernel that panics shows on its console.',
  ),
  ATTRIBUTES_INVALID: kind(
    422,
    false,
    'An action reported attributes that are not ClassAd assignments.',
    'Write lines of the form `Name = value` to $VMGRID_ATTRIBUTES.',
  ),
  CONFIGURATION_CONFLICT: kind(
    409,
    false,
    'The VM has already run an action that the new DAG does not allow.',
    'Create a new VM, or send only the actions to add.',
  ),
  GUEST_UNREACHABLE: kind(
    504,
    true,
    'The guest, or the agent in it, did not answer in time.',
    'Look at the console log; raise the boot deadline on a slow host.',
  ),
  GUEST_LOST: kind(
    502,
    true,
    'The VM, or the runner in its guest, ended while work on it was in progress.',
    'Read the details: the action that ran, or the last lines of the hypervisor log.',
  ),
  VMM_FAILED: kind(
    502,
    true,
    'The hypervisor refused or failed.',
    'Read its message in the details; run `vmgrid doctor`.',
  ),
  PLANT_LOST: kind(
    502,
    true,
    'A plant left while it worked on the request, or a plant that may have the requested object is absent.',
    'Retry with the same request id: it is not made twice. `vmgrid plants` names absent plants; if one will not come back, use a new request id.',
  ),
  DEADLINE_EXCEEDED: kind(504, true, 'The work did not end by its deadline.', 'Retry with the same request id.'),
  CANCELLED: kind(409, false, 'The work was cancelled.', 'Send the request again if it is still wanted.'),

  // Living VMs
  VM_UNKNOWN: kind(404, false, 'No plant knows this VM.', 'List the VMs: `vmgrid list`.'),
  VM_STATE: kind(
    409,
    true,
    'The VM is in a state that does not allow this operation.',
    'Wait for the state named, or destroy the VM.',
  ),
  REQUEST_UNKNOWN: kind(
    404,
    false,
    'The shop knows no request of this id.',
    'List the VMs: a VM names the request that made it.',
  ),

  AUCTION_UNKNOWN: kind(404, false, 'The shop has no auction with this id.', 'List those it has: `vmgrid auctions`.'),

  // The warehouse
  IMAGE_UNKNOWN: kind(404, false, 'The warehouse has no image of this id.', 'List the images: `vmgrid images list`.'),
  IMAGE_IN_USE: kind(
    409,
    true,
    'The image is the base of other images or of living VMs.',
    'Remove the images and VMs named first.',
  ),
  IMAGE_PINNED: kind(
    409,
    false,
    'The image is pinned, so it is not removed.',
    'Unpin it first: `vmgrid images unpin`.',
  ),
  TAG_AMBIGUOUS: kind(
    409,
    false,
    'The tag names different images in different warehouses.',
    'Name one of the images in the details by its id.',
  ),
  TAG_INVALID: kind(422, false, 'The tag is the id of an image.', 'Choose another tag.'),
  WAREHOUSE_FULL: kind(
    503,
    true,
    'The warehouse would exceed its quota.',
    'Remove images (`vmgrid images gc`), or raise `warehouseQuotaMiB`.',
  ),
  ARCHIVE_INVALID: kind(
    422,
    false,
    'The archive is not one that `vmgrid images export` writes, or is over a limit.',
    'Export the image again; trust no other archive.',
  ),
  IMAGE_CORRUPT: kind(
    500,
    false,
    'An image in the warehouse does not match its manifest.',
    'Remove it and build it again.',
  ),
  REUSE_DIFFERS: kind(
    500,
    false,
    'A guest that was made from an image is not equal to one that was made cold.',
    "Mark the action that causes it `perMachine`, or correct it; report it to vmgrid's makers if it does nothing wrong.",
  ),
  IDENTITY_SHARED: kind(
    409,
    false,
    'Clones of the image share something that must differ between machines.',
    'Build it without the action that fixes what the message names; docs/identity.md has the list.',
  ),
  SECRET_IN_IMAGE: kind(
    422,
    false,
    'A VM that ran a secret action cannot become a golden image.',
    'Build the image without the secret action; run it in each clone.',
  ),
  LINE_CANNOT_SUSPEND: kind(
    422,
    false,
    'The production line cannot save the memory of a running machine, neither to suspend it nor to make an image.',
    'Name a line that can in the request.',
  ),
  BASE_BUILD_FAILED: kind(500, true, 'A base image could not be built.', 'Read the tool output in the details.'),

  // The daemon and its host
  CONFIG_INVALID: kind(500, false, 'The configuration of a daemon is wrong.', 'Correct the field named.'),
  TOOL_MISSING: kind(
    500,
    false,
    'A program that the host must have is missing.',
    'Install the package named; see `vmgrid doctor`.',
  ),
  STATE_LOCKED: kind(
    500,
    false,
    'Another daemon uses this state directory.',
    'Stop it, or give this one a directory of its own.',
  ),
  ADDRESS_IN_USE: kind(
    500,
    false,
    'Another program listens on this address.',
    'Stop it, or choose another port: `httpPort` or `xmlPort`, for `vmgrid up` --http-port or --xml-port.',
  ),
  FOLDER_CLOSED: kind(
    500,
    false,
    'A folder cannot be made, or is closed to the users under whom machines run.',
    'Correct the folder named, for example with `chmod o+x`, or configure another.',
  ),
  CGROUP_FAILED: kind(
    500,
    false,
    'The host does not limit machines as the configuration of the plant says.',
    'Look at `vmgrid doctor`; correct `cgroup` of the plant, or leave it out.',
  ),
  HOST_DISK_FULL: kind(
    503,
    true,
    'A disk of the host has no room left.',
    'Destroy VMs or remove images (`vmgrid images gc`), or free room in the folder named.',
  ),
  HOST_MEMORY_FULL: kind(
    503,
    true,
    'The host cannot give a process the memory that it asks for.',
    'Wait until a VM ends; if it persists, lower `capacity.memoryMiB` of the plant.',
  ),
  HOST_FILES_FULL: kind(
    503,
    true,
    'A daemon, or its host, has as many files and connections open as it may.',
    'Try again; if it persists, raise the limit of open files (`LimitNOFILE` of the service).',
  ),
  HOST_PROCESSES_FULL: kind(
    503,
    true,
    'The host runs as many processes as it may.',
    'Wait until a VM ends; if it persists, raise the limit (`TasksMax` of the service, `pids.max`).',
  ),
  HOST_PORTS_FULL: kind(
    503,
    true,
    'The host has no free TCP port left.',
    'Wait until a VM ends, or widen net.ipv4.ip_local_port_range.',
  ),
  SHOP_UNREACHABLE: kind(
    503,
    true,
    'The shop does not answer.',
    'Start one with `vmgrid up`, or name its address with --shop.',
  ),
  LINK_PROTOCOL: kind(
    502,
    false,
    'The other end of a link violates the protocol.',
    'Run the same version on both ends.',
  ),
  PLANT_ID_TAKEN: kind(
    409,
    true,
    'Another live plant or broker with the same id is connected.',
    'Give each an id of its own (`plantId`, `brokerId`), or stop the one at the address named.',
  ),
  HOPS_EXCEEDED: kind(
    502,
    false,
    'A call has passed more brokers than the limit allows.',
    'Let the broker dial one that is nearer to the shop.',
  ),
  OVERLOADED: kind(503, true, 'More work is waiting than the limit allows.', 'Try again a little later.'),
  INTERNAL: kind(500, false, 'A fault in vmgrid itself.', 'Report it with the log lines of this request.'),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;

/** Whether a string received from elsewhere is a code of the catalogue. */
export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERROR_CATALOGUE, code);
