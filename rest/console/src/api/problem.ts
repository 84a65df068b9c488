// What the server answers instead of success: application/problem+json, with the details of google.rpc.Status.

export interface Violation {
  field: string;
  description: string;
}

// Somebody or something that refers to an object, as a 409 names it.
export interface Precondition {
  type: string;
  subject: string;
  description: string;
}

interface Detail {
  '@type'?: string;
  fieldViolations?: Violation[];
  violations?: Precondition[];
  reason?: string;
  metadata?: { [name: string]: string };
  retryDelay?: string;
}

interface Body {
  status?: number;
  title?: string;
  detail?: string;
  message?: string;
  instance?: string;
  code?: number;
  details?: Detail[];
}

export class Problem extends Error {
  readonly status: number;
  readonly code: number;
  readonly requestId: string;
  readonly violations: Violation[];
  readonly preconditions: Precondition[];
  readonly reason: string;
  readonly metadata: { [name: string]: string };
  // In seconds; 0 when the server named none.
  readonly retryAfter: number;

  constructor(status: number, body: Body, retryAfter: number) {
    super(body.detail || body.message || body.title || `The server answered with ${status}.`);
    const details = body.details ?? [];
    this.name = 'Problem';
    this.status = status;
    this.code = body.code ?? 2;
    this.requestId = body.instance ?? '';
    this.violations = details.flatMap((detail) => detail.fieldViolations ?? []);
    this.preconditions = details.flatMap((detail) => detail.violations ?? []);
    this.reason = details.find((detail) => detail.reason)?.reason ?? '';
    this.metadata = details.find((detail) => detail.metadata)?.metadata ?? {};
    this.retryAfter = retryAfter;
  }

  // The permission that a 403 says is required; empty for every other problem.
  get permission(): string {
    return this.status === 403 ? (this.metadata['permission'] ?? '') : '';
  }

  violationOf(field: string): string {
    return this.violations
      .filter((violation) => violation.field === field)
      .map(({ description }) => description)
      .join('; ');
  }

  static async of(response: Response): Promise<Problem> {
    const seconds = Number(response.headers.get('retry-after'));
    let body: Body = {};
    try {
      body = (await response.json()) as Body;
    } catch {
      // A proxy's error page, or nothing: the status alone speaks.
    }
    return new Problem(response.status, body, Number.isFinite(seconds) ? seconds : 0);
  }
}

// The server was not reached at all.
export class Unreachable extends Error {
  constructor() {
    super('The server cannot be reached. Check the connection and try again.');
    this.name = 'Unreachable';
  }
}

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : 'Something unexpected happened.';

export const isStatus = (error: unknown, status: number): error is Problem =>
  error instanceof Problem && error.status === status;
